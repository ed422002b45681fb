"""Stops that are cancelled, fail half-way, or come while something else is at work: nothing is left behind."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from aiogram import Dispatcher
from aiogram.types import Message

from tests.upkeep.test_shutdown import CLOSED, storage_in
from tgslices import MemorySessionStorage, Session, SessionBot, SessionStorage, StorageError, setup_sessions
from tgslices.testing import BotApi, ChatView, Failure, Slow
from tgslices.upkeep.start_and_stop import POLLING


@pytest.fixture
async def api() -> AsyncIterator[BotApi]:
    async with BotApi() as api:
        yield api


def upkeeps() -> list[asyncio.Task[Any]]:
    return [task for task in asyncio.all_tasks() if task.get_name() == "tgslices-upkeep" and not task.done()]


async def test_a_wipe_that_no_handler_runs_is_waited_for_and_wakes_nothing_afterwards(
    api: BotApi, tmp_path: Path
) -> None:
    """A job of a scheduler, for example. What it leaves pending is the next start's."""
    account = api.add_bot("order_bot")
    bot = SessionBot(account.token, session=api.client_session())
    dispatcher = Dispatcher()
    setup_sessions(dispatcher, bot, storage=storage_in(tmp_path), patience=timedelta(0))
    chat = api.add_person("Ann").private_chat(account)
    for turns in range(12):
        await dispatcher.emit_startup(bot=bot)
        session = bot.sessions.get(chat.id)
        await session.send_message("sent")
        api.faults.add(Failure(500), method="deleteMessages")
        clearing = asyncio.create_task(session.clear())
        for _ in range(turns):
            await asyncio.sleep(0)
        await dispatcher.emit_shutdown(bot=bot)
        assert not upkeeps()
        if turns:  # it had begun
            assert len((await clearing).pending) == 1
        await asyncio.wait([clearing])
        assert not upkeeps()
        api.faults.clear()
    await bot.session.close()


@pytest.mark.parametrize("wipe", [Session.clear, lambda session: session.prune(0)], ids=["clear", "prune"])
async def test_a_wipe_on_its_way_is_settled_before_the_storage_is_closed(
    api: BotApi, tmp_path: Path, wipe: Callable[[Session], Coroutine[Any, Any, int]]
) -> None:
    account = api.add_bot("order_bot")
    bot = SessionBot(account.token, session=api.client_session())
    dispatcher, answer = Dispatcher(), asyncio.Event()
    setup_sessions(dispatcher, bot, storage=storage_in(tmp_path))
    chat = api.add_person("Ann").private_chat(account)
    await dispatcher.emit_startup(bot=bot)
    session = bot.sessions.get(chat.id)
    for text in "abcdefg":
        await session.send_message(text)
    api.faults.add(Slow(until=answer, after_work=True), method="deleteMessages")
    wiping = asyncio.create_task(wipe(session))
    await chat.until(lambda view: "a" not in view.texts())
    stopping = asyncio.create_task(dispatcher.emit_shutdown(bot=bot))
    await asyncio.sleep(0)
    answer.set()
    await stopping
    assert wiping.done()
    again = storage_in(tmp_path)
    assert await again.pending(account.id) == []
    await again.aclose()
    await bot.session.close()


async def test_a_stop_that_was_cancelled_before_it_began_is_made_up_for_by_the_next(
    api: BotApi, tmp_path: Path
) -> None:
    storage = storage_in(tmp_path)
    bot = SessionBot(api.add_bot("order_bot").token, session=api.client_session())
    dispatcher = Dispatcher()
    setup_sessions(dispatcher, bot, storage=storage)
    for turns in range(12):
        await dispatcher.emit_startup(bot=bot)
        stopping = asyncio.create_task(dispatcher.emit_shutdown(bot=bot))
        for _ in range(turns):
            await asyncio.sleep(0)
        stopping.cancel()
        await asyncio.wait([stopping])
        await dispatcher.emit_startup(bot=bot)
        await dispatcher.emit_shutdown(bot=bot)
        assert not upkeeps()
        with pytest.raises(StorageError, match=CLOSED):
            await storage.open_keys(bot.id)
    await bot.session.close()


async def test_a_storage_that_cannot_be_closed_keeps_no_other_from_being_closed(api: BotApi, tmp_path: Path) -> None:
    class Stuck(MemorySessionStorage):
        async def aclose(self) -> None:
            raise ConnectionError("gone")

    storage, dispatcher = storage_in(tmp_path), Dispatcher()
    bots = [SessionBot(api.add_bot(name).token, session=api.client_session()) for name in ("one_bot", "two_bot")]
    kept: list[SessionStorage] = [Stuck(), storage]
    for bot, its in zip(bots, kept, strict=True):
        setup_sessions(Dispatcher(), bot, storage=its)
        setup_sessions(dispatcher, bot)
    await dispatcher.emit_startup(bot=bots[0], bots=bots)
    await bots[1].sessions.get(7).messages()
    with pytest.raises(ConnectionError):
        await dispatcher.emit_shutdown(bot=bots[0], bots=bots)
    assert not upkeeps()
    with pytest.raises(StorageError, match=CLOSED):
        await storage.open_keys(bots[1].id)
    for bot in bots:
        await bot.session.close()


def has(seen: list[str | None], text: str, _: ChatView) -> bool:
    return text in seen


async def test_a_cancelled_polling_ends_although_another_dispatcher_runs_the_bot(api: BotApi) -> None:
    """aiogram leaves its polling task running; the next one would meet it for ever, as a conflict of two."""
    account = api.add_bot("order_bot")
    chat = api.add_person("Ann").private_chat(account)
    polled, fed = Dispatcher(), Dispatcher()
    async with SessionBot(account.token, session=api.client_session()) as bot:
        for dispatcher in (polled, fed):
            setup_sessions(dispatcher, bot)
        seen: list[str | None] = []

        @polled.message()
        async def note(message: Message) -> None:
            seen.append(message.text)

        await fed.emit_startup(bot=bot)
        for text in ("one", "two"):
            polling = asyncio.create_task(
                polled.start_polling(bot, handle_signals=False, close_bot_session=False, polling_timeout=1)
            )
            await chat.types(text)
            await chat.until(partial(has, seen, text))
            polling.cancel()
            await asyncio.wait([polling])
            assert not [task for task in asyncio.all_tasks() if getattr(task.get_coro(), "__qualname__", "") == POLLING]
        assert upkeeps(), "the other dispatcher goes on"
        await fed.emit_shutdown(bot=bot)
        assert not upkeeps()


async def test_a_start_that_failed_half_way_is_undone_by_hand(api: BotApi, tmp_path: Path) -> None:
    """aiogram emits no shutdown then, and whoever builds everything anew would find the file owned."""
    account = api.add_bot("order_bot")
    failures = [ConnectionError("no webhook")]
    for _ in range(2):
        dispatcher = Dispatcher()
        bot = SessionBot(account.token, session=api.client_session())
        setup_sessions(dispatcher, bot, storage=storage_in(tmp_path))

        @dispatcher.startup()
        async def start() -> None:
            if failures:
                raise failures.pop()

        if failures:
            with pytest.raises(ConnectionError):
                await dispatcher.emit_startup(bot=bot)
            await bot.sessions.aclose()
            assert not upkeeps()
    for _ in range(2):
        await dispatcher.emit_startup(bot=bot)
        assert upkeeps()
        await bot.sessions.aclose()
        assert not upkeeps()
    await bot.session.close()
