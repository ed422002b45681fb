"""A clock that is put back: sessions go on as before, and nothing waits until it has caught up."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from aiogram import Dispatcher

from tests.promises.storages import ListStorage
from tgslices import MemorySessionStorage, Session, SessionBot, SessionStorage, sessions_of, setup_sessions
from tgslices.storage.sqlalchemy import SQLAlchemySessionStorage
from tgslices.testing import BotApi, Failure

STORAGES: dict[str, Callable[[Path], SessionStorage]] = {
    "memory": lambda _: MemorySessionStorage(),
    "plugin": lambda _: ListStorage(),
    "alone": lambda folder: SQLAlchemySessionStorage(f"sqlite:///{folder}/slices.db"),
    "shared": lambda folder: SQLAlchemySessionStorage(f"sqlite:///{folder}/slices.db", shared=True),
}


@pytest.fixture(params=STORAGES)
async def session(request: pytest.FixtureRequest, api: BotApi, tmp_path: Path) -> AsyncIterator[Session]:
    """Ann's session, by a handle that has opened nothing."""
    account, ann = api.add_bot("order_bot"), api.add_person("Ann")
    ann.private_chat(account)
    async with SessionBot(account.token, session=api.client_session()) as bot:
        kept = STORAGES[request.param](tmp_path)
        setup_sessions(Dispatcher(), bot, storage=kept, clock=api.clock.now, patience=timedelta(0))
        yield bot.sessions.handle(bot.sessions.get(ann.id, ann.id, collect=False).key)


@pytest.mark.parametrize("collects", [True, False])
async def test_what_is_sent_into_a_session_that_was_closed_before_is_recorded(
    api: BotApi, session: Session, collects: bool
) -> None:
    await session.send_message("one")
    await session.close()
    api.clock.move(timedelta(hours=-5))
    session.collects = collects
    await session.send_message("two")
    assert len(await session.messages()) == 1
    assert await session.is_open() is collects


async def test_what_was_closed_while_the_clock_was_behind_stays_closed(api: BotApi, session: Session) -> None:
    async with session:
        api.clock.move(timedelta(hours=-5))
        await session.close()
        await session.bot.send_message(session.chat_id, "Bye")
    assert await session.messages() == []
    assert not await session.is_open()


async def test_what_is_pending_is_finished_after_a_step_of_two_days_at_once(api: BotApi, session: Session) -> None:
    """Two days later Telegram would refuse it."""
    await session.send_message("one")
    api.faults.add(Failure(500), method="deleteMessages")
    assert len((await session.clear()).pending) == 1
    api.faults.clear()
    api.clock.move(timedelta(days=-2))
    assert len((await sessions_of(session.bot).settle_pending()).accepted) == 1


async def test_a_dice_of_the_far_future_is_put_off_and_not_asked_for_again_and_again(
    api: BotApi, session: Session
) -> None:
    """As every dice of the last hours is, once the clock was put back."""
    dice = await session.send_dice()
    entry, *_ = await session.messages()
    await session.forget()
    await session.track(replace(entry, date=dice.date + timedelta(days=400)))
    result = await session.clear()
    assert len(result.deferred) == 1
    async with asyncio.timeout(30):
        assert not await sessions_of(session.bot).settle_pending()
