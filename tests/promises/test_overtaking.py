"""A send that is on its way while a session ends shares the end: it is waited for, dropped, or deleted too."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from aiogram import Dispatcher, F

from tests.promises.fed_bot import FedBot
from tgslices import Session, SessionBot, setup_sessions
from tgslices.recording import handles_of_key
from tgslices.storage.sqlalchemy import SQLAlchemySessionStorage
from tgslices.testing import Slow

TWO_TENTHS = Slow(timedelta(milliseconds=200))


async def slow_send(
    stage: FedBot, send: Callable[[], Awaitable[object]], slow: Slow = TWO_TENTHS
) -> asyncio.Task[object]:
    """Begin to send something that the server takes its time for, and return when it is on its way."""
    fault = stage.api.faults.add(slow, method="sendMessage", times=1)
    task = asyncio.ensure_future(send())
    await stage.chat.until(lambda _: fault.hits > 0)
    return task


class HeldSend:
    """Something that is on its way, and arrives when it is let go."""

    def __init__(self) -> None:
        self._let_go = asyncio.Event()

    async def begin(self, stage: FedBot, send: Callable[[], Awaitable[object]]) -> None:
        """Begin to send, and return when it is on its way."""
        self._task = await slow_send(stage, send, Slow(until=self._let_go))

    async def arrives(self) -> None:
        """Let it arrive, and wait for its sender."""
        self._let_go.set()
        await self._task


async def in_a_block(session: Session, stage: FedBot) -> None:
    async with session:
        await stage.bot.send_message(stage.chat.id, "on its way")


@pytest.mark.parametrize("sends", ["by the session", "in a block"])
async def test_a_send_that_began_before_a_clear_is_part_of_it(stage: FedBot, sends: str) -> None:
    session = stage.session()
    await session.send_message("one")
    by = (lambda: session.send_message("two")) if sends == "by the session" else (lambda: in_a_block(session, stage))
    task = await slow_send(stage, by)
    assert await session.clear() == 2
    await session.close()
    await task
    assert stage.chat.texts() == []
    assert stage.bot.sessions.is_idle()


async def test_a_send_that_began_before_a_close_is_dropped_with_the_rest(stage: FedBot) -> None:
    session = stage.session()
    task = await slow_send(stage, lambda: session.send_message("two"))
    assert await session.close() == 1
    await task
    assert stage.bot.sessions.is_idle()
    assert stage.chat.texts() == ["two"]


async def test_a_send_that_outlasts_the_grace_reopens_nothing(stage: FedBot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handles_of_key, "SEND_GRACE", timedelta(milliseconds=20))
    session, late = stage.session(), HeldSend()
    await late.begin(stage, lambda: session.send_message("two"))
    assert await session.close() == 0
    await late.arrives()
    assert stage.bot.sessions.is_idle()
    assert await session.messages() == []
    assert stage.chat.texts() == ["two"]


@pytest.mark.parametrize("sends", ["by the session", "in a block", "in a block of a predicate"])
async def test_a_send_that_outlasts_the_grace_of_a_wipe_is_deleted_when_it_arrives(
    stage: FedBot, monkeypatch: pytest.MonkeyPatch, sends: str
) -> None:
    monkeypatch.setattr(handles_of_key, "SEND_GRACE", timedelta(milliseconds=20))
    session, late = stage.session(), HeldSend()
    if sends == "in a block of a predicate":
        stage.bot.sessions.subscribe(session.key, F.message)
    by = (lambda: session.send_message("two")) if sends == "by the session" else (lambda: in_a_block(session, stage))
    await late.begin(stage, by)
    await session.clear()
    await session.close()
    await late.arrives()
    await stage.chat.until(lambda view: view.texts() == [])
    assert stage.bot.sessions.is_idle()
    assert await session.messages() == []


async def test_a_send_that_begins_while_a_clear_is_on_its_way_stays(stage: FedBot) -> None:
    session = stage.session()
    await session.send_message("one")
    answer = asyncio.Event()
    fault = stage.api.faults.add(Slow(until=answer), method="deleteMessages", times=1)
    clearing = asyncio.ensure_future(session.clear())
    await stage.chat.until(lambda _: fault.hits > 0)
    await session.send_message("two")
    answer.set()
    assert await clearing == 1
    assert stage.chat.texts() == ["two"]
    assert len(await session.messages()) == 1


async def test_a_send_to_somebody_else_holds_no_clear_up(stage: FedBot) -> None:
    ben = stage.api.add_person("Ben")
    ben.private_chat(stage.account)
    async with stage.session() as session:
        await stage.bot.send_message(stage.chat.id, "one")
        task = await slow_send(stage, lambda: stage.bot.send_message(ben.id, "to Ben"), Slow(timedelta(minutes=1)))
    assert await session.clear() == 1
    assert not task.done()
    task.cancel()  # nobody waits for the minute, which is there so that a slow machine cannot outlast it
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_session_that_is_entered_after_its_close_is_open_again(stage: FedBot) -> None:
    session = stage.session()
    await session.close()
    async with session:
        await stage.bot.send_message(stage.chat.id, "anew")
    assert len(await session.messages()) == 1
    assert not stage.bot.sessions.is_idle()


async def test_a_farewell_that_is_overtaken_by_the_wipe_of_a_later_session_stays(
    stage: FedBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its own session was closed before it was sent, so it was never part of any."""
    monkeypatch.setattr(handles_of_key, "SEND_GRACE", timedelta(milliseconds=20))
    farewell = HeldSend()
    async with stage.session() as session:
        await session.close()
        await farewell.begin(stage, lambda: stage.bot.send_message(stage.chat.id, "Bye"))
    again = stage.session()
    await again.send_message("anew")
    assert await again.clear() == 1
    await again.close()
    await farewell.arrives()
    assert await stage.bot.sessions.settle_pending() == 0
    assert stage.chat.texts() == ["Bye"]


