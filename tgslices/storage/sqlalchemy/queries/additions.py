"""Entries that are added as far as the state of their key allows it, within one transaction."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from sqlalchemy.ext.asyncio import AsyncConnection

from tgslices.model import IfClosed, SessionKey, TrackedMessage
from tgslices.storage.ending_protocol import Due
from tgslices.storage.sqlalchemy.queries.entries import Entries
from tgslices.storage.sqlalchemy.queries.keys import (
    KeyRow,
    Keys,
    OpenRow,
    insert_into,
    was_closed_since,
    was_opened_since,
)
from tgslices.storage.sqlalchemy.tables.rows import entry_values
from tgslices.storage.sqlalchemy.tables.schema import BY_HAND, ENTRY, ENTRY_COLUMNS, KNOWN, Tables


class Addition(NamedTuple):
    """Whether a key holds an entry, and its row if it was opened for it."""

    is_there: bool
    opened: OpenRow | None = None


class Additions:
    """Adds entries one by one, where a group of writes does not do."""

    def __init__(self, tables: Tables, keys: Keys, entries: Entries) -> None:
        self._rows = keys
        self._entries = entries
        self._messages = tables.messages

    async def add(
        self,
        connection: AsyncConnection,
        key: SessionKey,
        message: TrackedMessage,
        *,
        if_closed: IfClosed,
        outside: TrackedMessage | None,
        begun_at: datetime | None,
        unless_known: bool,
        is_pending: bool,
        due: Due | None,
    ) -> Addition:
        """Add an entry as far as the key's state allows it; return whether the key holds it now."""
        row = await self._rows.lock(connection, key)
        if _comes_too_late(row, if_closed, begun_at):
            return Addition(False)
        if unless_known and await self._knows(connection, key, row, message, is_pending=is_pending):
            return Addition(False)
        opens = if_closed is IfClosed.OPEN and (row is None or not row.is_open)
        opened: OpenRow | None = None
        if row is None or opens:
            new_due, new_outside = (due, outside) if opens else (None, None)
            made = await self._rows.open(
                connection, key, at=message.at, outside=new_outside, is_open=opens, due=new_due
            )
            opened = made if opens else None
            row = await self._rows.lock(connection, key)
        if row is None:  # pragma: no cover - it has just been made, and is locked
            return Addition(False)
        there = await self._entries.find(connection, row.id, [message], ENTRY)
        if not there:
            gone = await self._entries.find(connection, row.id, [message], KNOWN, BY_HAND)
            await self._entries.drop_ids(connection, [entry[0] for entry in gone])
            values = dict(zip(("key_id", *ENTRY_COLUMNS), (row.id, *entry_values(message, key.chat_id)), strict=True))
            await connection.execute(insert_into(connection, self._messages).values(values).on_conflict_do_nothing())
        return Addition(True, opened)

    async def _knows(
        self,
        connection: AsyncConnection,
        key: SessionKey,
        row: KeyRow | None,
        message: TrackedMessage,
        *,
        is_pending: bool,
    ) -> bool:
        if row is None:
            return is_pending
        if await self._entries.find(connection, row.id, [message], KNOWN, BY_HAND):
            return True
        if await self._entries.find(connection, row.id, [message], ENTRY):
            return False
        is_home = message.chat_id == key.chat_id and message.business_connection_id == key.business_connection_id
        is_before = is_home and row.after_id is not None and 0 < message.message_id <= row.after_id
        return is_pending or is_before


def _comes_too_late(row: KeyRow | None, if_closed: IfClosed, begun_at: datetime | None) -> bool:
    """Tell whether a session was closed, or opened since where only an open one gets the entry."""
    if row is None or not row.is_open:
        return if_closed is IfClosed.SKIP or was_closed_since(row, begun_at)
    return if_closed is IfClosed.SKIP and was_opened_since(row, begun_at)
