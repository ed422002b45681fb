"""A bot that polls, with a storage of each kind."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from aiogram import Dispatcher

from tests.promises.fed_bot import FedBot, polling
from tests.storage.conftest import (
    any_storage,
    emptied_postgres_url,
    postgres,
    postgres_url,
    redis_server,
    redis_url,
    url,
)
from tgslices import SessionBot, SessionStorage, setup_sessions
from tgslices.testing import BotApi

__all__ = ("any_storage", "emptied_postgres_url", "postgres", "postgres_url", "redis_server", "redis_url", "url")


@pytest.fixture
async def api() -> AsyncIterator[BotApi]:
    """A server of Telegram's with a world of its own."""
    async with BotApi() as api:
        yield api


@pytest.fixture
async def stage(api: BotApi, any_storage: SessionStorage, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[FedBot]:
    """A wired bot that polls, and Ann."""
    account, ann = api.add_bot("order_bot"), api.add_person("Ann")
    dispatcher = Dispatcher()
    api.clock.freeze()
    async with SessionBot(account.token, session=api.client_session()) as bot:
        setup_sessions(dispatcher, bot, storage=any_storage, clock=api.clock.now)
        stage = FedBot(api, account, bot, dispatcher, ann, ann.private_chat(account), monkeypatch)
        async with polling(dispatcher, bot):
            yield stage
