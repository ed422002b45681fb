"""A wired bot that talks to the emulator and is fed by hand."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from aiogram import Bot, Dispatcher

from tests.promises.fed_bot import FedBot
from tgslices import SessionBot, setup_sessions
from tgslices.testing import BotApi


@pytest.fixture
async def api() -> AsyncIterator[BotApi]:
    """A server of Telegram's with a world of its own."""
    async with BotApi() as api:
        yield api


@pytest.fixture
async def stage(api: BotApi, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[FedBot]:
    """A wired bot that nobody feeds, and Ann."""
    account = api.add_bot("order_bot")
    ann = api.add_person("Ann")
    dispatcher = Dispatcher()
    async with SessionBot(account.token, session=api.client_session()) as bot:
        setup_sessions(dispatcher, bot)
        yield FedBot(api, account, bot, dispatcher, ann, ann.private_chat(account), monkeypatch)


@pytest.fixture
async def plain(api: BotApi) -> AsyncIterator[Bot]:
    """aiogram's own Bot."""
    async with Bot(api.add_bot("plain_bot").token, session=api.client_session()) as bot:
        yield bot


@pytest.fixture
async def session_bot(api: BotApi) -> AsyncIterator[SessionBot]:
    """A bot with sessions that nobody has wired."""
    async with SessionBot(api.add_bot("session_bot").token, session=api.client_session()) as bot:
        yield bot
