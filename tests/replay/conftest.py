"""A bot with a session in Ann's private chat, a desk that the session is replayed to, and a clock that waits move."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from aiogram import Bot

from tests.deletion.scene import Scene
from tests.replay.stage import ReplayStage
from tgslices.storage.memory import MemorySessionStorage
from tgslices.testing import BotApi


@pytest.fixture
async def stage() -> AsyncIterator[ReplayStage]:
    """A bot, Ann, and a desk where the bot may write."""
    async with BotApi() as api:
        api.clock.freeze()
        account = api.add_bot("order_bot")
        ann = api.add_person("Ann")
        desk = api.add_supergroup("Desk", members=[ann, account])
        async with Bot(account.token, session=api.client_session()) as bot:
            yield ReplayStage(Scene(api, account, bot, ann, MemorySessionStorage()), desk)
