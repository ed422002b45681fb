"""What stays in a chat for good has no live button left, on every storage and after a restart."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from aiogram import Dispatcher
from aiogram.exceptions import TelegramNetworkError
from aiogram.types import InlineKeyboardButton, InlineKeyboardMarkup, Message

from tests.promises.fed_bot import FedBot, polling
from tests.promises.storages import ListStorage
from tests.storage.conftest import postgres, postgres_url, redis_server
from tests.storage.redis.servers import RedisServer, prefix_of
from tgslices import MemorySessionStorage, SessionBot, SessionStorage, setup_sessions
from tgslices.storage.redis import RedisSessionStorage
from tgslices.storage.sqlalchemy import SQLAlchemySessionStorage
from tgslices.testing import BotApi, Drop, Slow

__all__ = ("postgres", "postgres_url", "redis_server")

OLD = timedelta(hours=49)
KEYBOARD = InlineKeyboardMarkup(inline_keyboard=[[InlineKeyboardButton(text="Pay", callback_data="pay")]])


@pytest.fixture(params=["memory", "plugin", "sqlite", "postgresql", "redis"])
def new_storage(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], SessionStorage]:
    """Return what makes a storage as a new process would have it; that of a process's memory is kept."""
    kept: SessionStorage = MemorySessionStorage() if request.param == "memory" else ListStorage()
    match request.param:
        case "sqlite":
            return lambda: SQLAlchemySessionStorage(f"sqlite:///{tmp_path / 'kept.db'}")
        case "postgresql":
            url = request.getfixturevalue("postgres_url")
            return lambda: SQLAlchemySessionStorage(url)
        case "redis":
            server: RedisServer = request.getfixturevalue("redis_server")
            return lambda: RedisSessionStorage(server.url, prefix=prefix_of(tmp_path))
        case _:
            return lambda: kept


@asynccontextmanager
async def process(api: BotApi, token: str, storage: SessionStorage) -> AsyncIterator[tuple[SessionBot, Dispatcher]]:
    """A process of the bot, whose clock is the emulator's."""
    dispatcher = Dispatcher()
    async with SessionBot(token, session=api.client_session()) as bot:
        setup_sessions(dispatcher, bot, storage=storage, clock=api.clock.now)

        @dispatcher.message()
        async def ask(message: Message) -> None:
            async with bot.sessions.get(message.chat, message.from_user):
                await message.answer("Ready to pay?", reply_markup=KEYBOARD)
                await message.answer("It is two euros.")

        async with polling(dispatcher, bot):
            yield bot, dispatcher


async def test_after_a_restart_what_had_buttons_costs_one_request_each(
    new_storage: Callable[[], SessionStorage], monkeypatch: pytest.MonkeyPatch
) -> None:
    async with BotApi() as api:
        api.clock.freeze()
        account, ann = api.add_bot("order_bot"), api.add_person("Ann")
        chat = ann.private_chat(account)
        async with process(api, account.token, new_storage()) as (bot, dispatcher):
            stage = FedBot(api, account, bot, dispatcher, ann, chat, monkeypatch)
            await stage.says("/start", *map(str, range(4)))
        api.clock.move(OLD)
        async with process(api, account.token, new_storage()) as (bot, dispatcher):
            session = bot.sessions.get(chat.id, ann.id)
            before = api.count("editMessageText")
            result = await session.clear(neutralise="This order is closed.")
        assert api.count("editMessageText") - before == len(result.neutralised) == result.requests == 5
        assert len(result.expired) == 14
        assert result.not_neutralised == {}
        assert chat.texts().count("This order is closed.") == 5
        with pytest.raises(AssertionError, match="no visible button"):
            await chat.taps()


async def test_after_a_restart_buttons_are_known_as_the_last_edit_left_them(
    new_storage: Callable[[], SessionStorage],
) -> None:
    async with BotApi() as api:
        api.clock.freeze()
        account, ann = api.add_bot("order_bot"), api.add_person("Ann")
        chat = ann.private_chat(account)
        kept = new_storage()
        async with process(api, account.token, kept) as (bot, _):
            async with bot.sessions.get(chat.id, ann.id):
                plain = await bot.send_message(chat.id, "Ready to pay?")
                asked = await bot.send_message(chat.id, "And a tip?", reply_markup=KEYBOARD)
                poll = await bot.send_poll(chat.id, "Good?", ["yes", "no"], reply_markup=KEYBOARD)
            await plain.edit_reply_markup(reply_markup=KEYBOARD)  # outside of the block, as a handler of taps does
            await asked.edit_text("No tip, then.")
            await bot.stop_poll(chat.id, poll.message_id)
        api.clock.move(OLD)
        async with process(api, account.token, new_storage()) as (bot, _):
            result = await bot.sessions.get(chat.id, ann.id).clear(neutralise=True)
        had_buttons = [asked, poll] if isinstance(kept, ListStorage) else [plain]  # what a plugin keeps stays as it was
        assert [it.message_id for it in result.neutralised] == [it.message_id for it in had_buttons]
        assert result.requests == len(had_buttons)


