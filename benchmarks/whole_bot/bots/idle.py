"""The bot that has sessions and uses none."""

from __future__ import annotations

from aiogram import Bot, Dispatcher

from benchmarks.whole_bot.bots.bare import register
from benchmarks.whole_bot.bots.with_sessions import storage_at
from tgslices import setup_sessions


def build(dispatcher: Dispatcher, bot: Bot, place: str) -> None:
    register(dispatcher)
    setup_sessions(dispatcher, bot, storage=storage_at(place))
