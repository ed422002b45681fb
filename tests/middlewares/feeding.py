"""Updates that are fed to a dispatcher by hand, for any bot."""

from __future__ import annotations

from typing import Any, cast

from aiogram import Bot, Dispatcher
from aiogram.types import Update

from tgslices import SessionManager


def sessions_of(bot: Bot) -> SessionManager:
    """Return what a plain bot has gained."""
    return cast(SessionManager, vars(bot)["sessions"])


def message(message_id: int) -> dict[str, Any]:
    """Return a message of Ann's to any bot."""
    ann = {"id": 7, "is_bot": False, "first_name": "Ann"}
    chat = {"id": 7, "type": "private", "first_name": "Ann"}
    return {"message_id": message_id, "date": 1_700_000_000, "chat": chat, "from": ann, "text": "hi"}


async def feed(dispatcher: Dispatcher, bot: Bot, message_id: int = 5) -> None:
    event = {"update_id": message_id, "message": message(message_id)}
    await dispatcher.feed_update(bot, Update.model_validate(event, context={"bot": bot}))


def shape_of(dispatcher: Dispatcher, bot: Bot) -> list[int]:
    """Return how many of everything that a wiring adds there are."""
    return [
        len(dispatcher.update.outer_middleware),
        *(len(observer.middleware) for observer in dispatcher.observers.values()),
        *(len(observer.handlers) for observer in dispatcher.observers.values()),
        len(dispatcher.startup.handlers),
        len(dispatcher.shutdown.handlers),
        len(bot.session.middleware),
    ]
