from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from aiogram import Bot

from tests.deletion.scene import Scene
from tgslices.storage.memory import MemorySessionStorage
from tgslices.testing import BotApi


@pytest.fixture
async def scene() -> AsyncIterator[Scene]:
    """A bot and Ann, with a memory storage."""
    async with BotApi() as api:
        api.clock.freeze()
        account = api.add_bot("order_bot")
        ann = api.add_person("Ann")
        async with Bot(account.token, session=api.client_session()) as bot:
            yield Scene(api, account, bot, ann, MemorySessionStorage())
