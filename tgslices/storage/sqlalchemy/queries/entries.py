"""Work on keys and their entries, each piece within one transaction.

What changes or deletes a key locks its row first. Adding an entry needs that row too, so that nothing comes in between.

Two workers never wait for each other, because everybody takes locks in one order: rows of keys by their ids, then keys
that are new by their places, then entries by key, then pending deletions by their identities. What remains, PostgreSQL
finds out, and it is done again: a key that was made since a statement began; two workers who are told the same two
messages of one key in opposite orders, because entries keep the order in which they came; and claims of more entries
than one statement takes, of which some are pending already.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from operator import itemgetter
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, and_, delete, exists, literal, select, update
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.ext.asyncio import AsyncConnection

from tgslices.model import Scope, SessionKey, TrackedMessage
from tgslices.storage.sqlalchemy.tables.rows import (
    Values,
    escape,
    key_of,
    message_of,
    place_of,
    scope_match,
    variant_of,
)
from tgslices.storage.sqlalchemy.tables.schema import KEY_COLUMNS, MESSAGE_COLUMNS, PLACE_COLUMNS, Tables
from tgslices.storage.sqlalchemy.tables.statements import in_chunks

IDS_PER_STATEMENT = 1_000


class KeyRow(NamedTuple):
    """A key's row, locked."""

    id: int
    is_open: bool


class Move(NamedTuple):
    """What became of one key when its chat migrated; ``row_id`` is where its entries are now."""

    old: SessionKey
    new: SessionKey
    row_id: int
    was_open: bool


