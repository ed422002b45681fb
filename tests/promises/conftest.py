"""Every promise is kept by polling with the memory storage, and by a webhook with a four-method plugin."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from aiogram import Dispatcher

from tests.promises.stage import Stage, polling, webhook
from tests.promises.storages import ListStorage
from tgslices import MemorySessionStorage, SessionBot, SessionStorage, setup_sessions
from tgslices.testing import BotApi


@pytest.fixture
async def api() -> AsyncIterator[BotApi]:
    """A server of Telegram's with a world of its own."""
    async with BotApi() as api:
        yield api


@pytest.fixture(params=["polling", "webhook"])
def delivery(request: pytest.FixtureRequest) -> str:
    """How updates reach the bot."""
    return str(request.param)


@pytest.fixture
def storage(delivery: str) -> SessionStorage:
    """Where the sessions are kept."""
    return MemorySessionStorage() if delivery == "polling" else ListStorage()


@pytest.fixture
async def stage(
    api: BotApi, delivery: str, storage: SessionStorage, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Stage]:
    """A wired bot that gets its updates, and Ann."""
    account = api.add_bot("order_bot")
    ann = api.add_person("Ann")
    dispatcher = Dispatcher()
    async with SessionBot(account.token, session=api.client_session()) as bot:
        setup_sessions(dispatcher, bot, storage=storage)
        stage = Stage(api, account, bot, dispatcher, ann, ann.private_chat(account), monkeypatch)
        async with polling(dispatcher, bot) if delivery == "polling" else webhook(dispatcher, bot):
            yield stage
