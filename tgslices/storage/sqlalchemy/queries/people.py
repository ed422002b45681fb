"""Finds what is stored about a person, by a look at every row: an index for it would be written with each message."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from sqlalchemy import ColumnElement, Select, Table, and_, delete, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from tgslices.model import SessionKey, TrackedMessage
from tgslices.storage.sqlalchemy.tables.columns import KEY_COLUMNS, MESSAGE_COLUMNS
from tgslices.storage.sqlalchemy.tables.rows import key_of, message_of, unescape
from tgslices.storage.sqlalchemy.tables.schema import KNOWN, NO_ID, Tables
from tgslices.telegram_facts.chat_kind import MIN_BASIC_GROUP

ROWS_IN_STEP: Final = 20_000
"""Rows that one statement looks at."""


class Found(NamedTuple):
    """What one step found, and the number of the last row that it looked at; None at the end."""

    rows: Sequence[Any]
    last: int | None


class People:
    """Reads rows of one bot that are about a person, in steps."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    async def keys(self, connection: AsyncConnection, *, bot_id: int, user_id: int, after: int) -> Found:
        """Return keys of a person that are open or have entries."""
        keys, messages = self._tables.keys, self._tables.messages
        has_entry = select(messages.c.id).where(messages.c.key_id == keys.c.id, messages.c.state != KNOWN).exists()
        found = select(*(keys.c[name] for name in KEY_COLUMNS)).where(or_(keys.c.is_open, has_entry))
        step = await self._step(connection, keys, found, _is_of(keys.c, bot_id, user_id), after)
        return Found([key_of(row) for row in step.rows], step.last)

    async def data(self, connection: AsyncConnection, *, bot_id: int, user_id: int, after: int) -> Found:
        """Return keys of a person that have data, with the name of each fragment, there or merely held."""
        data = self._tables.data
        found = select(data.c.name, data.c.value.is_not(None), *(data.c[name] for name in KEY_COLUMNS))
        step = await self._step(connection, data, found, _is_of(data.c, bot_id, user_id), after)
        return Found([(key_of(row[2:]), unescape(row[0]), row[1]) for row in step.rows], step.last)

    async def entries(self, connection: AsyncConnection, *, bot_id: int, user_id: int, after: int) -> Found:
        """Return keys with the entries that are about a person."""
        keys, messages = self._tables.keys, self._tables.messages
        columns = (*(keys.c[name] for name in KEY_COLUMNS), *(messages.c[name] for name in MESSAGE_COLUMNS))
        found = select(*columns).join(keys, keys.c.id == messages.c.key_id).where(keys.c.bot_id == bot_id)
        wrote_or_sees = or_(messages.c.user_id == user_id, messages.c.receiver_user_id == user_id)
        about = or_(wrote_or_sees, *_private(messages.c, user_id))
        step = await self._step(connection, messages, found, and_(about, messages.c.state != KNOWN), after)
        width = len(KEY_COLUMNS)
        rows: list[tuple[SessionKey, TrackedMessage]] = [
            (key_of(row[:width]), message_of(row[width:])) for row in step.rows
        ]
        return Found(rows, step.last)

    async def drop_ends(self, connection: AsyncConnection, *, bot_id: int, user_id: int) -> list[SessionKey]:
        """Drop ends of a person's sessions that are to be told; return their keys."""
        ends = self._tables.ends
        dropped = delete(ends).where(_is_of(ends.c, bot_id, user_id))
        rows = await connection.execute(dropped.returning(*(ends.c[name] for name in KEY_COLUMNS)))
        return [key_of(row) for row in rows]

    async def _step(
        self, connection: AsyncConnection, table: Table, found: Select[Any], about: ColumnElement[bool], after: int
    ) -> Found:
        window = select(table.c.id).where(table.c.id > after).order_by(table.c.id).limit(ROWS_IN_STEP).subquery()
        last = (await connection.execute(select(func.max(window.c.id)))).scalar_one()
        if last is None:
            return Found((), None)
        within = found.where(table.c.id > after, table.c.id <= last, about)
        return Found((await connection.execute(within)).all(), last)


def _is_of(c: Any, bot_id: int, user_id: int) -> ColumnElement[bool]:
    private = (and_(place, or_(c.user_id == NO_ID, c.chat_id == user_id)) for place in _private(c, user_id))
    return and_(c.bot_id == bot_id, or_(c.user_id == user_id, *private))


def _private(c: Any, user_id: int) -> tuple[ColumnElement[bool], ...]:
    """Tell, as ``erasing_protocol`` does, whether a place is a person's own."""
    if user_id <= 0:
        return ()
    return c.chat_id == user_id, and_(c.thread_id == user_id, c.chat_id < MIN_BASIC_GROUP)