async def test_what_is_sent_while_no_session_is_open_is_not_deleted_by_the_wipe_of_one_that_came_later(
    stage: FedBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(handles_of_key, "SEND_GRACE", timedelta(milliseconds=20))
    session, advert = stage.session(collect=False), HeldSend()
    with session.recording(while_open=True):
        await advert.begin(stage, lambda: stage.bot.send_message(stage.chat.id, "Two for one"))
    again = stage.session()
    await again.send_message("anew")
    assert await again.clear() == 1
    await advert.arrives()
    assert await stage.bot.sessions.settle_pending() == 0
    assert stage.chat.texts() == ["Two for one"]


@pytest.mark.parametrize("speaks", ["while a session is open", "behind the end of one"])
async def test_what_arrives_in_a_session_that_was_opened_since_it_was_sent_stays(stage: FedBot, speaks: str) -> None:
    session, advert = stage.session(collect=False), HeldSend()
    if speaks == "while a session is open":
        with session.recording(while_open=True):
            await advert.begin(stage, lambda: stage.bot.send_message(stage.chat.id, "Two for one"))
    else:
        async with session:
            await session.close()
            await advert.begin(stage, lambda: stage.bot.send_message(stage.chat.id, "Two for one"))
    again = stage.session()
    await again.send_message("anew")
    await advert.arrives()
    assert await again.clear() == 1
    assert stage.chat.texts() == ["Two for one"]


async def test_what_is_sent_while_a_session_is_open_belongs_to_it_though_the_block_is_older(stage: FedBot) -> None:
    session = stage.session(collect=False)
    with session.recording(while_open=True):
        await stage.session().send_message("anew")
        await stage.bot.send_message(stage.chat.id, "Two for one")
    assert await session.clear() == 2
    assert stage.chat.texts() == []


def by_a_clock(behind: timedelta) -> datetime:
    return datetime.now(UTC) - behind


async def test_a_block_whose_session_another_worker_closed_reopens_nothing(stage: FedBot, tmp_path: Path) -> None:
    bots = [SessionBot(stage.account.token, session=stage.api.client_session()) for _ in range(2)]
    for bot, behind in zip(bots, (timedelta(), timedelta(minutes=5)), strict=True):
        storage = SQLAlchemySessionStorage(f"sqlite:///{tmp_path / 'shared.db'}", shared=True)
        setup_sessions(Dispatcher(), bot, storage=storage, clock=partial(by_a_clock, behind))
    here, there = bots
    async with here.sessions.get(stage.chat.id) as session:
        await here.send_message(stage.chat.id, "What would you like?")
        elsewhere = there.sessions.get(stage.chat.id, collect=False)
        assert await elsewhere.clear() == 1
        await elsewhere.close()
        await here.send_message(stage.chat.id, "Bye")
        assert not await elsewhere.is_open()
        assert await session.messages() == []
        await elsewhere.close()
        await there.sessions.get(stage.chat.id).open()
        await here.send_message(stage.chat.id, "anew")
        assert len(await session.messages()) == 1
    for bot in bots:
        await bot.sessions.aclose()
        await bot.session.close()