async def test_an_edit_costs_the_storage_nothing_while_it_has_nothing_to_say() -> None:
    told: list[bool] = []

    class Counting(MemorySessionStorage):
        async def note_buttons(self, *args: Any, has_buttons: bool, **more: Any) -> int:
            told.append(has_buttons)
            return await super().note_buttons(*args, has_buttons=has_buttons, **more)

    async with BotApi() as api:
        api.clock.freeze()
        account, ann = api.add_bot("order_bot"), api.add_person("Ann")
        chat = ann.private_chat(account)
        async with process(api, account.token, Counting()) as (bot, _):
            outside = await bot.send_message(chat.id, "...")
            await outside.edit_text("Nothing is open.", reply_markup=KEYBOARD)
            assert told == []
            async with bot.sessions.get(chat.id, ann.id):
                answer = await bot.send_message(chat.id, "...")
            for number in range(5):
                await answer.edit_text(f"An answer that grows: {number}")
            assert told == [False]
            await answer.edit_reply_markup(reply_markup=KEYBOARD)
            assert told == [False, True]
            api.clock.move(timedelta(minutes=1))  # another worker may have told something else by now
            await answer.edit_text("Ready to pay?", reply_markup=KEYBOARD)
            assert told == [False, True, True]


async def test_an_edit_is_noted_when_the_storage_is_back() -> None:
    is_away = False

    class Failing(MemorySessionStorage):
        async def note_buttons(self, *args: Any, **more: Any) -> int:
            if is_away:
                raise OSError("The storage is away.")
            return await super().note_buttons(*args, **more)

    async with BotApi() as api:
        account, ann = api.add_bot("order_bot"), api.add_person("Ann")
        chat = ann.private_chat(account)
        async with process(api, account.token, Failing()) as (bot, _):
            async with bot.sessions.get(chat.id, ann.id) as session:
                plain = await bot.send_message(chat.id, "Ready to pay?")
            is_away = True
            assert isinstance(await plain.edit_reply_markup(reply_markup=KEYBOARD), Message)
            is_away = False
            [entry] = await session.messages()
    assert entry.has_buttons


@pytest.mark.parametrize("how", ["lost", "cancelled"])
async def test_buttons_that_an_edit_without_an_answer_may_have_given_are_taken(api: BotApi, how: str) -> None:
    account, ann = api.add_bot("order_bot"), api.add_person("Ann")
    chat = ann.private_chat(account)
    async with SessionBot(account.token, session=api.client_session()) as bot:
        setup_sessions(Dispatcher(), bot, clock=api.clock.now)
        session = bot.sessions.get(ann.id, ann.id)
        order = await session.send_message("Ready to pay?")
        is_late = Slow(timedelta(milliseconds=50))
        api.faults.add(Drop(after_work=True) if how == "lost" else is_late, method="editMessageReplyMarkup")
        with pytest.raises(TelegramNetworkError if how == "lost" else TimeoutError):
            async with asyncio.timeout(None if how == "lost" else 0.02):
                await order.edit_reply_markup(reply_markup=KEYBOARD)
        await chat.until(lambda view: bool(view.visible()[-1].buttons))
        assert [entry.has_buttons for entry in await session.messages()] == [True]
        api.clock.move(OLD)
        result = await session.clear(neutralise=True)
        assert len(result.neutralised) == 1
        assert not chat.visible()[-1].buttons


async def test_labels_are_not_made_up_where_an_edit_without_an_answer_may_have_taken_them(api: BotApi) -> None:
    account, ann = api.add_bot("order_bot"), api.add_person("Ann")
    chat = ann.private_chat(account)
    async with SessionBot(account.token, session=api.client_session()) as bot:
        setup_sessions(Dispatcher(), bot, clock=api.clock.now)
        session = bot.sessions.get(ann.id, ann.id)
        order = await session.send_message("Ready to pay?", reply_markup=KEYBOARD)
        api.faults.add(Drop(after_work=True), method="editMessageReplyMarkup")
        with pytest.raises(TelegramNetworkError):
            await order.edit_reply_markup()
        api.clock.move(OLD)
        assert len((await session.clear(neutralise=True)).neutralised) == 1
        assert not chat.visible()[-1].buttons
