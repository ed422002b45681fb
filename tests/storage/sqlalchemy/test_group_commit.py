"""How many statements recording takes: one for a lone message, and one for each group of those that arrive together."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from tests.storage.samples import NOW
from tests.storage.sqlalchemy.backends import watch
from tgslices.model import Direction, IfClosed, PendingDeletion, Scope
from tgslices.storage.sqlalchemy import SQLAlchemySessionStorage
from tgslices.testing.contract.samples import KEY, sent

SCOPE = Scope(42, 7, "private", 7)
WRITERS = 100


@pytest.fixture(params=["SQLite alone", "SQLite shared", "PostgreSQL"])
async def storage(
    request: pytest.FixtureRequest, postgres_url: str, tmp_path: Path
) -> AsyncIterator[SQLAlchemySessionStorage]:
    """An empty storage of each kind, not started yet."""
    url = postgres_url if request.param == "PostgreSQL" else f"sqlite+aiosqlite:///{tmp_path / 'slices.db'}"
    storage = SQLAlchemySessionStorage(url, shared=request.param != "SQLite alone")
    yield storage
    await storage.aclose()


def statements_of(storage: SQLAlchemySessionStorage) -> list[str]:
    """Return a list that takes down what the database is told, transactions included."""
    told: list[str] = []
    engine = storage._backend.engine.sync_engine

    @event.listens_for(engine, "connect")
    def listen(connection: Any, _: object) -> None:
        if engine.dialect.name == "sqlite":
            connection.run_async(lambda driver: driver.set_trace_callback(told.append))

    if engine.dialect.name == "postgresql":
        watch(storage, told.append)
    return told


async def until_settled(storage: SQLAlchemySessionStorage) -> None:
    """Wait until a shared storage knows the open keys, which it reads in the background."""
    while storage._backend.shared and not storage._open_keys.knows_open(KEY):
        await asyncio.sleep(0.01)
        await storage.open(KEY, at=NOW)


async def test_a_lone_message_takes_one_statement(storage: SQLAlchemySessionStorage) -> None:
    told = statements_of(storage)
    await storage.add(KEY, sent(1), if_closed=IfClosed.OPEN)
    assert await storage.record(SCOPE, sent(2)) == 1
    await until_settled(storage)
    told.clear()
    assert await storage.record(SCOPE, sent(3)) == 1
    assert [statement.split()[0] in ("INSERT", "WITH") for statement in told] == [True]


async def test_a_wipe_of_ten_messages_takes_a_handful_of_statements(storage: SQLAlchemySessionStorage) -> None:
    told = statements_of(storage)
    await storage.open(KEY, at=NOW)
    sides = (Direction.INCOMING, Direction.OUTGOING)
    for number in range(10):
        await storage.record(SCOPE, sent(number, direction=sides[number % 2]))
    await until_settled(storage)
    told.clear()
    claimed = await storage.claim(KEY, None, now=NOW, until=NOW, limit=10_000)
    assert [message.message_id for message in claimed] == list(range(10))
    assert await storage.settle([PendingDeletion(KEY, message, NOW, NOW) for message in claimed]) == 10
    assert len(told) <= 9, told


async def test_messages_of_a_hundred_writers_take_a_few_statements(storage: SQLAlchemySessionStorage) -> None:
    told = statements_of(storage)
    await storage.open(KEY, at=NOW)
    await asyncio.gather(*(storage.record(SCOPE, sent(number)) for number in range(WRITERS)))
    await until_settled(storage)
    told.clear()
    records = [storage.record(SCOPE, sent(WRITERS + number)) for number in range(WRITERS)]
    assert await asyncio.gather(*records) == [1] * WRITERS
    assert len(told) == -(-WRITERS // storage._backend.database.max_group)
    assert len(told) <= 2


async def test_keys_that_a_hundred_handlers_open_take_a_few_statements(storage: SQLAlchemySessionStorage) -> None:
    told = statements_of(storage)
    await storage.open(KEY, at=NOW)
    await until_settled(storage)
    told.clear()
    keys = [replace(KEY, user_id=number) for number in range(WRITERS)]
    await asyncio.gather(*(storage.add(key, sent(number), if_closed=IfClosed.OPEN) for number, key in enumerate(keys)))
    assert len(told) <= 14
    assert set(await storage.open_keys(42)) == {KEY, *keys}
