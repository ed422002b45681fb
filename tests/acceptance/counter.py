"""A worker process that adds one to a counter of session data, again and again, each time in a handler.

``python -m tests.acceptance.counter URL NAME TIMES`` writes a dot for every handler that has returned.
"""

from __future__ import annotations

import asyncio
import dataclasses
import os
import sys
from typing import Annotated

from aiogram import Bot, Dispatcher
from aiogram.types import Message, Update

from tgslices import SessionData, SessionKey, setup_sessions
from tgslices.storage.opening import open_storage
from tgslices.storage.protocol import SessionStorage
from tgslices.storage.sqlalchemy import SQLAlchemySessionStorage

TOKEN = "42:" + "A" * 35
CHAT = 7
KEY = SessionKey(42, CHAT, CHAT)
AT_ONCE = 5


@dataclasses.dataclass
class Count:
    """What every worker adds to."""

    total: int = 0
    by_worker: dict[str, int] = dataclasses.field(default_factory=dict)


COUNT = SessionData(Count)


def shared_storage(url: str) -> SessionStorage:
    """Return a storage that other processes use, too."""
    return SQLAlchemySessionStorage(url, shared=True) if "sql" in url else open_storage(url)


async def add(url: str, name: str, times: int) -> None:
    """Feed updates to a dispatcher, a few at once."""
    bot, dispatcher = Bot(TOKEN), Dispatcher()
    setup_sessions(dispatcher, bot, storage=shared_storage(url))

    @dispatcher.message()
    async def handle(message: Message, count: Annotated[Count, COUNT]) -> None:
        total = count.total
        await asyncio.sleep(0)
        count.total = total + 1
        count.by_worker[name] = count.by_worker.get(name, 0) + 1

    async def feed(number: int) -> None:
        person = {"id": CHAT, "is_bot": False, "first_name": "Ann"}
        chat = {"id": CHAT, "type": "private", "first_name": "Ann"}
        message = {"message_id": number, "date": 1_700_000_000, "chat": chat, "from": person, "text": "one more"}
        update = Update.model_validate({"update_id": number, "message": message}, context={"bot": bot})
        await dispatcher.feed_update(bot, update)
        os.write(1, b".")

    await dispatcher.emit_startup(bot=bot)
    for number in range(0, times, AT_ONCE):
        await asyncio.gather(*(feed(1 + each) for each in range(number, min(number + AT_ONCE, times))))
    await dispatcher.emit_shutdown(bot=bot)
    await bot.session.close()


if __name__ == "__main__":
    asyncio.run(add(sys.argv[1], sys.argv[2], int(sys.argv[3])))
