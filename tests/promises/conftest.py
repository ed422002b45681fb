"""Every promise is kept by polling, with the memory storage and with a file, and by a webhook with a plugin of four."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiogram import Dispatcher

from tests.promises.fed_bot import FedBot, polling, webhook
from tests.promises.storages import ListStorage
from tests.storage.prepared import prepared
from tgslices import MemorySessionStorage, SessionBot, SessionStorage, setup_sessions
from tgslices.storage.sqlalchemy import SQLAlchemySessionStorage
from tgslices.testing import BotApi


@pytest.fixture
async def api() -> AsyncIterator[BotApi]:
    """A server of Telegram's with a world of its own."""
    async with BotApi() as api:
        yield api


@pytest.fixture(params=["polling", "webhook", "polling-sqlite"])
def variant(request: pytest.FixtureRequest) -> str:
    """How updates reach the bot, and where its sessions are kept."""
    return str(request.param)


@pytest.fixture
def delivery(variant: str) -> str:
    """How updates reach the bot."""
    return variant.partition("-")[0]


@pytest.fixture
def kept(variant: str, tmp_path: Path) -> SessionStorage:
    """A storage of the variant's kind."""
    match variant:
        case "polling":
            return MemorySessionStorage()
        case "webhook":
            return ListStorage()
        case _:
            return SQLAlchemySessionStorage(f"sqlite:///{prepared(tmp_path / 'kept.db')}")


@pytest.fixture
def storage(kept: SessionStorage) -> SessionStorage:
    """Where the sessions of the bot on the stage are kept."""
    return kept


@pytest.fixture
async def stage(
    api: BotApi, delivery: str, storage: SessionStorage, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[FedBot]:
    """A wired bot that gets its updates, and Ann."""
    account = api.add_bot("order_bot")
    ann = api.add_person("Ann")
    dispatcher = Dispatcher()
    async with SessionBot(account.token, session=api.client_session()) as bot:
        setup_sessions(dispatcher, bot, storage=storage)
        stage = FedBot(api, account, bot, dispatcher, ann, ann.private_chat(account), monkeypatch)
        async with polling(dispatcher, bot) if delivery == "polling" else webhook(dispatcher, bot):
            yield stage
