"""Data of a group that becomes a supergroup, at any moment of its move."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Awaitable, Callable, Coroutine
from datetime import UTC, datetime
from typing import Any, Final

import pytest
from aiogram import Dispatcher

from tests.promises.storages import Stepwise
from tgslices import MemorySessionStorage, Session, SessionBot, SessionData, SessionManager, sessions_of, setup_sessions
from tgslices.config import SessionConfig
from tgslices.storage.data_protocol import DataHold
from tgslices.testing import BotApi

OLD, NEW = -778, -1_000_000_000_778
FAR: Final = datetime(2200, 1, 1, tzinfo=UTC)


@dataclasses.dataclass
class Count:
    number: int = 0


COUNT = SessionData(Count)


def add_one(count: Count) -> None:
    count.number += 1


async def read(session: Session) -> None:
    assert (await session.data(COUNT).read()).number == 1


async def look(session: Session) -> None:
    async with session.data(COUNT) as count:
        assert count.number == 1


async def update(session: Session) -> None:
    await session.data(COUNT).update(add_one)


async def write(session: Session) -> None:
    await session.data(COUNT).write(Count(7))


async def change_in_a_block(session: Session) -> None:
    async with session.data(COUNT) as count:
        await asyncio.sleep(0)
        count.number += 1


async def drop(session: Session) -> None:
    await session.data(COUNT).drop()


async def drop_in_a_block(session: Session) -> None:
    async with session.data(COUNT):
        await session.data(COUNT).drop()


async def go_back(session: Session) -> None:
    async with session.data(COUNT) as count:
        count.number = 9
    await session.rewind("here")


async def mark_and_go_back(session: Session) -> None:
    await session.mark("there")
    await session.data(COUNT).update(add_one)
    await session.rewind("there")


@pytest.mark.parametrize(
    ("work", "left"),
    [(read, 1), (update, 2), (write, 7), (change_in_a_block, 2), (drop, 0), (go_back, 1), (mark_and_go_back, 1)],
)
async def test_nothing_is_lost_at_any_moment_of_a_migration(
    api: BotApi, work: Callable[[Session], Awaitable[None]], left: int
) -> None:
    """What is asked for under the old id, when the storage has moved it, is not there: a counter would begin anew."""
    moments = 0
    async with SessionBot(api.add_bot("count_bot").token, session=api.client_session()) as bot:
        while True:
            manager = SessionManager(bot, SessionConfig(storage=Stepwise(MemorySessionStorage())))
            session = manager.get(OLD, 7)
            await session.data(COUNT).write(Count(1))
            await session.mark("here")
            migration = asyncio.create_task(manager.tracker.migrate(OLD, NEW))
            for _ in range(moments):
                await asyncio.sleep(0)
            is_over = migration.done()
            await work(session)
            await migration
            assert (await session.data(COUNT).read()).number == left
            if is_over:
                break
            moments += 1
    assert moments > 2


OVERTAKEN = [
    *((look, 1, 1), (update, 2, 1), (write, 7, 1), (change_in_a_block, 2, 1), (drop, 0, 1), (drop, 0, 2)),
    *((drop_in_a_block, 0, 1), (drop_in_a_block, 0, 2), (go_back, 1, 1), (go_back, 1, 2)),
]
"""What is done, what is left, and which of its writes is overtaken."""


@pytest.mark.parametrize(("work", "left", "nth"), OVERTAKEN)
async def test_a_write_that_a_migration_overtakes_is_done_where_the_data_is(
    api: BotApi, monkeypatch: pytest.MonkeyPatch, work: Callable[[Session], Awaitable[None]], left: int, nth: int
) -> None:
    """A drop under the old id finds nothing there, as if it had been done already."""
    storage = MemorySessionStorage()
    written, write_data = 0, storage.write_data

    async def overtaken(*args: Any, **kwargs: Any) -> bool:
        nonlocal written
        written += 1
        if written == nth:
            await manager.tracker.migrate(OLD, NEW)
        return await write_data(*args, **kwargs)

    async with SessionBot(api.add_bot("count_bot").token, session=api.client_session()) as bot:
        manager = SessionManager(bot, SessionConfig(storage=storage))
        session = manager.get(OLD, 7)
        await session.data(COUNT).write(Count(1))
        await session.mark("here")
        monkeypatch.setattr(storage, "write_data", overtaken)
        await work(session)
        assert session.key.chat_id == NEW, "there were as many writes"
        assert (await session.data(COUNT).read()).number == left
        assert len(manager.holds) == 0
        assert (
            await storage.hold_data(
                DataHold(session.key, frozenset(["Count"]), "another"), now=manager.config.clock(), until=FAR
            )
            is not None
        ), "whoever comes next need not wait"


async def close(session: Session) -> None:
    await session.close()


async def stop_tracking(session: Session) -> None:
    await sessions_of(session.bot).unsubscribe(session.key)


@pytest.mark.parametrize("chat_id", [OLD, NEW])
@pytest.mark.parametrize(
    ("work", "left", "is_open"),
    [(update, 2, True), (write, 7, True), (drop, 0, True), (close, 0, False), (stop_tracking, 1, False)],
)
async def test_who_asks_for_a_session_while_its_chat_migrates_gets_what_comes_with_the_chat(
    api: BotApi,
    monkeypatch: pytest.MonkeyPatch,
    chat_id: int,
    work: Callable[[Session], Coroutine[Any, Any, None]],
    left: int,
    is_open: bool,
) -> None:
    """Its handle has the new id at once, under which the storage has nothing yet."""
    storage, may_move = MemorySessionStorage(), asyncio.Event()
    migrate = storage.migrate

    async def slow(*args: Any) -> None:
        await may_move.wait()
        await migrate(*args)

    monkeypatch.setattr(storage, "migrate", slow)
    async with SessionBot(api.add_bot("count_bot").token, session=api.client_session()) as bot:
        setup_sessions(Dispatcher(), bot, storage=storage)
        await bot.sessions.get(OLD, 7).open()
        await bot.sessions.get(OLD, 7).data(COUNT).write(Count(1))
        migration = asyncio.create_task(bot.sessions.tracker.migrate(OLD, NEW))
        await asyncio.sleep(0)
        working = asyncio.create_task(work(bot.sessions.get(chat_id, 7, collect=False)))
        for _ in range(50):
            await asyncio.sleep(0)
        may_move.set()
        await asyncio.gather(migration, working)
        session = bot.sessions.get(NEW, 7, collect=False)
        assert ((await session.data(COUNT).read()).number, await session.is_open()) == (left, is_open)
