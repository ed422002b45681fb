"""What can go wrong with a file: the error names cause and remedy, comes in time, and leaves the file as it was."""

from __future__ import annotations

import asyncio
import errno
import os
import sqlite3
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, make_url
from sqlalchemy.ext.asyncio import create_async_engine

from tests.storage.sqlalchemy.backends import sqlite_rows
from tgslices.errors import InvalidTrackedMessage, StorageError, ValueRefused
from tgslices.model import IfClosed, Scope, SessionKey
from tgslices.storage.sqlalchemy import SQLAlchemySessionStorage
from tgslices.testing.contract.samples import KEY, NOW, sent

SCOPE = Scope(42, 7, "private", 7)
SHORT = timedelta(seconds=0.5)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "slices.db"


@pytest.fixture(autouse=True)
async def no_connection_is_left() -> AsyncIterator[None]:
    """Every connection has a thread of aiosqlite's, which answers to the event loop until it ends."""
    yield
    for thread in threading.enumerate():
        if "_connection_worker_thread" in thread.name:
            await asyncio.to_thread(thread.join, 5)
            assert not thread.is_alive()


def url(file: Path) -> str:
    return f"sqlite+aiosqlite:///{file}"


def intact(file: Path) -> bool:
    return sqlite_rows(file, "PRAGMA integrity_check") == [{"integrity_check": "ok"}]


@contextmanager
def locked(file: Path) -> Iterator[None]:
    """Keep a write transaction open, as another program might."""
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        yield
        connection.execute("ROLLBACK")


async def failure_of(storage: SQLAlchemySessionStorage) -> str:
    with pytest.raises(StorageError) as caught:
        await storage.list(KEY)
    await storage.aclose()
    return str(caught.value)


@pytest.mark.parametrize("shared", [False, True])
async def test_a_locked_file_is_told_in_time_and_used_again_when_it_is_free(file: Path, shared: bool) -> None:
    storage = SQLAlchemySessionStorage(url(file), shared=shared, timeout=SHORT)
    await storage.add(KEY, sent(1), if_closed=IfClosed.OPEN)
    with locked(file):
        calls = [
            storage.record(SCOPE, sent(2)),
            storage.add(KEY, sent(3)),
            storage.open(SessionKey(42, 8), at=NOW),
            storage.close(KEY, at=NOW),
            storage.claim(KEY, [sent(1)], now=NOW, until=NOW),
        ]
        async with asyncio.timeout(len(calls)):
            failures = await asyncio.gather(*calls, return_exceptions=True)
        assert [type(failure) for failure in failures] == [StorageError] * len(calls)
        with pytest.raises(StorageError) as caught:
            await storage.clear(KEY)
        assert str(caught.value) == (
            f"The storage at {url(file)} is locked by another process or connection "
            "(OperationalError: database is locked). "
            "Find out who keeps a transaction open on it, or give the storage a longer timeout."
        )
        assert await storage.list(KEY) == [sent(1)]
    assert await storage.record(SCOPE, sent(2)) == 1
    assert await storage.list(KEY) == [sent(1), sent(2)]
    assert await storage.open_keys(42) == [KEY]
    await storage.aclose()


async def test_a_lock_that_is_released_in_time_is_waited_for(file: Path) -> None:
    storage = SQLAlchemySessionStorage(url(file))
    await storage.open(KEY, at=NOW)
    with locked(file):
        recording = asyncio.create_task(storage.record(SCOPE, sent(1)))
        while not storage._open_keys.writer._lanes:
            await asyncio.sleep(0)
    assert await recording == 1
    await storage.aclose()


async def test_a_connection_that_hangs_holds_nobody_up_for_longer_than_the_timeout(file: Path) -> None:
    """A user's engine waits for locks as long as the user says, which the storage does not know."""
    engine = create_async_engine(url(file), connect_args={"timeout": 2})
    storage = SQLAlchemySessionStorage(engine, timeout=SHORT)
    await storage.open(KEY, at=NOW)
    with locked(file):
        failures = await asyncio.gather(
            storage.record(SCOPE, sent(1)), storage.close(KEY, at=NOW), return_exceptions=True
        )
    text = (
        f"The storage at {url(file)} did not answer within 0.5 seconds. "
        "See who keeps locks in it, or give the storage a longer timeout."
    )
    assert [str(failure) for failure in failures] == [text] * 2
    patient = SQLAlchemySessionStorage(engine, timeout=timedelta(seconds=30), prefix="other_")
    await patient.open(KEY, at=NOW)
    await storage.aclose()
    await patient.aclose()
    await engine.dispose()
    assert intact(file)


