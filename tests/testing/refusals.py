"""Catching what the server refuses."""

from typing import Any

import pytest
from aiogram import Bot
from aiogram.exceptions import TelegramAPIError
from aiogram.methods import TelegramMethod

from tgslices.testing.errors import ApiError


async def refusal(bot: Bot, method: TelegramMethod[Any]) -> str:
    """The text of the error that a call is answered with."""
    with pytest.raises(TelegramAPIError) as caught:
        await bot(method)
    return caught.value.message


def text_of(refusal: ApiError | None) -> str | None:
    return None if refusal is None else refusal.description
