"""Work on the keys of a chat whose group became a supergroup, within one transaction."""

from __future__ import annotations

from typing import Final, NamedTuple

from sqlalchemy import ColumnElement, delete, literal, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from tgslices.model import SessionKey
from tgslices.storage.sqlalchemy.queries.keys import KeyRow, Keys, insert_into
from tgslices.storage.sqlalchemy.tables.columns import MESSAGE_COLUMNS
from tgslices.storage.sqlalchemy.tables.rows import key_of, place_of
from tgslices.storage.sqlalchemy.tables.schema import Tables

_LIFE: Final = ("opened_at", "due_at", "limit_at", "active_at", "held_until")


class Move(NamedTuple):
    """What became of one key when its chat migrated; ``row_id`` is where its entries are now, and ``old_id`` was."""

    old: SessionKey
    new: SessionKey
    old_id: int
    row_id: int
    after_id: int | None
    was_open: bool


class Migration:
    """Moves the keys of a chat, with all that is kept under them, to its new id."""

    def __init__(self, tables: Tables, keys: Keys) -> None:
        self._rows = keys
        self._keys = tables.keys
        self._messages = tables.messages

    async def migrate(self, connection: AsyncConnection, bot_id: int, old_chat_id: int, new_chat_id: int) -> list[Move]:
        """Move every key of a chat to its new id; return what became of each."""
        keys = self._keys
        found = await connection.execute(
            select(*(keys.c[name] for name in KeyRow._fields), *self._rows.key_columns())
            .where(keys.c.bot_id == bot_id, keys.c.chat_id.in_([old_chat_id, new_chat_id]))
            .order_by(keys.c.id)
            .with_for_update()
        )
        width = len(KeyRow._fields)
        rows = {key_of(row[width:]): KeyRow(*row[:width]) for row in found.all()}
        if old_chat_id == new_chat_id:
            return [Move(key, key, row.id, row.id, row.after_id, row.is_open) for key, row in rows.items()]
        # By their places, because there they may meet keys that are being made.
        moving = sorted((key for key in rows if key.chat_id == old_chat_id), key=place_of)
        return [await self._move(connection, old, rows[old], old.in_chat(new_chat_id), rows) for old in moving]

    async def _move(
        self, connection: AsyncConnection, old: SessionKey, row: KeyRow, new: SessionKey, rows: dict[SessionKey, KeyRow]
    ) -> Move:
        keys, messages = self._keys, self._messages
        there = rows.get(new, row)
        is_foreign = messages.c.chat_id != new.chat_id
        if there is row:
            values = {"chat_id": new.chat_id, "after_id": None}
            await connection.execute(update(keys).where(keys.c.id == row.id).values(values))
            await connection.execute(update(messages).where(messages.c.key_id == row.id).values(is_foreign=is_foreign))
            return Move(old, new, row.id, row.id, None, row.is_open)
        lives = await self._lives(connection, row.id, there.id)
        await self._merge_entries(connection, row.id, there.id, is_foreign)
        await connection.execute(delete(keys).where(keys.c.id == row.id))
        later = max((at for at in (row.closed_at, there.closed_at) if at is not None), default=None)
        values = {"is_open": row.is_open or there.is_open, "closed_at": later}
        life = _merged(lives[row.id], lives[there.id])
        await connection.execute(update(keys).where(keys.c.id == there.id).values(values | life))
        return Move(old, new, row.id, there.id, there.after_id, row.is_open)

    async def _lives(self, connection: AsyncConnection, *row_ids: int) -> dict[int, dict[str, int | None]]:
        """Return when keys were opened, and when they are due."""
        c = self._keys.c
        found = await connection.execute(select(c.id, *(c[name] for name in _LIFE)).where(c.id.in_(row_ids)))
        return {row_id: dict(zip(_LIFE, times, strict=True)) for row_id, *times in found}

    async def _merge_entries(
        self, connection: AsyncConnection, old_id: int, new_id: int, is_foreign: ColumnElement[bool]
    ) -> None:
        """Add a key's entries behind those of another; what both have or know stays as the other has it."""
        messages = self._messages
        columns = [messages.c[name] for name in MESSAGE_COLUMNS]
        moved = select(literal(new_id), *columns, is_foreign, messages.c.state).where(messages.c.key_id == old_id)
        await connection.execute(
            insert_into(connection, messages)
            .from_select(["key_id", *MESSAGE_COLUMNS, "is_foreign", "state"], moved.order_by(messages.c.id))
            .on_conflict_do_nothing()
        )
        await connection.execute(delete(messages).where(messages.c.key_id == old_id))


def _merged(moved: dict[str, int | None], there: dict[str, int | None]) -> dict[str, int | None]:
    """Return when a key was opened and is due that two have become; of two dues the earlier counts."""
    opened_at = moved["opened_at"] if there["opened_at"] is None else there["opened_at"]
    if there["due_at"] is None or moved["due_at"] is None:
        return (moved if there["due_at"] is None else there) | {"opened_at": opened_at}
    both = {name: [life[name] for life in (moved, there)] for name in _LIFE}
    dues = [life["due_at"] if life["held_until"] is None else life["held_until"] for life in (moved, there)]
    due_at, limit_at = (min(at for at in times if at is not None) for times in (dues, both["limit_at"]))
    active_at = max((at for at in both["active_at"] if at is not None), default=None)
    times = {"due_at": due_at, "limit_at": limit_at, "held_until": None}
    return {"opened_at": opened_at, "active_at": active_at, **times}
