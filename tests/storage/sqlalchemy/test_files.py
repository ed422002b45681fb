"""The file of a database and its lock file while somebody else works in their folder."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.storage.samples import NOW
from tgslices.errors import StorageError
from tgslices.model import Scope
from tgslices.storage.sqlalchemy import SQLAlchemySessionStorage
from tgslices.testing.contract.samples import KEY, sent

SCOPE = Scope(42, 7, "private", 7)
REMEDY = "Put it back, or close the storage and start it again with the file that is there. Nothing was written."


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "slices.db"


@pytest.fixture
def lock(file: Path) -> Path:
    return file.with_name("slices.db-tgslices_lock")


@pytest.fixture(params=[False, True], ids=["alone", "shared"])
async def storage(request: pytest.FixtureRequest, file: Path) -> AsyncIterator[SQLAlchemySessionStorage]:
    storage = SQLAlchemySessionStorage(url(file), shared=request.param)
    await storage.open(KEY, at=NOW)
    yield storage
    await storage.aclose()


def url(file: Path) -> str:
    return f"sqlite+aiosqlite:///{file}"


async def refusal_of(storage: SQLAlchemySessionStorage) -> str:
    with pytest.raises(StorageError) as caught:
        await storage.record(SCOPE, sent(1))
    return str(caught.value)


# The database


async def test_a_database_that_is_removed_takes_nothing_more_until_it_is_back(
    file: Path, storage: SQLAlchemySessionStorage
) -> None:
    away = file.rename(file.with_name("away.db"))
    assert await refusal_of(storage) == f"The database {file} was removed while it was open. {REMEDY}"
    with pytest.raises(StorageError):
        await storage.close(KEY, at=NOW)
    away.rename(file)
    assert await storage.record(SCOPE, sent(2)) == 1
    assert await storage.list(KEY) == [sent(2)]


async def test_looking_into_a_database_that_is_removed_makes_no_new_one(
    file: Path, storage: SQLAlchemySessionStorage
) -> None:
    """A connection more, which looking side by side needs, would make an empty file in its place."""
    away = file.rename(file.with_name("away.db"))
    looks = await asyncio.gather(*(storage.list(KEY) for _ in range(5)), return_exceptions=True)
    assert {str(look) for look in looks} == {f"The database {file} was removed while it was open. {REMEDY}"}
    assert not file.exists()
    away.rename(file)
    assert await storage.list(KEY) == []


async def test_a_database_that_is_replaced_takes_nothing_more(file: Path, storage: SQLAlchemySessionStorage) -> None:
    file.rename(file.with_name("away.db"))
    file.touch()
    assert await refusal_of(storage) == f"The database {file} was replaced while it was open. {REMEDY}"


async def test_a_storage_starts_again_with_the_database_that_is_there(
    file: Path, storage: SQLAlchemySessionStorage
) -> None:
    for part in file.parent.glob("slices.db*"):
        part.unlink()
    await refusal_of(storage)
    await storage.aclose()
    await storage.start()
    assert await storage.open_keys(42) == []
    await storage.open(KEY, at=NOW)
    assert await storage.record(SCOPE, sent(1)) == 1


# The lock file


async def test_a_lock_file_that_is_a_link_is_refused_and_what_it_leads_to_is_left_alone(file: Path, lock: Path) -> None:
    precious = file.with_name("precious")
    precious.write_text("dear")
    for link in (lock.symlink_to, lock.hardlink_to):
        link(precious)
        storage = SQLAlchemySessionStorage(url(file))
        assert await refusal_of(storage) == (
            f"The lock file {lock} is a link or no plain file, so it was left alone. "
            "Remove it, and see who may write in that directory."
        )
        await storage.aclose()
        lock.unlink()
        assert precious.read_text() == "dear"


async def test_a_pipe_in_place_of_the_lock_file_is_refused(file: Path, lock: Path) -> None:
    os.mkfifo(lock)
    assert "is a link or no plain file" in await refusal_of(SQLAlchemySessionStorage(url(file)))


@pytest.mark.parametrize(("database", "expected"), [(0o644, 0o600), (0o660, 0o660), (0o666, 0o666), (0o400, 0o600)])
async def test_whoever_may_write_the_database_may_lock_it_and_nobody_else(
    file: Path, lock: Path, database: int, expected: int
) -> None:
    file.touch()
    file.chmod(database)
    lock.touch()
    lock.chmod(0o644)
    storage = SQLAlchemySessionStorage(url(file))
    await storage.open_keys(42)
    assert lock.stat().st_mode & 0o777 == expected
    await storage.aclose()


async def test_a_lock_file_that_is_removed_is_made_again(file: Path, lock: Path) -> None:
    storage = SQLAlchemySessionStorage(url(file))
    await storage.open(KEY, at=NOW)
    lock.unlink()
    assert await storage.record(SCOPE, sent(1)) == 1
    assert lock.read_text() == f"{os.getpid()}\n"
    assert "is owned alone by another storage of this process" in await refusal_of(SQLAlchemySessionStorage(url(file)))
    await storage.aclose()


async def test_an_owner_whose_lock_file_was_replaced_writes_nothing_more(file: Path, lock: Path) -> None:
    storage, second = (SQLAlchemySessionStorage(url(file)) for _ in range(2))
    await storage.open(KEY, at=NOW)
    lock.unlink()
    await second.open(KEY, at=NOW)
    assert await refusal_of(storage) == (
        f"The lock file {lock} was replaced, so another process may own the database as well. "
        "Stop whatever removes it, close the storage and start it again. Nothing was written."
    )
    assert await second.record(SCOPE, sent(1)) == 1
    await storage.aclose()
    await second.aclose()


FORKING = """
import os, signal, sys, time
from tgslices.storage.sqlalchemy.database.file_lock import FileLock
lock = FileLock(sys.argv[1], "lock", shared=False)
lock.__enter__()
if os.fork():
    os.kill(os.getpid(), signal.SIGKILL)
print(os.getpid(), flush=True)
time.sleep(60)
"""


async def test_a_forked_child_that_outlives_the_owner_holds_no_lock(file: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", FORKING, str(file)], stdout=subprocess.PIPE, text=True) as owner:
        assert owner.stdout is not None
        child = int(owner.stdout.readline())
        try:
            owner.wait(10)
            storage = SQLAlchemySessionStorage(url(file), prefix="")
            await storage.open(KEY, at=NOW)
            await storage.aclose()
        finally:
            os.kill(child, 9)
