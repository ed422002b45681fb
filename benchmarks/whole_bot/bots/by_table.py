"""The bot that keeps its ids in a table of its own, with the bare driver and a commit for each message.

What it has been told to keep is kept, as with sessions; there is no claim, so that two ``/done`` delete twice, and a
deletion that fails is forgotten.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import aiosqlite
import asyncpg  # type: ignore[import-untyped]  # it ships no types
from aiogram import Bot, Dispatcher
from aiogram.filters import Command
from aiogram.types import Message

TABLE = "CREATE TABLE IF NOT EXISTS whole_bot (chat BIGINT, message BIGINT, PRIMARY KEY (chat, message))"
ADD = "INSERT INTO whole_bot (chat, message) VALUES ($1, $2)"
LIST = "SELECT message FROM whole_bot WHERE chat = $1 ORDER BY message"
EMPTY = "DELETE FROM whole_bot WHERE chat = $1"

Run = Callable[..., Awaitable[Any]]


def build(dispatcher: Dispatcher, _bot: Bot, place: str) -> None:
    table = _OnPostgreSQL(place) if place.startswith("postgres") else _OnSQLite(place)
    dispatcher.startup.register(table.start)
    dispatcher.shutdown.register(table.stop)
    dispatcher.message.register(table.finish, Command("done"))
    dispatcher.message.register(table.answer)


class _ByTable:
    """The handlers. ``run`` runs a statement and returns its rows; it is set at the start."""

    def __init__(self, place: str) -> None:
        self.place = place
        self.run: Run

    async def answer(self, message: Message) -> None:
        await self.run(ADD, message.chat.id, message.message_id)
        sent = await message.answer("ok")
        await self.run(ADD, message.chat.id, sent.message_id)

    async def finish(self, message: Message, bot: Bot) -> None:
        ids = [row[0] for row in await self.run(LIST, message.chat.id)]
        await bot.delete_messages(message.chat.id, [*ids, message.message_id])
        await self.run(EMPTY, message.chat.id)
        await message.answer("done")


class _OnSQLite(_ByTable):
    async def start(self) -> None:
        connection = self.connection = await aiosqlite.connect(self.place, isolation_level=None)
        await connection.execute("PRAGMA journal_mode=WAL")
        await connection.execute("PRAGMA synchronous=NORMAL")
        await connection.execute(TABLE)

        async def run(statement: str, *values: int) -> Any:
            return await connection.execute_fetchall(statement, values)

        self.run = run

    async def stop(self) -> None:
        await self.connection.close()


class _OnPostgreSQL(_ByTable):
    async def start(self) -> None:
        self.pool = await asyncpg.create_pool(self.place, min_size=10, max_size=10)
        # Two workers may start at once, and IF NOT EXISTS is no lock.
        await self.pool.execute(f"SELECT pg_advisory_lock(17); {TABLE}; SELECT pg_advisory_unlock(17)")
        self.run = self.pool.fetch

    async def stop(self) -> None:
        await self.pool.close()
