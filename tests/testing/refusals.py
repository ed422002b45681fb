"""Catching what the server refuses."""

from typing import Any

import aiohttp
import pytest
from aiogram import Bot
from aiogram.exceptions import TelegramAPIError
from aiogram.methods import TelegramMethod

from tgslices.testing import BotAccount, BotApi
from tgslices.testing.errors import ApiError


async def refusal(bot: Bot, method: TelegramMethod[Any]) -> str:
    """The text of the error that a call is answered with."""
    with pytest.raises(TelegramAPIError) as caught:
        await bot(method)
    return caught.value.message


def text_of(refusal: ApiError | None) -> str | None:
    return None if refusal is None else refusal.description


async def answer_to(api: BotApi, account: BotAccount, method: str, **arguments: Any) -> Any:
    """The result, or the text of the error, of a call with arguments that aiogram would not send."""
    url = f"{api.url}/bot{account.token}/{method}"
    async with aiohttp.ClientSession() as client, client.post(url, json=arguments) as response:
        answer = await response.json()
    return answer["result"] if answer["ok"] else answer["description"]
