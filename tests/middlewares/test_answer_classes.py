"""The classes that aiogram reads answers with: pydantic builds each in milliseconds, and lets go of it at once."""

from __future__ import annotations

import gc
from weakref import ref

from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.methods import Response
from aiogram.types import UserProfilePhotos

from tgslices import SessionBot
from tgslices.testing import BotApi


async def test_the_class_of_an_answer_outlives_the_collector(api: BotApi) -> None:
    ann, account = api.add_person("Ann"), api.add_bot("order_bot")
    client = AiohttpSession(api=TelegramAPIServer.from_base(api.url))  # the emulator's own keeps such classes as well
    async with SessionBot(account.token, session=client) as bot:
        await bot.get_user_profile_photos(ann.id)
    read_with = ref(Response[UserProfilePhotos])

    gc.collect()

    assert read_with() is not None
