"""Work on keys and their entries, each piece within one transaction.

What changes or deletes a key locks its row first. Adding an entry needs that row too, so that nothing comes in between.

Two workers never wait for each other, because everybody takes locks in one order: rows of keys by their ids, then keys
that are new by their places, then entries by key, then pending deletions by their identities. PostgreSQL finds out what
remains, and it is done again. A key may have been made since a statement began. Two workers may be told two messages of
one key in opposite orders, because entries keep the order in which they came. A claim may take more entries than one
statement does, with some of them pending already.
"""

from __future__ import annotations

from collections.abc import Collection, Generator, Sequence
from operator import itemgetter
from typing import Any, Final

from sqlalchemy import CursorResult, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from tgslices.event_loop.work_in_turns import PORTION, in_turns
from tgslices.model import (
    SessionKey,
    TrackedMessage,
    may_come_again,
)
from tgslices.storage.sqlalchemy.queries.closings import Closing
from tgslices.storage.sqlalchemy.queries.keys import (
    IDS_PER_STATEMENT,
    Keys,
    due_values,
    insert_into,
)
from tgslices.storage.sqlalchemy.tables.close_statements import comes_again
from tgslices.storage.sqlalchemy.tables.columns import KEY_COLUMNS, MESSAGE_COLUMNS
from tgslices.storage.sqlalchemy.tables.rows import (
    Values,
    entry_values,
    key_values,
    message_of,
    variant_of,
)
from tgslices.storage.sqlalchemy.tables.schema import (
    ENTRY,
    ENTRY_COLUMNS,
    KNOWN,
    Tables,
)
from tgslices.storage.sqlalchemy.tables.speller import in_chunks

ROWS_PER_STATEMENT: Final = 100


