"""A wired bot that talks to the emulator and is fed by hand."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from aiogram import Dispatcher

from tests.promises.stage import Stage
from tgslices import SessionBot, setup_sessions
from tgslices.testing import BotApi


@pytest.fixture
async def api() -> AsyncIterator[BotApi]:
    """A server of Telegram's with a world of its own."""
    async with BotApi() as api:
        yield api


@pytest.fixture
async def stage(api: BotApi, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Stage]:
    """A wired bot that nobody feeds, and Ann."""
    account = api.add_bot("order_bot")
    ann = api.add_person("Ann")
    dispatcher = Dispatcher()
    async with SessionBot(account.token, session=api.client_session()) as bot:
        setup_sessions(dispatcher, bot)
        yield Stage(api, account, bot, dispatcher, ann, ann.private_chat(account), monkeypatch)
