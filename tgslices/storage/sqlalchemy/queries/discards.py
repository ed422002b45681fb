"""Work on the entries of many keys: messages that are gone, and what nobody has to know any more."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, select, true, update
from sqlalchemy.ext.asyncio import AsyncConnection

from tgslices.model import (
    REPEAT_WINDOW,
    Gone,
)
from tgslices.storage.codec import encode_time
from tgslices.storage.sqlalchemy.queries.entries import Entries
from tgslices.storage.sqlalchemy.queries.keys import IDS_PER_STATEMENT, Keys, gone_conditions
from tgslices.storage.sqlalchemy.tables.schema import (
    BY_HAND,
    ENTRY,
    KNOWN,
    Tables,
)
from tgslices.storage.sqlalchemy.tables.speller import in_chunks


class Discards:
    """Takes messages out of every key of a bot."""

    def __init__(self, tables: Tables, keys: Keys, entries: Entries) -> None:
        self._rows = keys
        self._entries = entries
        self._keys = tables.keys
        self._messages = tables.messages
        self._is_foreign = tables.is_foreign

    async def discard(self, connection: AsyncConnection, bot_id: int, gone: Gone, *, surely: bool) -> int:
        """Take messages that are gone out of every key of a bot; return how many entries that were."""
        keys, messages = self._keys, self._messages
        c = messages.c
        rows: dict[int, int] = {}
        for condition in gone_conditions(c, gone):
            for near in self._near(gone):
                found = await connection.execute(
                    select(c.id, c.key_id)
                    .join(keys, keys.c.id == c.key_id)
                    .where(keys.c.bot_id == bot_id, near, condition, c.state != KNOWN if surely else c.state == ENTRY)
                )
                rows.update((row_id, key_id) for row_id, key_id in found.all())
        key_ids = sorted(set(rows.values()))
        for chunk in in_chunks(key_ids, IDS_PER_STATEMENT):
            await connection.execute(
                select(keys.c.id).where(keys.c.id.in_(chunk)).order_by(keys.c.id).with_for_update()
            )
        if surely:
            await self._entries.leave_ids(connection, list(rows))
            await self._rows.purge(connection, key_ids)
        else:
            for chunk in in_chunks(list(rows), IDS_PER_STATEMENT):
                await connection.execute(update(messages).where(c.id.in_(chunk)).values(state=BY_HAND))
        return len(rows)

    def _near(self, gone: Gone) -> list[ColumnElement[bool]]:
        """Return how entries of a chat are found: under its own keys and among foreign ones, or by their connection."""
        if gone.business_connection_id is not None:
            return [true()]
        return [self._keys.c.chat_id == gone.chat_id, self._is_foreign]

    async def sweep(self, connection: AsyncConnection, bot_id: int, now: datetime, limit: int) -> int:
        """Forget known messages and closing times that are past; return how many."""
        keys, c = self._keys, self._messages.c
        past = encode_time(now - REPEAT_WINDOW)
        found = await connection.execute(
            select(c.id, c.key_id)
            .join(keys, keys.c.id == c.key_id)
            .where(keys.c.bot_id == bot_id, c.state == KNOWN, c.recorded_at <= past)
            .order_by(c.recorded_at)
            .limit(limit)
        )
        rows = found.all()
        key_ids = sorted({key_id for _, key_id in rows})
        for chunk in in_chunks(key_ids, IDS_PER_STATEMENT):
            await connection.execute(
                select(keys.c.id).where(keys.c.id.in_(chunk)).order_by(keys.c.id).with_for_update()
            )
        swept = await self._entries.drop_ids(connection, [row_id for row_id, _ in rows], KNOWN)
        closed = await connection.execute(
            select(keys.c.id)
            .where(keys.c.bot_id == bot_id, keys.c.closed_at <= past)
            .order_by(keys.c.id)
            .limit(limit - swept)
            .with_for_update()
        )
        closed_ids = list(closed.scalars())
        for chunk in in_chunks(closed_ids, IDS_PER_STATEMENT):
            await connection.execute(update(keys).where(keys.c.id.in_(chunk)).values(closed_at=None))
        await self._rows.purge(connection, sorted({*key_ids, *closed_ids}))
        return swept + len(closed_ids)