class Entries:
    """Reads and changes the entries of one key at a time."""

    def __init__(self, tables: Tables, keys: Keys) -> None:
        self._rows = keys
        self._keys = tables.keys
        self._messages = tables.messages

    async def entries(self, connection: AsyncConnection, key: SessionKey) -> list[TrackedMessage]:
        """Return the entries of a key, in the order in which they were added."""
        keys, messages = self._keys, self._messages
        found = await connection.execute(
            select(*(messages.c[name] for name in MESSAGE_COLUMNS))
            .join(keys, keys.c.id == messages.c.key_id)
            .where(self._rows.is_key(key), messages.c.state == ENTRY)
            .order_by(messages.c.id)
        )
        return await in_turns(_reading(found))

    async def unsubscribe(self, connection: AsyncConnection, key: SessionKey) -> Closing:
        """Let a key be open no more."""
        row = await self._rows.lock(connection, key)
        is_open = row is not None and row.is_open
        if row is not None and is_open:
            values = {"is_open": False, "opened_at": None, "after_id": None, **due_values(None)}
            await connection.execute(update(self._keys).where(self._keys.c.id == row.id).values(values))
            await self._rows.purge(connection, [row.id])
        return Closing(0, row.id if row is not None and is_open else None)

    async def clear(self, connection: AsyncConnection, key: SessionKey) -> None:
        """Take every entry out of a key."""
        row = await self._rows.lock(connection, key)
        if row is not None:
            await self.take_all(connection, row.id)
            await self._rows.purge(connection, [row.id])

    async def remove(self, connection: AsyncConnection, key: SessionKey, messages: Collection[TrackedMessage]) -> int:
        """Take messages out of a key, and let it know those that may come again; return how many were there."""
        coming = [message for message in messages if may_come_again(message)]
        row = await self._rows.lock(connection, key)
        if row is None and coming:
            values = dict(zip(KEY_COLUMNS, key_values(key), strict=True))
            new = insert_into(connection, self._keys).values(is_open=False, **values)
            await connection.execute(new.on_conflict_do_nothing())
            row = await self._rows.lock(connection, key)
        if row is None:
            return 0
        taken = await self.find(connection, row.id, messages)
        await self.leave_ids(connection, [entry[0] for entry in taken])
        columns = ("key_id", *ENTRY_COLUMNS, "state")
        rows = [(row.id, *entry_values(message, key.chat_id), KNOWN) for message in coming]
        for chunk in in_chunks(rows, ROWS_PER_STATEMENT):
            known = insert_into(connection, self._messages).values(
                [dict(zip(columns, it, strict=True)) for it in chunk]
            )
            await connection.execute(known.on_conflict_do_nothing())
        await self._rows.purge(connection, [row.id])
        return len(taken)

    async def take(
        self, connection: AsyncConnection, key: SessionKey, messages: Collection[TrackedMessage], *, limit: int | None
    ) -> list[Values]:
        """Take exactly these entries out of a key, and let it know them; return those that were there, in its order.

        What it costs depends on how many are to go, and not on how many stay.
        """
        row = await self._rows.lock(connection, key)
        if row is None or not messages:
            return []
        taken = (await self.find(connection, row.id, messages, ENTRY))[:limit]
        c = self._messages.c
        for chunk in in_chunks([entry[0] for entry in taken], IDS_PER_STATEMENT):
            await connection.execute(update(self._messages).where(c.id.in_(chunk)).values(state=KNOWN))
        return [tuple(entry[1:]) for entry in taken]

    async def find(
        self, connection: AsyncConnection, key_id: int, messages: Collection[TrackedMessage], *states: int
    ) -> list[Any]:
        """Return ids and values of a key's entries among these messages, in the key's order."""
        wanted: dict[int, set[tuple[int, bytes]]] = {}
        for message in messages:
            wanted.setdefault(message.chat_id, set()).add((message.message_id, variant_of(message)))
        c = self._messages.c
        columns = (c.id, *(c[name] for name in MESSAGE_COLUMNS))
        is_there = c.state.in_(states) if states else c.state != KNOWN
        found_rows: list[Any] = []
        for chat_id, identities in wanted.items():
            for chunk in in_chunks(sorted({message_id for message_id, _ in identities}), IDS_PER_STATEMENT):
                found = await connection.execute(
                    select(*columns).where(c.key_id == key_id, c.chat_id == chat_id, c.message_id.in_(chunk), is_there)
                )
                found_rows += [entry for entry in found.all() if (entry[2], bytes(entry[3])) in identities]
        found_rows.sort(key=itemgetter(0))
        return found_rows

    async def take_all(self, connection: AsyncConnection, key_id: int) -> int:
        """Let a key know its entries instead of holding them; return how many it listed."""
        c = self._messages.c
        listed = await connection.scalar(
            select(func.count()).select_from(self._messages).where(c.key_id == key_id, c.state == ENTRY)
        )
        mine = (c.key_id == key_id, c.state != KNOWN)
        await connection.execute(update(self._messages).where(*mine, comes_again(c)).values(state=KNOWN))
        await connection.execute(delete(self._messages).where(*mine))
        return listed or 0

    async def leave_ids(self, connection: AsyncConnection, ids: Sequence[int]) -> None:
        """Let entries leave their keys, which know those that may come again."""
        c = self._messages.c
        for chunk in in_chunks(ids, IDS_PER_STATEMENT):
            these = c.id.in_(chunk)
            await connection.execute(update(self._messages).where(these, comes_again(c)).values(state=KNOWN))
            await connection.execute(delete(self._messages).where(these, c.state != KNOWN))

    async def drop_ids(self, connection: AsyncConnection, ids: Sequence[int], *states: int) -> int:
        """Forget rows, or those of them in certain states; return how many."""
        dropped, c = 0, self._messages.c
        for chunk in in_chunks(ids, IDS_PER_STATEMENT):
            these = (c.id.in_(chunk), c.state.in_(states)) if states else (c.id.in_(chunk),)
            dropped += (await connection.execute(delete(self._messages).where(*these))).rowcount
        return dropped


def _reading(found: CursorResult[Any]) -> Generator[None, None, list[TrackedMessage]]:
    messages: list[TrackedMessage] = []
    for portion in found.partitions(PORTION):
        messages += map(message_of, portion)
        yield
    return messages
