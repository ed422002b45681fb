"""A fresh server for every test: one bot, its client, one person and their private chat."""

from collections.abc import AsyncIterator

import pytest
from aiogram import Bot

from tgslices.testing import BotAccount, BotApi, ChatView, Person


@pytest.fixture
async def api() -> AsyncIterator[BotApi]:
    async with BotApi() as api:
        yield api


@pytest.fixture
def account(api: BotApi) -> BotAccount:
    return api.add_bot("order_bot")


@pytest.fixture
async def bot(api: BotApi, account: BotAccount) -> AsyncIterator[Bot]:
    async with Bot(account.token, session=api.client_session()) as bot:
        yield bot


@pytest.fixture
def ann(api: BotApi) -> Person:
    return api.add_person("Ann")


@pytest.fixture
def chat(ann: Person, account: BotAccount) -> ChatView:
    return ann.private_chat(account)
