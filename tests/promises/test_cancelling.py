"""A caller that gives up in the middle of a send: what Telegram has sent all the same is recorded."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from aiogram.exceptions import TelegramBadRequest

from tests.promises.fed_bot import FedBot, texts_of
from tests.promises.storages import Line
from tgslices import MemorySessionStorage, SessionStorage
from tgslices.testing import ApiError, Slow


@pytest.fixture
def line() -> Line:
    return Line(MemorySessionStorage())


@pytest.fixture
def storage(line: Line) -> SessionStorage:
    return line


async def sent() -> None:
    """Wait for every send that is still on its way."""
    await asyncio.gather(*(task for task in asyncio.all_tasks() if task.get_name() == "tgslices-send"))


async def cancelled(task: asyncio.Task[Any]) -> None:
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_send_whose_caller_is_cancelled_while_telegram_answers_is_recorded(stage: FedBot) -> None:
    session, answer = stage.session(), asyncio.Event()
    stage.api.faults.add(Slow(until=answer, after_work=True), method="sendMessage")

    async def handler() -> None:
        async with session:
            await stage.bot.send_message(stage.chat.id, "sent")

    task = asyncio.create_task(handler())
    await stage.chat.until(lambda view: view.texts() == ["sent"])
    await cancelled(task)
    answer.set()
    await sent()
    assert await texts_of(session, stage.chat) == ["sent"]


async def test_a_send_whose_caller_is_cancelled_while_it_is_recorded_is_recorded(stage: FedBot, line: Line) -> None:
    session = stage.session()
    await session.messages()
    line.held = asyncio.Event()
    task = asyncio.create_task(session.send_message("sent"))
    await line.waiting.wait()
    await cancelled(task)
    line.held.set()
    await sent()
    line.held = None
    assert await texts_of(session, stage.chat) == ["sent"]


async def test_a_send_that_runs_out_of_time_is_recorded_if_telegram_sent_it(stage: FedBot) -> None:
    session, answer = stage.session(), asyncio.Event()
    stage.api.faults.add(Slow(until=answer, after_work=True), method="sendMessage")

    async def handler() -> None:
        async with session, asyncio.timeout(None) as limit:
            task = asyncio.create_task(session.send_message("sent"))
            await stage.chat.until(lambda view: view.texts() == ["sent"])
            limit.reschedule(0)
            await task

    with pytest.raises(TimeoutError):
        await handler()
    answer.set()
    await sent()
    assert await texts_of(session, stage.chat) == ["sent"]


@pytest.mark.parametrize("how", ["block", "call"])
async def test_what_is_recorded_after_its_caller_was_cancelled_does_not_reopen_a_closed_session(
    stage: FedBot, how: str
) -> None:
    session, answer = stage.session(), asyncio.Event()
    stage.api.faults.add(Slow(until=answer, after_work=True), method="sendMessage")

    async def handler() -> None:
        if how == "call":
            await session.send_message("sent")
        async with session:
            await stage.bot.send_message(stage.chat.id, "sent")

    task = asyncio.create_task(handler())
    await stage.chat.until(lambda view: view.texts() == ["sent"])
    await cancelled(task)
    await session.close()
    answer.set()
    await sent()
    assert stage.bot.sessions.is_idle()
    assert await stage.bot.sessions.storage.list(session.key) == []


async def test_a_send_that_fails_after_its_caller_was_cancelled_troubles_nobody(stage: FedBot) -> None:
    session, asked, answer = stage.session(), asyncio.Event(), asyncio.Event()

    async def refuse() -> object:
        asked.set()
        await answer.wait()
        raise ApiError(400, "Bad Request: too late")

    stage.answers("sendMessage", lambda _: refuse())
    task = asyncio.create_task(session.send_message("never"))
    await asked.wait()
    await cancelled(task)
    answer.set()
    with pytest.raises(TelegramBadRequest, match=r"^Telegram server says - Bad Request: too late$"):
        await sent()
    assert await session.messages() == []


async def test_a_block_whose_entering_is_cancelled_is_not_entered(stage: FedBot, line: Line) -> None:
    session = stage.session()
    line.held = asyncio.Event()

    async def enter() -> None:
        try:
            await session.__aenter__()
        except asyncio.CancelledError:
            line.held = None
            await stage.bot.send_message(stage.chat.id, "not in the block")

    task = asyncio.create_task(enter())
    await line.waiting.wait()
    task.cancel()
    await task
    assert await session.messages() == []


async def test_a_session_whose_opening_was_cancelled_is_open_all_the_same(stage: FedBot, line: Line) -> None:
    """ "it opens the key at once": a task that dies at the first await has opened it."""
    session = stage.session()
    line.held = asyncio.Event()
    task = asyncio.create_task(session.messages())
    await line.waiting.wait()
    await cancelled(task)
    line.held = None
    await stage.says("hello")
    assert await texts_of(session, stage.chat) == ["hello"]


async def test_closing_that_is_cancelled_leaves_the_session_whole_or_closed(stage: FedBot, line: Line) -> None:
    session = stage.session()
    await stage.says("hello")
    line.held = asyncio.Event()
    line.waiting.clear()
    task = asyncio.create_task(session.close())
    await line.waiting.wait()
    await cancelled(task)
    line.held = None
    assert await texts_of(session, stage.chat) == ["hello"]
    assert not stage.bot.sessions.is_idle()
