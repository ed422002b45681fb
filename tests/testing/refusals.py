"""Catching what the server refuses."""

import pytest
from aiogram import Bot
from aiogram.exceptions import TelegramAPIError
from aiogram.methods import TelegramMethod


async def refusal(bot: Bot, method: TelegramMethod[object]) -> str:
    """The text of the error that a call is answered with."""
    with pytest.raises(TelegramAPIError) as caught:
        await bot(method)
    return caught.value.message
