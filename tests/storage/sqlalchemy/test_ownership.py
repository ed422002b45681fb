"""Who may use a database alone, and what a storage that does so knows about open keys."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from tests.storage.samples import NOW
from tgslices.errors import StorageError
from tgslices.model import IfClosed, Scope, SessionKey
from tgslices.storage.protocol import Added
from tgslices.storage.sqlalchemy import SQLAlchemySessionStorage
from tgslices.storage.sqlalchemy.database.steps import Steps, T
from tgslices.testing.contract.samples import KEY, OTHER_KEYS, sent

SCOPE = Scope(42, 7, "private", 7)
BROKEN = (
    "The storage at sqlite+aiosqlite:///{} could not be read or written (OSError: the connection broke). "
    "Look at the disk, at the space that is left on it, and at this process's rights there."
)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "slices.db"


@pytest.fixture
async def storage(file: Path) -> AsyncIterator[SQLAlchemySessionStorage]:
    """A storage that owns its file alone."""
    storage = SQLAlchemySessionStorage(url(file))
    await storage.start()
    yield storage
    await storage.aclose()


def url(file: Path) -> str:
    return f"sqlite+aiosqlite:///{file}"


async def refusal_of(storage: SQLAlchemySessionStorage) -> str:
    with pytest.raises(StorageError) as caught:
        await storage.open(KEY, at=NOW)
    return str(caught.value)


@pytest.mark.parametrize("shared", [False, True])
async def test_a_file_that_is_owned_alone_is_refused_to_others(
    file: Path, storage: SQLAlchemySessionStorage, shared: bool
) -> None:
    other = SQLAlchemySessionStorage(url(file), shared=shared)
    assert await refusal_of(other) == (
        f"The database {file} is owned alone by another storage of this process, which would miss what is opened here. "
        "Use that storage, or close it first; several at once must all be given shared=True."
    )
    await storage.aclose()
    await other.open(KEY, at=NOW)
    await other.aclose()


async def test_the_owner_is_named_where_it_is_another_process(file: Path, storage: SQLAlchemySessionStorage) -> None:
    lock = file.with_name("slices.db-tgslices_lock")
    assert lock.read_text() == f"{os.getpid()}\n"
    lock.write_text("12345\n")
    assert "is owned alone by process 12345" in await refusal_of(SQLAlchemySessionStorage(url(file)))


async def test_a_file_that_is_shared_cannot_be_owned_alone(file: Path) -> None:
    workers = [SQLAlchemySessionStorage(url(file), shared=True) for _ in range(2)]
    for worker in workers:
        await worker.open(KEY, at=NOW)
    assert await refusal_of(SQLAlchemySessionStorage(url(file))) == (
        f"The database {file} is shared by other processes, so it cannot be owned alone. "
        "Pass shared=True here as well, or stop them."
    )
    for worker in workers:
        await worker.aclose()
    alone = SQLAlchemySessionStorage(url(file))
    assert await alone.open_keys(KEY.bot_id) == [KEY]
    await alone.aclose()


async def test_other_tables_of_the_file_have_other_owners(file: Path, storage: SQLAlchemySessionStorage) -> None:
    other = SQLAlchemySessionStorage(url(file), prefix="second_")
    await other.open(KEY, at=NOW)
    assert await storage.open_keys(KEY.bot_id) == []
    await other.aclose()


async def test_a_refusal_names_the_file_whatever_the_prefix_is(file: Path) -> None:
    storage = SQLAlchemySessionStorage(url(file), prefix="my-bot_")
    await storage.open(KEY, at=NOW)
    assert await refusal_of(SQLAlchemySessionStorage(url(file), prefix="my-bot_")) == (
        f"The database {file} is owned alone by another storage of this process, which would miss what is opened here. "
        "Use that storage, or close it first; several at once must all be given shared=True."
    )
    await storage.aclose()


async def test_a_lock_file_that_cannot_be_made_is_named(file: Path) -> None:
    file.with_name("slices.db-tgslices_lock").mkdir()
    assert await refusal_of(SQLAlchemySessionStorage(url(file))) == (
        f"The lock file {file}-tgslices_lock cannot be opened (Is a directory). "
        "Give this process the right to write in that directory, or name another file."
    )


# What is in memory


async def test_many_open_keys_are_loaded_in_parts(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tgslices.storage.sqlalchemy.open_keys.KEYS_PER_LOAD", 3)
    storage = SQLAlchemySessionStorage(url(file))
    for key in (KEY, *OTHER_KEYS):
        await storage.add(key, sent(1), if_closed=IfClosed.OPEN)
    await storage.aclose()
    await storage.start()
    assert {*await storage.open_keys(42), *await storage.open_keys(43)} == {KEY, *OTHER_KEYS}
    assert await storage.record(SCOPE, sent(2)) == 5
    await storage.aclose()


async def test_alone_a_message_that_no_session_wants_costs_no_statement(
    storage: SQLAlchemySessionStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    await storage.open(KEY, at=NOW)
    for way in ("execute", "transact"):
        monkeypatch.setattr(storage._backend.database, way, None)  # to call it would raise
    assert await storage.record(Scope(42, 8, "private", 8), sent(1, 8)) == 0
    assert not await storage.add(OTHER_KEYS[1], sent(1), if_closed=IfClosed.SKIP)
    await storage.open(KEY, at=NOW)


class LostAnswers:
    """Lets transactions raise after they were committed, or instead."""

    def __init__(self, storage: SQLAlchemySessionStorage) -> None:
        self.database: Any = storage._backend.database
        self.transaction = self.database.transaction
        self.raise_at = ""
        self.transact = self.database.transact
        self.database.__dict__.update(transaction=self.wrap, single=self.wrap, transact=self.carry_out)

    @asynccontextmanager
    async def wrap(self, connection: AsyncConnection) -> AsyncIterator[None]:
        when, self.raise_at = self.raise_at, ""
        if when == "before":
            raise OSError("the connection broke")
        async with self.transaction(connection):
            yield
        if when == "after":
            raise OSError("the connection broke")

    async def carry_out(self, connection: AsyncConnection, steps: Steps[T], *, done: Callable[[], None]) -> T:
        when, self.raise_at = self.raise_at, ""
        if when == "before":
            raise OSError("the connection broke")
        result: T = await self.transact(connection, steps, done=done)
        if when == "after":
            raise OSError("the connection broke")
        return result


@pytest.mark.parametrize("when", ["before", "after"])
async def test_a_failed_opening_leaves_memory_in_step_with_the_database(
    file: Path, storage: SQLAlchemySessionStorage, when: str
) -> None:
    answers = LostAnswers(storage)
    answers.raise_at = when
    with pytest.raises(StorageError) as caught:
        await storage.open(KEY, at=NOW)
    assert str(caught.value) == BROKEN.format(file)
    assert not storage.is_idle(KEY.bot_id)
    is_open = when == "after"
    assert await storage.open_keys(42) == ([KEY] if is_open else [])
    assert await storage.record(SCOPE, sent(1)) == int(is_open)
    assert storage.is_idle(KEY.bot_id) is not is_open
    await storage.open(KEY, at=NOW)
    assert await storage.record(SCOPE, sent(2)) == 1


@pytest.mark.parametrize("when", ["before", "after"])
async def test_a_failed_closing_leaves_memory_in_step_with_the_database(
    file: Path, storage: SQLAlchemySessionStorage, when: str
) -> None:
    await storage.add(KEY, sent(1), if_closed=IfClosed.OPEN)
    answers = LostAnswers(storage)
    answers.raise_at = when
    with pytest.raises(StorageError) as caught:
        await storage.close(KEY, at=NOW)
    assert str(caught.value) == BROKEN.format(file)
    is_open = when == "before"
    assert bool(await storage.add(KEY, sent(2), if_closed=IfClosed.SKIP)) is is_open
    assert await storage.record(SCOPE, sent(3)) == int(is_open)
    assert await storage.matching(SCOPE) == ([KEY] if is_open else [])
    assert len(await storage.list(KEY)) == (3 if is_open else 0)
    assert (await storage.close(KEY, at=NOW)).dropped == (3 if is_open else 0)
    assert storage.is_idle(KEY.bot_id)


@pytest.mark.parametrize("when", ["before", "after"])
async def test_a_failed_migration_leaves_memory_in_step_with_the_database(
    file: Path, storage: SQLAlchemySessionStorage, when: str
) -> None:
    await storage.add(KEY, sent(1), if_closed=IfClosed.OPEN)
    answers = LostAnswers(storage)
    answers.raise_at = when
    with pytest.raises(StorageError) as caught:
        await storage.migrate(42, 7, 8)
    assert str(caught.value) == BROKEN.format(file)
    assert await storage.migrate(42, 7, 8) == ([KEY] if when == "before" else [])
    assert await storage.record(Scope(42, 8, "private", 7), sent(2, 8)) == 1
    assert await storage.record(SCOPE, sent(3)) == 0
    [key] = await storage.open_keys(42)
    assert await storage.list(key) == [sent(1), sent(2, 8)]


async def waiting_for_turn(storage: SQLAlchemySessionStorage, writers: int) -> None:
    turn: Any = storage._backend.transactions.turn
    while len(turn._waiters or ()) < writers:
        await asyncio.sleep(0)


async def test_what_waits_for_its_turn_lands_where_its_key_is_by_then(storage: SQLAlchemySessionStorage) -> None:
    await storage.add(KEY, sent(1), if_closed=IfClosed.OPEN)
    async with storage._backend.transactions.turn:
        moving = asyncio.create_task(storage.migrate(42, 7, 8))
        await waiting_for_turn(storage, 1)
        recording = asyncio.create_task(storage.record(SCOPE, sent(2)))
        await waiting_for_turn(storage, 2)
    assert await moving == [KEY]
    assert await recording == 1
    [key] = await storage.open_keys(42)
    assert await storage.list(key) == [sent(1), sent(2)]


async def test_what_waits_for_its_turn_is_not_written_once_its_key_is_closed(storage: SQLAlchemySessionStorage) -> None:
    await storage.add(KEY, sent(1), if_closed=IfClosed.OPEN)
    async with storage._backend.transactions.turn:
        closing = asyncio.create_task(storage.close(KEY, at=NOW))
        await waiting_for_turn(storage, 1)
        late = [
            storage.record(SCOPE, sent(2)),
            storage.add(KEY, sent(2), if_closed=IfClosed.SKIP),
            storage.add(KEY, sent(3), if_closed=IfClosed.OPEN),
        ]
        waiting = [asyncio.create_task(call) for call in late]
        while len(storage._open_keys.writer._waiting) < len(late):
            await asyncio.sleep(0)
    assert (await closing).dropped == 1
    assert await asyncio.gather(*waiting) == [0, Added.LEFT_OUT, Added.OPENED]
    assert await storage.list(KEY) == [sent(3)]
    assert await storage.open_keys(42) == [KEY]


async def test_keys_of_every_shape_are_known_after_a_restart(file: Path, storage: SQLAlchemySessionStorage) -> None:
    odd = [KEY.qualified("a\x00b\\u0000"), KEY.qualified(""), replace(KEY, business_connection_id="\x00", thread_id=3)]
    keys = {KEY, *OTHER_KEYS, *odd, SessionKey(42, 7), SessionKey(42, 7, 7, qualifier="one of several")}
    for key in keys:
        await storage.open(key, at=NOW)
    await storage.aclose()

    later = SQLAlchemySessionStorage(url(file))
    await later.start()

    assert all(later.knows_open(key) for key in keys)
    assert set(await later.open_keys(42)) == {key for key in keys if key.bot_id == 42}
    await later.aclose()


async def test_a_key_in_doubt_leaves_those_of_other_chats_certain(
    storage: SQLAlchemySessionStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    doubtful = replace(KEY, chat_id=8)
    for key in (KEY, doubtful):
        await storage.open(key, at=NOW)
    answers = LostAnswers(storage)
    answers.raise_at = "after"
    with pytest.raises(StorageError):
        await storage.close(doubtful, at=NOW)
    assert not storage.knows_open(doubtful)
    assert storage.knows_open(KEY)
    monkeypatch.setattr(storage._backend.database, "execute", None)  # to call it would raise
    assert await storage.matching(SCOPE) == [KEY]
    assert await storage.record(replace(SCOPE, chat_id=9), sent(1, 9)) == 0
