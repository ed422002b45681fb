"""Which chats became others, remembered in the database so that every worker and every start knows."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from tgslices.storage.sqlalchemy.database.dialect import insert_of
from tgslices.storage.sqlalchemy.tables.schema import Tables
from tgslices.storage.sqlalchemy.tables.speller import in_chunks

CHATS_PER_STATEMENT = 1_000


class MovedChats:
    """Reads and adds the chats that migrated."""

    def __init__(self, tables: Tables) -> None:
        self._table = tables.moved_chats

    async def add(self, connection: AsyncConnection, bot_id: int, chat_id: int) -> None:
        """Remember a chat. Harmless when repeated."""
        insert = insert_of(connection.dialect.name)
        await connection.execute(insert(self._table).values(bot_id=bot_id, chat_id=chat_id).on_conflict_do_nothing())

    async def among(self, connection: AsyncConnection, bot_id: int, chat_ids: Collection[int]) -> set[int]:
        """Return which of these chats migrated."""
        c = self._table.c
        found: set[int] = set()
        for chunk in in_chunks(list(chat_ids), CHATS_PER_STATEMENT):
            found.update(await connection.scalars(select(c.chat_id).where(c.bot_id == bot_id, c.chat_id.in_(chunk))))
        return found
