"""Work on keys, each piece within one transaction: which are open, and their rows."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

from sqlalchemy import ColumnElement, Table, and_, delete, exists, select
from sqlalchemy.ext.asyncio import AsyncConnection

from tgslices.model import (
    Gone,
    Scope,
    SessionKey,
    TrackedMessage,
    may_come_again,
)
from tgslices.storage.codec import encode_time
from tgslices.storage.ending_protocol import Due
from tgslices.storage.sqlalchemy.database.dialect import insert_of
from tgslices.storage.sqlalchemy.tables.columns import KEY_COLUMNS, PLACE_COLUMNS
from tgslices.storage.sqlalchemy.tables.rows import (
    entry_values,
    escape,
    key_of,
    key_values,
    place_of,
    scope_match,
)
from tgslices.storage.sqlalchemy.tables.schema import ENTRY_COLUMNS, KNOWN, Tables
from tgslices.storage.sqlalchemy.tables.speller import in_chunks

IDS_PER_STATEMENT: Final = 1_000


class KeyRow(NamedTuple):
    """A key's row, locked."""

    id: int
    is_open: bool
    closed_at: int | None
    after_id: int | None
    opened_at: int | None


class OpenRow(NamedTuple):
    """The row of an open key."""

    id: int
    after_id: int | None
    key: SessionKey


class Keys:
    """Reads, opens and locks keys."""

    def __init__(self, tables: Tables) -> None:
        self._keys = tables.keys
        self._messages = tables.messages

    async def is_open(self, connection: AsyncConnection, key: SessionKey) -> bool:
        """Tell whether a key is open."""
        return await self.open_row(connection, key) is not None

    async def matching(self, connection: AsyncConnection, scope: Scope) -> list[SessionKey]:
        """Return the open keys that a scope belongs to."""
        keys = self._keys
        bot_id, chat_id, user_a, user_b, thread_a, thread_b, *_ = scope_match(scope)
        found = await connection.execute(
            select(*self.key_columns()).where(
                keys.c.bot_id == bot_id,
                keys.c.chat_id == chat_id,
                keys.c.user_id.in_([user_a, user_b]),
                keys.c.thread_id.in_([thread_a, thread_b]),
                same_connection(keys.c.business_connection_id, scope.business_connection_id),
                keys.c.is_open,
            )
        )
        return [key_of(row) for row in found]

    async def open_keys(self, connection: AsyncConnection, bot_id: int) -> list[SessionKey]:
        """Return every open key of a bot."""
        keys = self._keys
        found = await connection.execute(select(*self.key_columns()).where(keys.c.bot_id == bot_id, keys.c.is_open))
        return [key_of(row) for row in found]

    async def open_row_ids(self, connection: AsyncConnection, *, bot_id: int, limit: int) -> list[tuple[int, int]]:
        """Return chats and numbers of the rows of a bot's open keys, up to a limit."""
        c = self._keys.c
        found = await connection.execute(select(c.chat_id, c.id).where(c.bot_id == bot_id, c.is_open).limit(limit))
        return [(chat_id, row_id) for chat_id, row_id in found]

    async def open_row(self, connection: AsyncConnection, key: SessionKey) -> OpenRow | None:
        """Return a key's row if the key is open."""
        keys = self._keys
        found = await connection.execute(select(keys.c.id, keys.c.after_id).where(self.is_key(key), keys.c.is_open))
        row = found.one_or_none()
        return None if row is None else OpenRow(*row, key)

    async def lock(self, connection: AsyncConnection, key: SessionKey) -> KeyRow | None:
        """Return the row of a key, which nobody else touches until the transaction ends."""
        c = self._keys.c
        found = await connection.execute(
            select(c.id, c.is_open, c.closed_at, c.after_id, c.opened_at).where(self.is_key(key)).with_for_update()
        )
        row = found.one_or_none()
        return None if row is None else KeyRow(*row)

    async def open(
        self,
        connection: AsyncConnection,
        key: SessionKey,
        *,
        at: datetime,
        outside: TrackedMessage | None = None,
        begun_at: datetime | None = None,
        is_open: bool = True,
        due: Due | None = None,
    ) -> OpenRow | None:
        """Open a key, or merely make it; return its row, or None where it is open, or was closed since ``begun_at``."""
        row = await self.lock(connection, key)
        if row is not None and (row.is_open or was_closed_since(row, begun_at)):
            return None
        after_id = watermark(key, outside)
        values: dict[str, Any] = dict(zip(KEY_COLUMNS, key_values(key), strict=True))
        opened_at = encode_time(at) if is_open else None
        opening = {"is_open": is_open, "opened_at": opened_at, "after_id": after_id, **due_values(due)}
        new = insert_into(connection, self._keys).values(**values, **opening)
        # Another worker may have made the row, and opened it, since it was looked for.
        closed = self._keys.c.is_open.is_(False)
        new = new.on_conflict_do_update(index_elements=PLACE_COLUMNS, set_=opening, where=closed)
        row_id = (await connection.execute(new.returning(self._keys.c.id))).scalar_one_or_none()
        if row_id is None:
            return None
        if outside is not None and may_come_again(outside):
            columns = ("key_id", *ENTRY_COLUMNS, "state")
            known = dict(zip(columns, (row_id, *entry_values(outside, key.chat_id), KNOWN), strict=True))
            await connection.execute(insert_into(connection, self._messages).values(known).on_conflict_do_nothing())
        return OpenRow(row_id, after_id, key)

    async def purge(self, connection: AsyncConnection, key_ids: Sequence[int]) -> None:
        """Delete those of the locked rows that stand for nothing any more: not open, nothing to remember."""
        keys, messages = self._keys, self._messages
        for chunk in in_chunks(key_ids, IDS_PER_STATEMENT):
            await connection.execute(
                delete(keys).where(
                    keys.c.id.in_(chunk),
                    keys.c.is_open.is_(False),
                    keys.c.closed_at.is_(None),
                    ~exists().where(messages.c.key_id == keys.c.id),
                )
            )

    def is_key(self, key: SessionKey) -> ColumnElement[bool]:
        """Return what finds the row of a key."""
        return and_(*(self._keys.c[name] == value for name, value in zip(PLACE_COLUMNS, place_of(key), strict=True)))

    def key_columns(self) -> list[ColumnElement[Any]]:
        """Return the columns of which :func:`key_of` makes a key."""
        return [self._keys.c[name] for name in KEY_COLUMNS]