class Sessions:
    """Reads and changes keys and entries."""

    def __init__(self, tables: Tables) -> None:
        """Work on these tables."""
        self._keys = tables.keys
        self._messages = tables.messages

    # Reading

    async def entries(self, connection: AsyncConnection, key: SessionKey) -> list[TrackedMessage]:
        """Return the entries of a key, in the order in which they were added."""
        keys, messages = self._keys, self._messages
        found = await connection.execute(
            select(*(messages.c[name] for name in MESSAGE_COLUMNS))
            .join(keys, keys.c.id == messages.c.key_id)
            .where(self._is(key))
            .order_by(messages.c.id)
        )
        return [message_of(row) for row in found]

    async def matching(self, connection: AsyncConnection, scope: Scope) -> list[SessionKey]:
        """Return the open keys that a scope belongs to."""
        keys = self._keys
        bot_id, chat_id, user_a, user_b, thread_a, thread_b, *_ = scope_match(scope)
        found = await connection.execute(
            select(*self._key_columns()).where(
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
        found = await connection.execute(select(*self._key_columns()).where(keys.c.bot_id == bot_id, keys.c.is_open))
        return [key_of(row) for row in found]

    async def open_rows(self, connection: AsyncConnection, *, after: int, limit: int) -> list[tuple[int, SessionKey]]:
        """Return a part of all open keys, with the ids of their rows, in the order of those."""
        keys = self._keys
        found = await connection.execute(
            select(keys.c.id, *self._key_columns())
            .where(keys.c.is_open, keys.c.id > after)
            .order_by(keys.c.id)
            .limit(limit)
        )
        return [(row[0], key_of(row[1:])) for row in found]

    async def open_row(self, connection: AsyncConnection, key: SessionKey) -> int | None:
        """Return the id of a key's row if the key is open."""
        found = await connection.execute(select(self._keys.c.id).where(self._is(key), self._keys.c.is_open))
        row_id: int | None = found.scalar_one_or_none()
        return row_id

    # Changing one key

    async def lock(self, connection: AsyncConnection, key: SessionKey) -> KeyRow | None:
        """Return the row of a key, which nobody else touches until the transaction ends."""
        found = await connection.execute(
            select(self._keys.c.id, self._keys.c.is_open).where(self._is(key)).with_for_update()
        )
        row = found.one_or_none()
        return None if row is None else KeyRow(*row)

    async def close(self, connection: AsyncConnection, key: SessionKey) -> int:
        """Drop a key with its entries; return how many those were."""
        row = await self.lock(connection, key)
        if row is None:
            return 0
        dropped = await self._drop_entries(connection, row.id)
        await connection.execute(delete(self._keys).where(self._keys.c.id == row.id))
        return dropped

    async def unsubscribe(self, connection: AsyncConnection, key: SessionKey) -> None:
        """Let a key be open no more."""
        row = await self.lock(connection, key)
        if row is not None and row.is_open:
            await connection.execute(update(self._keys).where(self._keys.c.id == row.id).values(is_open=False))
            await self.purge(connection, [row.id])

    async def clear(self, connection: AsyncConnection, key: SessionKey) -> None:
        """Drop the entries of a key."""
        row = await self.lock(connection, key)
        if row is not None:
            await self._drop_entries(connection, row.id)
            await self.purge(connection, [row.id])

    async def take(
        self, connection: AsyncConnection, key: SessionKey, messages: Collection[TrackedMessage]
    ) -> list[Values]:
        """Remove exactly these entries from a key; return the values of those that were there, in the key's order.

        What it costs depends on how many are to go, and not on how many stay.
        """
        row = await self.lock(connection, key)
        if row is None or not messages:
            return []
        wanted: dict[int, set[tuple[int, bytes]]] = {}
        for message in messages:
            wanted.setdefault(message.chat_id, set()).add((message.message_id, variant_of(message)))
        c = self._messages.c
        columns = (c.id, *(c[name] for name in MESSAGE_COLUMNS))
        taken: list[Any] = []
        for chat_id, identities in wanted.items():
            for chunk in in_chunks(sorted({message_id for message_id, _ in identities}), IDS_PER_STATEMENT):
                found = await connection.execute(
                    select(*columns).where(c.key_id == row.id, c.chat_id == chat_id, c.message_id.in_(chunk))
                )
                taken += [entry for entry in found.all() if (entry[2], entry[3]) in identities]
        taken.sort(key=itemgetter(0))
        await self._drop_ids(connection, [entry[0] for entry in taken])
        if taken:
            await self.purge(connection, [row.id])
        return [tuple(entry[1:]) for entry in taken]

    # Changing many

    async def discard(
        self,
        connection: AsyncConnection,
        bot_id: int,
        business_connection_id: str | None,
        chat_id: int,
        message_ids: Collection[int],
    ) -> int:
        """Drop the entries of messages that are gone, from every key of the bot; return how many."""
        keys, messages = self._keys, self._messages
        rows: list[Any] = []
        for chunk in in_chunks(list(message_ids), IDS_PER_STATEMENT):
            found = await connection.execute(
                select(messages.c.id, messages.c.key_id)
                .join(keys, keys.c.id == messages.c.key_id)
                .where(
                    keys.c.bot_id == bot_id,
                    messages.c.chat_id == chat_id,
                    messages.c.message_id.in_(chunk),
                    same_connection(messages.c.business_connection_id, business_connection_id),
                )
            )
            rows += found.all()
        key_ids = sorted({key_id for _, key_id in rows})
        for chunk in in_chunks(key_ids, IDS_PER_STATEMENT):
            await connection.execute(
                select(keys.c.id).where(keys.c.id.in_(chunk)).order_by(keys.c.id).with_for_update()
            )
        dropped = await self._drop_ids(connection, [row_id for row_id, _ in rows])
        await self.purge(connection, key_ids)
        return dropped

    async def migrate(self, connection: AsyncConnection, bot_id: int, old_chat_id: int, new_chat_id: int) -> list[Move]:
        """Move every key of a chat to its new id; return what became of each."""
        keys = self._keys
        found = await connection.execute(
            select(keys.c.id, keys.c.is_open, *self._key_columns())
            .where(keys.c.bot_id == bot_id, keys.c.chat_id.in_([old_chat_id, new_chat_id]))
            .order_by(keys.c.id)
            .with_for_update()
        )
        rows = {key_of(row): KeyRow(row_id, is_open) for row_id, is_open, *row in found.all()}
        if old_chat_id == new_chat_id:
            return [Move(key, key, *row) for key, row in rows.items()]
        # By their places, because there they may meet keys that are being made.
        moving = sorted((key for key in rows if key.chat_id == old_chat_id), key=place_of)
        return [await self._move(connection, old, rows[old], replace(old, chat_id=new_chat_id), rows) for old in moving]

    async def _move(
        self, connection: AsyncConnection, old: SessionKey, row: KeyRow, new: SessionKey, rows: dict[SessionKey, KeyRow]
    ) -> Move:
        keys, messages = self._keys, self._messages
        there = rows.get(new, row)
        if there is row:
            await connection.execute(update(keys).where(keys.c.id == row.id).values(chat_id=new.chat_id))
            return Move(old, new, row.id, row.is_open)
        moved = select(literal(there.id), *(messages.c[name] for name in MESSAGE_COLUMNS)).where(
            messages.c.key_id == row.id
        )
        make = sqlite_insert if connection.dialect.name == "sqlite" else postgresql_insert
        await connection.execute(
            make(messages)
            .from_select(["key_id", *MESSAGE_COLUMNS], moved.order_by(messages.c.id))
            .on_conflict_do_nothing()
        )
        await self._drop_entries(connection, row.id)
        await connection.execute(delete(keys).where(keys.c.id == row.id))
        if row.is_open and not there.is_open:
            await connection.execute(update(keys).where(keys.c.id == there.id).values(is_open=True))
        return Move(old, new, there.id, row.is_open)

    async def purge(self, connection: AsyncConnection, key_ids: Sequence[int]) -> None:
        """Delete those of the locked rows that stand for nothing any more: not open, no entries."""
        keys, messages = self._keys, self._messages
        for chunk in in_chunks(key_ids, IDS_PER_STATEMENT):
            await connection.execute(
                delete(keys).where(
                    keys.c.id.in_(chunk),
                    keys.c.is_open.is_(False),
                    ~exists().where(messages.c.key_id == keys.c.id),
                )
            )

    async def _drop_entries(self, connection: AsyncConnection, key_id: int) -> int:
        dropped = await connection.execute(delete(self._messages).where(self._messages.c.key_id == key_id))
        return dropped.rowcount

    async def _drop_ids(self, connection: AsyncConnection, ids: Sequence[int]) -> int:
        dropped = 0
        for chunk in in_chunks(ids, IDS_PER_STATEMENT):
            dropped += (await connection.execute(delete(self._messages).where(self._messages.c.id.in_(chunk)))).rowcount
        return dropped

    def _is(self, key: SessionKey) -> ColumnElement[bool]:
        return and_(*(self._keys.c[name] == value for name, value in zip(PLACE_COLUMNS, place_of(key), strict=True)))

    def _key_columns(self) -> list[ColumnElement[Any]]:
        return [self._keys.c[name] for name in KEY_COLUMNS]


def same_connection(column: ColumnElement[Any], business_connection_id: str | None) -> ColumnElement[bool]:
    """Compare a column so that the index of business messages can be used: it holds no others."""
    if business_connection_id is None:
        return column.is_(None)
    return and_(column.is_not(None), column == escape(business_connection_id))
