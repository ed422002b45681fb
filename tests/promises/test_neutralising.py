"""What stays in a chat for good has no live button left, on every storage and after a restart."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from aiogram import Dispatcher
from aiogram.types import InlineKeyboardButton, InlineKeyboardMarkup, Message

from tests.promises.fed_bot import FedBot, polling
from tests.promises.storages import ListStorage
from tests.storage.conftest import postgres, postgres_url, redis_server
from tests.storage.redis.servers import RedisServer, prefix_of
from tgslices import MemorySessionStorage, SessionBot, SessionStorage, setup_sessions
from tgslices.storage.redis import RedisSessionStorage
from tgslices.storage.sqlalchemy import SQLAlchemySessionStorage
from tgslices.testing import BotApi

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
