"""Data of a group that becomes a supergroup, at any moment of its move."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Awaitable, Callable

import pytest

from tests.promises.storages import Stepwise
from tgslices import MemorySessionStorage, Session, SessionBot, SessionData, SessionManager
from tgslices.config import SessionConfig
from tgslices.testing import BotApi

OLD, NEW = -778, -1_000_000_000_778


@dataclasses.dataclass
class Count:
    number: int = 0


COUNT = SessionData(Count)


def add_one(count: Count) -> None:
    count.number += 1


async def read(session: Session) -> None:
    assert (await session.data(COUNT).read()).number == 1


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