def due_values(due: Due | None) -> dict[str, Any]:
    """Return what a key's row says of when it is due."""
    if due is None:
        return {"due_at": None, "limit_at": None, "active_at": None, "held_until": None}
    return {"due_at": encode_time(due.at), "limit_at": encode_time(due.limit), "held_until": None}


def same_connection(column: ColumnElement[Any], business_connection_id: str | None) -> ColumnElement[bool]:
    """Compare a column so that the index of business messages can be used: it holds no others."""
    if business_connection_id is None:
        return column.is_(None)
    return and_(column.is_not(None), column == escape(business_connection_id))


def was_opened_since(row: KeyRow, begun_at: datetime | None) -> bool:
    """Tell whether an open key was closed when something began."""
    return begun_at is not None and row.opened_at is not None and row.opened_at > encode_time(begun_at)


def was_closed_since(row: KeyRow | None, begun_at: datetime | None) -> bool:
    """Tell whether a key was closed after an attempt began that is repeated now."""
    if row is None or row.closed_at is None or begun_at is None:
        return False
    return row.closed_at > encode_time(begun_at)


def watermark(key: SessionKey, outside: TrackedMessage | None) -> int | None:
    """Return up to which id the messages of a key's chat were there before it was opened."""
    if outside is None or outside.message_id <= 0 or outside.chat_id != key.chat_id:
        return None
    return outside.message_id if outside.business_connection_id == key.business_connection_id else None


def insert_into(connection: AsyncConnection, table: Table) -> Any:
    """Return an INSERT that knows what to do about conflicts."""
    return insert_of(connection.dialect.name)(table)


def gone_conditions(c: Any, gone: Gone) -> list[ColumnElement[bool]]:
    """Return what finds the messages that are gone, in parts that a statement takes."""
    home = and_(c.chat_id == gone.chat_id, same_connection(c.business_connection_id, gone.business_connection_id))
    if gone.message_ids is None:
        return [and_(home, c.thread_id == gone.thread_id)]
    is_ephemeral = gone.receiver_user_id is not None
    id_column = c.ephemeral_message_id if is_ephemeral else c.message_id
    who = c.receiver_user_id == gone.receiver_user_id if is_ephemeral else c.ephemeral_message_id.is_(None)
    return [and_(home, who, id_column.in_(chunk)) for chunk in in_chunks(sorted(gone.message_ids), IDS_PER_STATEMENT)]
