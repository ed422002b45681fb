"""A wired bot that polls, with the storage that ships and with a plugin of four methods."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from aiogram import Dispatcher

from tests.promises.fed_bot import FedBot, polling
from tests.promises.storages import ListStorage
from tgslices import MemorySessionStorage, SessionBot, SessionStorage, setup_sessions
from tgslices.testing import BotApi


@pytest.fixture(params=[MemorySessionStorage, ListStorage])
def storage(request: pytest.FixtureRequest) -> SessionStorage:
    """Where the sessions are kept."""
    storage: SessionStorage = request.param()
    return storage


@pytest.fixture
async def api() -> AsyncIterator[BotApi]:
    """A server of Telegram's with a world of its own."""
    async with BotApi() as api:
        yield api


@pytest.fixture
async def stage(api: BotApi, storage: SessionStorage, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[FedBot]:
    """A wired bot that gets its updates, and Ann."""
    account = api.add_bot("order_bot")
    ann = api.add_person("Ann")
    dispatcher = Dispatcher()
    async with SessionBot(account.token, session=api.client_session()) as bot:
        setup_sessions(dispatcher, bot, storage=storage)
        async with polling(dispatcher, bot):
            yield FedBot(api, account, bot, dispatcher, ann, ann.private_chat(account), monkeypatch)
