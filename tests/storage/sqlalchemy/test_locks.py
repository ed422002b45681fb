"""What waits for what on PostgreSQL, and in which order: seen by a rival who holds one lock and tries for another."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable
from dataclasses import replace
from typing import Any, TypeVar

import asyncpg  # type: ignore[import-untyped]  # it ships no types
import pytest
from sqlalchemy.ext.asyncio import create_async_engine

from tests.storage.sqlalchemy.backends import watch
from tgslices.model import Gone, IfClosed, PendingDeletion, Scope, SessionKey
from tgslices.storage.sqlalchemy import SQLAlchemySessionStorage
from tgslices.storage.sqlalchemy.database.advisory import wait_for_schema
from tgslices.testing.contract.samples import KEY, MINUTE, NOW, sent

SCOPE = Scope(42, 7, "private", 7)
EARLY, LATE = replace(KEY, user_id=1), replace(KEY, user_id=2)
"""In the order of their places."""

T = TypeVar("T")


class Rival:
    """Another worker within a transaction, who gives up at once where it would have to wait."""

    def __init__(self, connection: Any) -> None:
        self.connection = connection

    async def run(self, statement: str) -> list[Any]:
        return list(await self.connection.fetch(statement))

    async def make_wait(self, call: Awaitable[T]) -> asyncio.Future[T]:
        """Start a call, and return when it waits for this rival."""
        waiting = asyncio.ensure_future(call)
        blocked = "SELECT 1 FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY (pg_blocking_pids(pid))"
        while not await self.run(blocked):
            assert not waiting.done(), "it did not wait"
        return waiting

    async def let_go(self) -> None:
        await self.run("COMMIT")

    async def add_entry(self, key_id: int, message_id: int) -> None:
        await self.run(f"""
            INSERT INTO tgslices_messages (key_id, chat_id, message_id, variant, direction, recorded_at)
            VALUES ({key_id}, 7, {message_id}, '', 'out', 0)
        """)

    async def add_key(self, key: SessionKey) -> None:
        await self.run(f"""
            INSERT INTO tgslices_keys (bot_id, chat_id, user_id, thread_id, label, is_open)
            VALUES ({key.bot_id}, {key.chat_id}, {key.user_id}, (-9223372036854775807 - 1), '', true)
        """)


@pytest.fixture
async def rival(postgres_url: str) -> AsyncIterator[Rival]:
    connection = await asyncpg.connect(postgres_url.replace("+asyncpg", ""))
    await connection.execute("SET lock_timeout = '1ms'")
    await connection.execute("BEGIN")
    yield Rival(connection)
    await connection.close()


@pytest.fixture
async def storage(postgres_url: str) -> AsyncIterator[SQLAlchemySessionStorage]:
    storage = SQLAlchemySessionStorage(postgres_url)
    await storage.start()
    yield storage
    await storage.aclose()


async def pendings(storage: SQLAlchemySessionStorage, rival: Rival, key: SessionKey = KEY) -> list[PendingDeletion]:
    """Make two deletions pending, and return them in the order in which they are locked."""
    for number in (1, 2):
        await storage.add(key, sent(number))
    await storage.claim(key, [sent(1), sent(2)], now=NOW, until=NOW)
    order = [row[0] for row in await rival.run("SELECT message_id FROM tgslices_pending ORDER BY identity")]
    return sorted(await storage.pending(42), key=lambda pending: order.index(pending.message.message_id))


def row_of(pending: PendingDeletion) -> str:
    return f"SELECT 1 FROM tgslices_pending WHERE message_id = {pending.message.message_id} FOR UPDATE"


# What waits, and what does not


async def test_to_record_waits_for_whoever_closes_the_session(storage: SQLAlchemySessionStorage, rival: Rival) -> None:
    await storage.open(KEY, at=NOW)
    await rival.run("SELECT 1 FROM tgslices_keys FOR UPDATE")
    recording = await rival.make_wait(storage.record(SCOPE, sent(1)))
    await rival.run("DELETE FROM tgslices_keys")
    await rival.let_go()
    assert await recording == 0
    assert await rival.run("SELECT * FROM tgslices_messages") == []


async def test_to_record_keeps_nobody_else_from_recording(storage: SQLAlchemySessionStorage, rival: Rival) -> None:
    await storage.open(KEY, at=NOW)
    await rival.run("SELECT 1 FROM tgslices_keys FOR KEY SHARE")
    assert await storage.record(SCOPE, sent(1)) == 1


async def test_a_lease_leaves_out_what_another_worker_is_taking(
    storage: SQLAlchemySessionStorage, rival: Rival
) -> None:
    taken, left = await pendings(storage, rival)
    await rival.run(row_of(taken))
    [leased] = await storage.lease(42, now=NOW, until=NOW + MINUTE, limit=5)
    assert leased.message == left.message


async def test_messages_that_come_together_are_recorded_in_one_trip_to_the_server(postgres_url: str) -> None:
    storage = SQLAlchemySessionStorage(postgres_url)
    while not storage.knows_open(KEY):  # which it reads in the background
        await storage.open(KEY, at=NOW)
        await asyncio.sleep(0.01)
    statements: list[str] = []
    watch(storage, statements.append)
    for size in (1, 50):
        assert await asyncio.gather(*(storage.record(SCOPE, sent(number)) for number in range(size))) == [1] * size
        assert len(statements) == 1, statements
        statements.clear()
    await storage.aclose()


async def test_workers_that_start_at_once_take_turns_with_the_tables(postgres_url: str, rival: Rival) -> None:
    engine = create_async_engine(postgres_url)
    async with engine.connect() as connection:
        await wait_for_schema(connection, "tgslices_", "public")
        storage = SQLAlchemySessionStorage(postgres_url)
        starting = asyncio.create_task(storage.start())
        while not await rival.run("SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"):
            assert not starting.done(), "it did not wait"
        assert await rival.run("SELECT to_regclass('tgslices_meta')") == [(None,)]
        await connection.commit()
    await starting
    await storage.aclose()
    await engine.dispose()


# One order


async def opened(storage: SQLAlchemySessionStorage, *keys: SessionKey) -> None:
    """Open keys with a message each, in one group."""
    await asyncio.gather(*(storage.add(key, sent(5), if_closed=IfClosed.OPEN) for key in keys))


async def test_keys_that_are_there_are_opened_in_the_order_of_their_ids(
    storage: SQLAlchemySessionStorage, rival: Rival
) -> None:
    for key in (LATE, EARLY):  # so that ids run against places
        await storage.add(key, sent(1))
    await rival.run("SELECT 1 FROM tgslices_keys WHERE user_id = 2 FOR UPDATE")
    opening = await rival.make_wait(opened(storage, EARLY, LATE))
    await rival.run("SELECT 1 FROM tgslices_keys WHERE user_id = 1 FOR UPDATE")
    await rival.let_go()
    await opening
    assert set(await storage.open_keys(42)) == {EARLY, LATE}


async def test_keys_that_are_new_are_made_in_the_order_of_their_places(
    storage: SQLAlchemySessionStorage, rival: Rival
) -> None:
    await rival.add_key(EARLY)
    opening = await rival.make_wait(opened(storage, LATE, EARLY))
    await rival.add_key(LATE)
    await rival.let_go()
    await opening
    assert set(await storage.open_keys(42)) == {EARLY, LATE}


@pytest.mark.parametrize("opens", [False, True])
async def test_entries_are_added_in_the_order_of_the_ids_of_their_keys(
    storage: SQLAlchemySessionStorage, rival: Rival, opens: bool
) -> None:
    for key in (EARLY, LATE):
        await storage.open(key, at=NOW)
    low, high = (row[0] for row in await rival.run("SELECT id FROM tgslices_keys ORDER BY id"))
    await rival.add_entry(low, 1)
    calls = [storage.add(key, sent(number), if_closed=IfClosed.OPEN) for key, number in ((LATE, 2), (EARLY, 1))]
    if opens:  # what is not open goes through another statement
        await rival.connection.execute(
            "COMMIT; UPDATE tgslices_keys SET is_open = false; DELETE FROM tgslices_messages; BEGIN"
        )
        await rival.add_entry(low, 1)
    adding = await rival.make_wait(asyncio.gather(*calls))
    await rival.add_entry(high, 2)
    await rival.let_go()
    await adding
    assert [[it.message_id for it in await storage.list(key)] for key in (EARLY, LATE)] == [[1], [2]]


async def test_a_chat_moves_in_the_order_of_the_ids_of_its_keys(
    storage: SQLAlchemySessionStorage, rival: Rival
) -> None:
    for key in (LATE, EARLY):
        await storage.open(key, at=NOW)
    await rival.run("SELECT 1 FROM tgslices_keys WHERE user_id = 2 FOR UPDATE")
    moving = await rival.make_wait(storage.migrate(42, 7, 8))
    await rival.run("SELECT 1 FROM tgslices_keys WHERE user_id = 1 FOR UPDATE")
    await rival.let_go()
    assert set(await moving) == {EARLY, LATE}


@pytest.mark.parametrize("how", ["postpone", "settle", "discard", "migrate", "claim"])
async def test_pending_deletions_are_locked_in_one_order(
    storage: SQLAlchemySessionStorage, rival: Rival, how: str
) -> None:
    first, second = await pendings(storage, rival)
    for pending in (second, first):
        await storage.add(KEY, pending.message)
    ids = [second.message.message_id, first.message.message_id]
    calls: dict[str, Any] = {
        "postpone": lambda: storage.postpone([second, first], until=NOW + MINUTE),
        "settle": lambda: storage.settle([second, first]),
        "discard": lambda: storage.discard(42, Gone(7, frozenset(ids))),
        "migrate": lambda: storage.migrate(42, 7, 8),
        "claim": lambda: storage.claim(KEY, [second.message, first.message], now=NOW, until=NOW + MINUTE),
    }
    await rival.run(row_of(first))
    waiting = await rival.make_wait(calls[how]())
    await rival.run(row_of(second))
    await rival.let_go()
    await waiting
