"""The bot that keeps nothing but the classes of answers, as sessions do and aiogram does not: a fairer bare bot."""

from __future__ import annotations

from typing import Any

from aiogram import Bot, Dispatcher

from benchmarks.whole_bot.bots.bare import register
from tgslices.middlewares.answer_classes import keep_answer_class


def build(dispatcher: Dispatcher, bot: Bot, _place: str) -> None:
    register(dispatcher)
    bot.session.middleware(keeping)


async def keeping(make_request: Any, bot: Bot, method: Any) -> Any:
    """Keep what reads the answer of each request."""
    keep_answer_class(method)
    return await make_request(bot, method)
