"""The client that talks to the emulator is aiogram's own, and does not make the same models again and again."""

from __future__ import annotations

import gc
import weakref

from aiogram import Bot
from aiogram.methods import Response
from aiogram.types import Message

from tgslices.testing import ChatView


async def test_models_of_answers_are_kept(bot: Bot, chat: ChatView) -> None:
    await bot.send_message(chat.id, "one")
    model = weakref.ref(Response[Message])
    gc.collect()
    assert model() is not None
