"""Dispatchers that stop: what is at work is finished, and what others use stays open."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Annotated, Any

import pytest
from aiogram import Bot, Dispatcher
from aiogram.types import Message

from tests.middlewares.feeding import feed
from tgslices import Session, SessionBot, SessionKey, SessionQualifier, StorageError, setup_sessions
from tgslices.storage.sqlalchemy import SQLAlchemySessionStorage
from tgslices.testing import BotApi, Slow


@pytest.fixture
async def api() -> AsyncIterator[BotApi]:
    async with BotApi() as api:
        yield api


CLOSED = r"^The storage was closed\. Await its start\(\) to open it again\.$"


def storage_in(folder: Path) -> SQLAlchemySessionStorage:
    return SQLAlchemySessionStorage(f"sqlite+aiosqlite:///{folder}/slices.db")


async def test_a_handler_in_the_middle_of_a_wipe_is_waited_for(api: BotApi, tmp_path: Path) -> None:
    storage = storage_in(tmp_path)
    account = api.add_bot("order_bot")
    bot = SessionBot(account.token, session=api.client_session())
    dispatcher = Dispatcher()
    setup_sessions(dispatcher, bot, storage=storage)
    at_work, go_on = asyncio.Event(), asyncio.Event()

    @dispatcher.message()
    async def done(message: Message, order: Annotated[Session, SessionQualifier("order")]) -> None:
        await order.track(message)
        at_work.set()
        await go_on.wait()
        await order.clear()
        await order.close()

    chat = api.add_person("Ann").private_chat(account)
    polling = asyncio.create_task(dispatcher.start_polling(bot, handle_signals=False))
    await chat.types("/done")
    await at_work.wait()
    stopping = asyncio.create_task(dispatcher.stop_polling())
    await asyncio.sleep(0)
    go_on.set()
    await stopping
    await polling
    assert chat.texts() == []
    again = storage_in(tmp_path)
    assert await again.open_keys(account.id) == []
    await again.aclose()


async def test_the_storage_stays_open_until_the_last_dispatcher_of_a_bot_stops(api: BotApi, tmp_path: Path) -> None:
    storage = storage_in(tmp_path)
    async with SessionBot(api.add_bot("order_bot").token, session=api.client_session()) as bot:
        first, second = Dispatcher(), Dispatcher()
        setup_sessions(first, bot, storage=storage)
        setup_sessions(second, bot, storage=storage)
        await first.emit_startup(bot=bot)
        await second.emit_startup(bot=bot)
        await first.emit_shutdown(bot=bot)
        session = bot.sessions.get(7)
        await session.messages()
        assert await storage.open_keys(bot.id) == [SessionKey(bot.id, 7)]
        await second.emit_shutdown(bot=bot)
        with pytest.raises(StorageError, match=CLOSED):
            await storage.open_keys(bot.id)


async def test_two_bots_that_share_a_storage_close_it_together(api: BotApi, tmp_path: Path) -> None:
    storage = storage_in(tmp_path)
    bots = [SessionBot(api.add_bot(name).token, session=api.client_session()) for name in ("one_bot", "two_bot")]
    dispatchers = [Dispatcher(), Dispatcher()]
    for dispatcher, bot in zip(dispatchers, bots, strict=True):
        setup_sessions(dispatcher, bot, storage=storage)
        await dispatcher.emit_startup(bot=bot)
    await dispatchers[0].emit_shutdown(bot=bots[0])
    await bots[1].sessions.get(7).messages()
    await dispatchers[1].emit_shutdown(bot=bots[1])
    for bot in bots:
        await bot.session.close()


async def test_bots_that_appeared_later_keep_the_storage_until_each_is_done(api: BotApi, tmp_path: Path) -> None:
    """They hold no storage, because nobody says when they vanish; a stop waits for all of them, and then closes it."""
    storage = storage_in(tmp_path)
    dispatcher, at_work, go_on = Dispatcher(), asyncio.Event(), asyncio.Event()
    held: list[Any] = []
    setup_sessions(dispatcher, storage=storage)

    @dispatcher.message()
    async def handle(message: Message, bot: Bot, order: Annotated[Session, SessionQualifier("order")]) -> None:
        if bot is bots[2]:
            at_work.set()
            await go_on.wait()
            await order.track(message)
            held.extend(await order.messages())

    bots = [Bot(api.add_bot(f"late_{number}_bot").token, session=api.client_session()) for number in range(5)]
    await dispatcher.emit_startup()
    feeding = [asyncio.create_task(feed(dispatcher, bot)) for bot in bots]
    await at_work.wait()
    stopping = asyncio.create_task(dispatcher.emit_shutdown())
    await asyncio.gather(*feeding[:2], *feeding[3:])
    await storage.open_keys(bots[0].id)
    go_on.set()
    await stopping
    await feeding[2]
    assert [entry.message_id for entry in held] == [5]
    with pytest.raises(StorageError, match=CLOSED):
        await storage.open_keys(bots[0].id)
    for bot in bots:
        await bot.session.close()


async def test_two_dispatchers_of_a_bot_that_stop_at_once_finish_its_work(api: BotApi, tmp_path: Path) -> None:
    storage = storage_in(tmp_path)
    bot = SessionBot(api.add_bot("order_bot").token, session=api.client_session())
    dispatchers = [Dispatcher(), Dispatcher()]
    for dispatcher in dispatchers:
        setup_sessions(dispatcher, bot, storage=storage)
        await dispatcher.emit_startup(bot=bot)
    session = bot.sessions.get(7)
    await asyncio.gather(*(dispatcher.emit_shutdown(bot=bot) for dispatcher in dispatchers))
    assert not [task for task in asyncio.all_tasks() if task.get_name().startswith("tgslices")]
    again = storage_in(tmp_path)
    assert await again.open_keys(bot.id) == [session.key]
    await again.aclose()
    await bot.session.close()


async def test_a_script_without_a_dispatcher_keeps_the_storage_that_another_bot_lets_go(
    api: BotApi, tmp_path: Path
) -> None:
    storage = storage_in(tmp_path)
    tokens = [api.add_bot(name).token for name in ("one_bot", "two_bot")]
    first, second = (SessionBot(token, session=api.client_session()) for token in tokens)
    setup_sessions(Dispatcher(), first, second, storage=storage)
    async with first:
        session = first.sessions.get(7)
        async with second:
            await second.sessions.get(7).messages()
        assert await session.messages() == []
    with pytest.raises(StorageError, match=CLOSED):
        await storage.open_keys(first.id)


async def test_a_message_on_its_way_is_recorded_before_the_storage_is_closed(api: BotApi, tmp_path: Path) -> None:
    """Its caller has given up, but the person sees it all the same."""
    storage = storage_in(tmp_path)
    account = api.add_bot("order_bot")
    bot = SessionBot(account.token, session=api.client_session())
    dispatcher, answer = Dispatcher(), asyncio.Event()
    setup_sessions(dispatcher, bot, storage=storage)
    chat = api.add_person("Ann").private_chat(account)
    await dispatcher.emit_startup(bot=bot)
    session = bot.sessions.get(chat.id)
    api.faults.add(Slow(until=answer, after_work=True), method="sendMessage")
    sending = asyncio.create_task(session.send_message("sent"))
    await chat.until(lambda view: view.texts() == ["sent"])
    sending.cancel()
    await asyncio.wait([sending])
    stopping = asyncio.create_task(dispatcher.emit_shutdown(bot=bot))
    await asyncio.sleep(0)
    answer.set()
    await stopping
    again = storage_in(tmp_path)
    assert [entry.message_id for entry in await again.list(session.key)] == [1]
    await again.aclose()
    await bot.session.close()


async def test_a_dispatcher_that_starts_while_another_stops_keeps_storage_and_settling(
    api: BotApi, tmp_path: Path
) -> None:
    storage = storage_in(tmp_path)
    bot = SessionBot(api.add_bot("order_bot").token, session=api.client_session())
    first, second = Dispatcher(), Dispatcher()
    at_work, go_on = asyncio.Event(), asyncio.Event()
    for dispatcher in (first, second):
        setup_sessions(dispatcher, bot, storage=storage)

    @first.message()
    async def handle(message: Message) -> None:
        at_work.set()
        await go_on.wait()

    await first.emit_startup(bot=bot)
    feeding = asyncio.create_task(feed(first, bot))
    await at_work.wait()
    stopping = asyncio.create_task(first.emit_shutdown(bot=bot))
    await asyncio.sleep(0)
    await second.emit_startup(bot=bot)
    go_on.set()
    await asyncio.gather(stopping, feeding)
    await bot.sessions.get(7).messages()
    assert await storage.open_keys(bot.id) == [SessionKey(bot.id, 7)]
    assert [task for task in asyncio.all_tasks() if task.get_name() == "tgslices-upkeep"]
    await second.emit_shutdown(bot=bot)
    assert not [task for task in asyncio.all_tasks() if task.get_name() == "tgslices-upkeep"]
    with pytest.raises(Exception, match="closed"):
        await storage.open_keys(bot.id)
    await bot.session.close()


async def test_a_start_that_failed_half_way_and_was_repeated_is_finished_by_one_stop(
    api: BotApi, tmp_path: Path
) -> None:
    storage = storage_in(tmp_path)
    bot = SessionBot(api.add_bot("order_bot").token, session=api.client_session())
    dispatcher = Dispatcher()
    setup_sessions(dispatcher, bot, storage=storage)
    failures = [ConnectionError("no webhook")]

    @dispatcher.startup()
    async def start() -> None:
        if failures:
            raise failures.pop()

    with pytest.raises(ConnectionError):
        await dispatcher.emit_startup(bot=bot)
    await dispatcher.emit_startup(bot=bot)
    await dispatcher.emit_shutdown(bot=bot)
    assert not [task for task in asyncio.all_tasks() if task.get_name() == "tgslices-upkeep"]
    with pytest.raises(Exception, match="closed"):
        await storage.open_keys(bot.id)
    await bot.session.close()


async def test_a_shutdown_handler_uses_sessions_if_it_was_registered_before(api: BotApi, tmp_path: Path) -> None:
    dispatcher = Dispatcher()
    came: list[bool | str] = []
    async with SessionBot(api.add_bot("order_bot").token, session=api.client_session()) as bot:

        async def look() -> None:
            try:
                came.append(await bot.sessions.get(1001, collect=False).is_open())
            except StorageError as error:
                came.append(str(error))

        dispatcher.shutdown.register(look)
        setup_sessions(dispatcher, bot, storage=storage_in(tmp_path))
        dispatcher.shutdown.register(look)
        await dispatcher.emit_startup(bot=bot)
        await bot.sessions.get(1001).open()
        await dispatcher.emit_shutdown(bot=bot)
    assert came[0] is True
    assert re.match(CLOSED, str(came[1]))
