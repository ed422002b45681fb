"""Whoever gives up leaves work behind, which ends by its own deadline: nothing is kept from those who come later."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta

import asyncpg  # type: ignore[import-untyped]  # it ships no types
import pytest
from sqlalchemy import make_url

from tests.storage.sqlalchemy.backends import PostgresServer
from tgslices.model import IfClosed, Scope
from tgslices.storage.sqlalchemy import SQLAlchemySessionStorage
from tgslices.testing.contract.samples import KEY, NOW, sent

OTHER = replace(KEY, chat_id=8)
ELSEWHERE = Scope(42, 8, "private", 7)
SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)


@asynccontextmanager
async def row_held(postgres: PostgresServer, url: str) -> AsyncIterator[asyncpg.Connection]:
    """Keep the row of the key locked, as somebody's forgotten console might."""
    console = await asyncpg.connect(postgres.dsn(str(make_url(url).database)))
    try:
        async with console.transaction():
            await console.execute("SELECT FROM tgslices_keys WHERE chat_id = 7 FOR UPDATE")
            yield console
    finally:
        await console.close()


async def until_waiting(console: asyncpg.Connection, sessions: int) -> None:
    """Wait until so many sessions wait for a lock."""
    while await console.fetchval("SELECT count(*) FROM pg_locks WHERE NOT granted") < sessions:
        await asyncio.sleep(0)


async def give_up_closing(storage: SQLAlchemySessionStorage, console: asyncpg.Connection, *, callers: int) -> None:
    """Let callers wait for the row as far as there are connections, and cancel them all."""
    closing = [asyncio.create_task(storage.close(KEY, at=NOW)) for _ in range(callers)]
    await until_waiting(console, 1)
    for task in closing:
        task.cancel()
    await asyncio.wait(closing)
    assert all(task.cancelled() for task in closing)


async def until_let_go(storage: SQLAlchemySessionStorage) -> None:
    async with asyncio.timeout(10):
        while storage._backend.transactions._tasks:
            await asyncio.wait(storage._backend.transactions._tasks)


@pytest.mark.parametrize("callers", [1, 20])
async def test_what_cancelled_callers_leave_behind_is_out_of_the_way_when_its_time_is_up(
    postgres: PostgresServer, postgres_url: str, callers: int
) -> None:
    storage = SQLAlchemySessionStorage(postgres_url, timeout=SECOND)
    for key in (KEY, OTHER):
        await storage.add(key, sent(1), if_closed=IfClosed.OPEN)
    async with row_held(postgres, postgres_url) as console:
        await give_up_closing(storage, console, callers=callers)
        await until_let_go(storage)
        assert await storage.record(ELSEWHERE, sent(2, 8)) == 1
        assert await storage.claim(OTHER, [sent(1)], now=NOW, until=NOW) == [sent(1)]
        async with asyncio.timeout(5):
            await storage.aclose()


async def test_what_a_cancelled_caller_left_behind_is_done_all_the_same_if_it_is_done_in_time(
    postgres: PostgresServer, postgres_url: str
) -> None:
    storage = SQLAlchemySessionStorage(postgres_url)
    await storage.add(KEY, sent(1), if_closed=IfClosed.OPEN)
    async with row_held(postgres, postgres_url) as console:
        await give_up_closing(storage, console, callers=1)
    await until_let_go(storage)
    assert (await storage.open_keys(42), await storage.list(KEY)) == ([], [])
    await storage.aclose()


async def test_what_was_claimed_for_a_cancelled_caller_is_due_at_once(
    postgres: PostgresServer, postgres_url: str
) -> None:
    storage = SQLAlchemySessionStorage(postgres_url)
    await storage.add(KEY, sent(1), if_closed=IfClosed.OPEN)
    async with row_held(postgres, postgres_url) as console:
        claiming = asyncio.create_task(storage.claim(KEY, [sent(1)], now=NOW, until=NOW + MINUTE))
        await until_waiting(console, 1)
        claiming.cancel()
        await asyncio.wait([claiming])
    await until_let_go(storage)
    assert claiming.cancelled()
    assert await storage.list(KEY) == []
    assert [each.due_at for each in await storage.pending(42)] == [NOW]
    await storage.aclose()
