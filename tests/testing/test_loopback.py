"""The client that talks to the emulator is aiogram's own, and does not make the same models again and again."""

from __future__ import annotations

import gc

from aiogram import Bot
from aiogram.methods import Response
from aiogram.types import Message

from tgslices.testing import ChatView


async def test_models_of_answers_are_kept(bot: Bot, chat: ChatView) -> None:
    await bot.send_message(chat.id, "one")
    first = id(Response[Message])
    gc.collect()
    await bot.send_message(chat.id, "two")
    assert id(Response[Message]) == first
