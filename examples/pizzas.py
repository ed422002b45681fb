"""Counts pizzas for each chat, and tracks no message: session data needs no open session.

Run it with ``BOT_TOKEN=... python -m examples.pizzas``, in as many processes as you like.
"""

from __future__ import annotations

import asyncio
import os
from dataclasses import dataclass
from typing import Annotated, Final, TypeAlias

from aiogram import Dispatcher, F, Router
from aiogram.filters import Command
from aiogram.types import Message

from tgslices import SessionBot, SessionData, SessionKeyStrategy, SessionStorage, setup_sessions
from tgslices.storage.opening import open_storage


@dataclass
class Pizzas:
    """What a chat has had."""

    eaten: int = 0


ChatPizzas: TypeAlias = Annotated[Pizzas, SessionData(Pizzas)]
"""One for each chat, because that is the key strategy of :func:`make_dispatcher`."""


async def eat(message: Message, pizzas: ChatPizzas) -> None:
    """Count one more. Nobody else in this chat has the number until the handler has ended."""
    pizzas.eaten += 1
    await message.answer(f"That makes {pizzas.eaten}.")


async def total(message: Message, pizzas: ChatPizzas) -> None:
    """Tell the number; what is not changed is not written."""
    await message.answer(f"This chat has had {pizzas.eaten} so far.")


def make_dispatcher(bot: SessionBot, storage: SessionStorage) -> Dispatcher:
    """Wire the bot; the counters are kept in ``storage``."""
    router = Router()
    router.message.register(total, Command("pizzas"))
    router.message.register(eat, F.text.contains("🍕"))
    dispatcher = Dispatcher()
    dispatcher.include_router(router)
    setup_sessions(dispatcher, bot, storage=storage, key_strategy=SessionKeyStrategy.CHAT)
    return dispatcher


URL: Final = "sqlite:///pizzas.db"

if __name__ == "__main__":
    bot = SessionBot(os.environ["BOT_TOKEN"])
    asyncio.run(make_dispatcher(bot, open_storage(os.environ.get("STORAGE", URL))).start_polling(bot))
