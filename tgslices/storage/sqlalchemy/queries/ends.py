"""Work on ends that are to be told, each piece within one transaction."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from tgslices.model import MAX_WAIT, SessionKey
from tgslices.storage.codec import decode_time, encode_time
from tgslices.storage.ending_protocol import End, EndedSession, EndReason
from tgslices.storage.sqlalchemy.queries.keys import insert_into
from tgslices.storage.sqlalchemy.queries.next_due import Dues, dues_of
from tgslices.storage.sqlalchemy.tables.columns import KEY_COLUMNS, PLACE_COLUMNS
from tgslices.storage.sqlalchemy.tables.rows import key_of, key_values, place_of
from tgslices.storage.sqlalchemy.tables.schema import Tables


class Ends:
    """Adds, leases and drops ends."""

    def __init__(self, tables: Tables) -> None:
        self._table = tables.ends

    async def add(
        self,
        connection: AsyncConnection,
        key: SessionKey,
        end: End,
        *,
        now: datetime,
        until: datetime,
        is_partial: bool,
    ) -> None:
        """Keep an end."""
        values = dict(zip(KEY_COLUMNS, key_values(key), strict=True))
        times = {"ended_at": encode_time(now), "due_at": encode_time(until)}
        new = insert_into(connection, self._table).values(
            reason=end.reason.value, is_partial=is_partial, **times, **values
        )
        await connection.execute(new.on_conflict_do_nothing())

    async def lease(
        self, connection: AsyncConnection, bot_id: int, *, now: datetime, until: datetime, limit: int
    ) -> list[EndedSession]:
        """Take and hold what is free, leaving out what another worker is taking at this moment."""
        c = self._table.c
        rows: list[Any] = []
        for is_free in (c.due_at <= encode_time(now), c.due_at > encode_time(now + MAX_WAIT)):
            if len(rows) < limit:
                found = await connection.execute(
                    select(c.id, c.ended_at, c.reason, c.is_partial, *(c[name] for name in KEY_COLUMNS))
                    .where(c.bot_id == bot_id, is_free)
                    .order_by(c.due_at, c.id)
                    .limit(limit - len(rows))
                    .with_for_update(skip_locked=True)
                )
                rows += found.all()
        ids = [row[0] for row in rows]
        await connection.execute(update(self._table).where(c.id.in_(ids)).values(due_at=encode_time(until)))
        held_until = decode_time(encode_time(until))
        return [
            EndedSession(key_of(key), decode_time(ended_at), EndReason(reason), bool(is_partial), held_until)
            for _, ended_at, reason, is_partial, *key in rows
        ]

    async def postpone(self, connection: AsyncConnection, end: EndedSession, *, until: datetime) -> None:
        """Lease an end until another time."""
        await connection.execute(update(self._table).where(self._is(end)).values(due_at=encode_time(until)))

    async def settle(self, connection: AsyncConnection, end: EndedSession) -> bool:
        """Drop an end; return whether it was there."""
        dropped = await connection.execute(delete(self._table).where(self._is(end)))
        return dropped.rowcount > 0

    async def migrate(self, connection: AsyncConnection, bot_id: int, old_chat_id: int, new_chat_id: int) -> None:
        """Let the ends of a chat be those of its new id."""
        c = self._table.c
        moving = update(self._table).where(c.bot_id == bot_id, c.chat_id == old_chat_id)
        await connection.execute(moving.values(chat_id=new_chat_id))

    def dues(self, bot_id: int) -> Dues:
        """Return when the bot's ends are free."""
        c = self._table.c
        return dues_of(c.due_at, c.bot_id == bot_id)

    def _is(self, end: EndedSession) -> ColumnElement[bool]:
        c = self._table.c
        place = (c[name] == value for name, value in zip(PLACE_COLUMNS, place_of(end.key), strict=True))
        return and_(*place, c.ended_at == encode_time(end.ended_at))