async def test_a_full_disk_is_named_and_neither_the_file_nor_what_was_recorded_is_hurt(file: Path) -> None:
    engine = create_async_engine(url(file))
    pages = 30

    @event.listens_for(engine.sync_engine, "checkout")
    def limit(connection: Any, *_: object) -> None:
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA max_page_count={pages}")
        cursor.close()

    storage = SQLAlchemySessionStorage(engine)
    await storage.open(KEY, at=NOW)
    recorded = []
    with pytest.raises(StorageError) as caught:
        for number in range(100_000):
            await storage.record(SCOPE, sent(number))
            recorded.append(sent(number))
    assert str(caught.value) == (
        f"The storage at {url(file)} cannot grow, because the disk is full "
        "(OperationalError: database or disk is full). "
        "What was recorded before is intact. Free some space; writing goes on then."
    )
    assert len(recorded) > 100
    assert await storage.list(KEY) == recorded
    assert intact(file)
    pages = 10_000
    assert await storage.record(SCOPE, sent(-1)) == 1
    assert await storage.list(KEY) == [*recorded, sent(-1)]
    await storage.aclose()
    await engine.dispose()


async def test_a_read_only_file_is_named(file: Path) -> None:
    writable = SQLAlchemySessionStorage(url(file))
    await writable.add(KEY, sent(1), if_closed=IfClosed.OPEN)
    await writable.aclose()
    before = file.read_bytes()
    read_only = f"sqlite+aiosqlite:///file:{file}?mode=ro&uri=true"
    storage = SQLAlchemySessionStorage(read_only)
    assert await storage.list(KEY) == [sent(1)]
    with pytest.raises(StorageError) as caught:
        await storage.record(SCOPE, sent(2))
    assert str(caught.value) == (
        f"The storage at {make_url(read_only).render_as_string()} is read-only "
        "(OperationalError: attempt to write a readonly database). "
        "Give this process the right to write the file and its directory, or name another file."
    )
    await storage.aclose()
    assert file.read_bytes() == before


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ("ALTER TABLE tgslices_pending DROP COLUMN held_until", "misses a column"),
        ("DROP TABLE tgslices_pending", "misses a table"),
    ],
)
async def test_what_a_file_of_this_version_lacks_all_the_same_is_named(file: Path, change: str, text: str) -> None:
    storage = SQLAlchemySessionStorage(url(file))
    await storage.start()
    with closing(sqlite3.connect(file)) as connection:
        connection.execute(change)
    with pytest.raises(StorageError, match=rf"{text} .*storage\.metadata"):
        await storage.lease(42, now=NOW, until=NOW, limit=1)
    await storage.aclose()


async def test_a_directory_that_does_not_exist_is_named(tmp_path: Path) -> None:
    file = tmp_path / "nowhere" / "slices.db"
    assert await failure_of(SQLAlchemySessionStorage(url(file))) == (
        f"The storage at {url(file)} cannot be opened (OperationalError: unable to open database file). "
        "Name a file in a directory that exists and that this process may write."
    )


async def test_a_file_that_is_something_else_is_named_and_left_alone(file: Path) -> None:
    file.write_text("I was here first. " * 100, encoding="utf-8")
    assert await failure_of(SQLAlchemySessionStorage(url(file))) == (
        f"The storage at {url(file)} is no SQLite database (DatabaseError: file is not a database). "
        "Name another file, or move this one away to start anew."
    )
    assert file.read_text(encoding="utf-8") == "I was here first. " * 100


@pytest.mark.parametrize(
    "where", ["sqlite+aiosqlite://", "sqlite:///:memory:", "sqlite:///file:x?mode=memory&uri=true"]
)
async def test_a_database_in_memory_is_refused(where: str) -> None:
    assert await failure_of(SQLAlchemySessionStorage(where)) == (
        "An SQLite database in memory is no storage, because every connection has another and takes it along. "
        "Name a file, or use MemorySessionStorage."
    )


async def test_a_connection_that_cannot_be_set_up_is_closed(file: Path) -> None:
    file.write_text("I was here first. " * 100, encoding="utf-8")
    storage = SQLAlchemySessionStorage(url(file))
    before = threading.active_count()
    failures = []
    for _ in range(5):
        with pytest.raises(StorageError) as caught:
            await storage.list(KEY)
        failures.append(caught)  # holds on to what the connection was made in
    assert threading.active_count() <= before + 1
    await storage.aclose()


async def test_a_new_file_that_others_make_at_the_same_time_is_waited_for(file: Path) -> None:
    """SQLite does not wait itself while it changes the journal mode."""
    storage = SQLAlchemySessionStorage(url(file))
    with locked(file):
        starting = asyncio.create_task(storage.start())
        await asyncio.wait([starting], timeout=0.1)
        assert not starting.done()
    await starting
    assert sqlite_rows(file, "PRAGMA journal_mode") == [{"journal_mode": "wal"}]
    await storage.aclose()


async def test_a_new_file_that_others_lock_for_too_long_is_told(file: Path) -> None:
    with locked(file):
        started = asyncio.get_running_loop().time()
        assert await failure_of(SQLAlchemySessionStorage(url(file), timeout=SHORT)) == (
            f"The storage at {url(file)} is locked by another process or connection "
            "(OperationalError: database is locked). "
            "Find out who keeps a transaction open on it, or give the storage a longer timeout."
        )
        assert asyncio.get_running_loop().time() - started > SHORT.total_seconds() / 2


async def test_a_file_system_without_shared_memory_is_named(file: Path) -> None:
    storage = SQLAlchemySessionStorage(f"sqlite+aiosqlite:///file:{file}?vfs=unix-dotfile&uri=true")
    assert await failure_of(storage) == (
        "SQLite keeps the journal mode delete there, because the file system shares no memory. "
        "Name a file on a disk of this machine, or pass an engine of your own, which keeps its journal mode."
    )


async def test_a_disk_that_is_full_at_the_start_keeps_nobody_out(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as context:
        context.setattr(os, "pwrite", full)
        context.setattr(os, "ftruncate", full)
        storage = SQLAlchemySessionStorage(url(file))
        await storage.open(KEY, at=NOW)
        assert await failure_of(SQLAlchemySessionStorage(url(file), shared=True)) == (
            f"The database {file} is owned alone by another process, which would miss what is opened here. "
            "Use that storage, or close it first; several at once must all be given shared=True."
        )
        await storage.aclose()
    await storage.start()
    assert await storage.open_keys(42) == [KEY]
    await storage.aclose()


async def test_a_storage_that_could_not_start_starts_when_it_can(tmp_path: Path) -> None:
    file = tmp_path / "later" / "slices.db"
    storage = SQLAlchemySessionStorage(url(file))
    with pytest.raises(StorageError):
        await storage.open(KEY, at=NOW)
    assert not storage.is_idle(KEY.bot_id)
    file.parent.mkdir()
    await storage.open(KEY, at=NOW)
    assert await storage.open_keys(42) == [KEY]
    await storage.aclose()


async def test_a_closed_storage_says_so_and_can_be_started_again(file: Path) -> None:
    storage = SQLAlchemySessionStorage(url(file))
    await storage.add(KEY, sent(1), if_closed=IfClosed.OPEN)
    await storage.aclose()
    for call in (
        storage.record(SCOPE, sent(2)),
        storage.list(KEY),
        storage.close(KEY, at=NOW),
        storage.open(KEY, at=NOW),
    ):
        with pytest.raises(StorageError) as caught:
            await call
        assert str(caught.value) == "The storage was closed. Await its start() to open it again."
    await storage.start()
    assert await storage.record(SCOPE, sent(2)) == 1
    assert await storage.list(KEY) == [sent(1), sent(2)]
    await storage.aclose()


async def test_what_the_database_refuses_fails_alone_in_its_group(file: Path) -> None:
    storage = SQLAlchemySessionStorage(url(file))
    await storage.open(KEY, at=NOW)
    with closing(sqlite3.connect(file)) as connection:
        connection.execute(
            "CREATE TRIGGER taboo BEFORE INSERT ON tgslices_messages WHEN new.message_id = 13 "
            "BEGIN SELECT raise(ABORT, 'unlucky'); END"
        )
    answers = await asyncio.gather(
        *(storage.record(SCOPE, sent(number)) for number in range(20)), return_exceptions=True
    )
    assert [answer for answer in answers if answer != 1] == [answers[13]]
    assert type(answers[13]) is ValueRefused
    assert str(answers[13]) == (
        f"The storage at {url(file)} refuses what was to be written (IntegrityError: unlucky). "
        "Everything else is written; see which constraint, trigger or type of a column refuses it."
    )
    assert [it.message_id for it in await storage.list(KEY)] == [number for number in range(20) if number != 13]
    await storage.aclose()


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"user_id": 2**63}, f"user_id of a tracked message is {2**63}. Pass a 64-bit integer instead."),
        ({"thread_id": "7"}, "thread_id of a tracked message is '7'. Pass a 64-bit integer instead."),
        (
            {"ephemeral_message_id": 1.5},
            "ephemeral_message_id of a tracked message is 1.5. Pass a 64-bit integer instead.",
        ),
        ({"kind": "text"}, "kind of a tracked message is 'text'. Pass a MessageKind instead."),
    ],
)
async def test_a_message_that_cannot_be_kept_is_refused_before_it_meets_others(
    file: Path, change: dict[str, Any], text: str
) -> None:
    storage = SQLAlchemySessionStorage(url(file))
    await storage.open(KEY, at=NOW)
    good, bad = await asyncio.gather(
        storage.record(SCOPE, sent(1)), storage.record(SCOPE, sent(2, **change)), return_exceptions=True
    )
    assert (good, str(bad)) == (1, text)
    assert isinstance(bad, InvalidTrackedMessage)
    assert await storage.list(KEY) == [sent(1)]
    await storage.aclose()


async def test_who_is_cancelled_in_a_transaction_leaves_it_whole(file: Path) -> None:
    storage = SQLAlchemySessionStorage(url(file))
    for number in range(300):
        await storage.add(KEY, sent(number), if_closed=IfClosed.OPEN)
    for turns in range(30):
        claiming = asyncio.create_task(
            storage.claim(KEY, [sent(10 * turns + it) for it in range(10)], now=NOW, until=NOW)
        )
        for _ in range(turns):
            await asyncio.sleep(0)
        claiming.cancel()
        await asyncio.gather(claiming, return_exceptions=True)
    await storage.aclose()
    await storage.start()
    here, pending = await storage.list(KEY), [it.message for it in await storage.pending(42)]
    assert len(here) % 10 == 0
    assert sorted(it.message_id for it in [*here, *pending]) == list(range(300))
    await storage.aclose()
