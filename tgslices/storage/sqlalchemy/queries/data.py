"""Work on fragments of session data, whoever keeps their holders."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any, Final, NamedTuple

from sqlalchemy import ColumnElement, and_, delete, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from tgslices.model import SessionKey
from tgslices.storage.codec import encode_time
from tgslices.storage.data_protocol import HOLD_KEPT, StoredData
from tgslices.storage.sqlalchemy.database.dialect import Database
from tgslices.storage.sqlalchemy.database.steps import Step, Steps
from tgslices.storage.sqlalchemy.queries.keys import IDS_PER_STATEMENT
from tgslices.storage.sqlalchemy.tables.columns import KEY_COLUMNS, PLACE_COLUMNS
from tgslices.storage.sqlalchemy.tables.data_rows import (
    fragment_of,
    in_order,
    name_of,
    name_values,
    stored_values,
)
from tgslices.storage.sqlalchemy.tables.data_statements import FRAGMENT_COLUMNS, DataStatements
from tgslices.storage.sqlalchemy.tables.rows import key_of, key_values, place_of
from tgslices.storage.sqlalchemy.tables.schema import Tables
from tgslices.storage.sqlalchemy.tables.speller import in_chunks

Row = Sequence[Any]


class MovedData(NamedTuple):
    """What became of the fragments of a chat that migrated, by their names.

    ``moved`` are those that went, by their old keys; ``there`` were with the new keys before.
    """

    moved: Mapping[SessionKey, Collection[str]]
    there: Mapping[SessionKey, Collection[str]]


NOTHING_MOVED: Final = MovedData({}, {})


class _Fragment(NamedTuple):
    id: int
    key: SessionKey
    name: str
    has_value: bool


class DataRows:
    """Reads and changes fragments."""

    def __init__(self, tables: Tables, database: Database, statements: DataStatements) -> None:
        self._data = tables.data
        self._database = database
        self._statements = statements

    async def read(self, connection: AsyncConnection, key: SessionKey, names: Collection[str] | None) -> list[Row]:
        """Return name and ``STORED_COLUMNS`` of fragments, there or merely held, in no order; None means all names."""
        place = place_of(key)
        if names is None:
            return list(await self._database.execute(connection, self._statements.read_all, [place]))
        rows = [(*place, fragment_of(name)) for name in names]
        found: list[Row] = []
        for chunk in in_chunks(rows, self._database.max_rows):
            found += await self._database.execute(connection, self._statements.read, chunk)
        return found

    async def stand(
        self, connection: AsyncConnection, key: SessionKey, changes: Mapping[str, StoredData | None]
    ) -> bool:
        """Tell whether fragments are already as they are to be written."""
        rows = await self.read(connection, key, changes)
        there = {name_of(row): tuple(row[1:]) for row in rows if row[1] is not None}
        wanted = {name: stored_values(stored) for name, stored in changes.items() if stored is not None}
        return there == wanted

    async def put(self, connection: AsyncConnection, key: SessionKey, changes: Mapping[str, StoredData | None]) -> None:
        """Write fragments, whoever holds them."""
        values, place = key_values(key), place_of(key)
        # In one order, in which everybody locks what is there and makes what is new.
        for is_dropped, names in groupby(in_order(changes), key=lambda name: changes[name] is None):
            rows = [
                (*place, fragment_of(name))
                if is_dropped
                else (*values, *name_values(name), *stored_values(changes[name]))
                for name in names
            ]
            for chunk in in_chunks(rows, self._database.max_rows):
                statement = self._statements.drop if is_dropped else self._statements.put
                await self._database.execute(connection, statement, chunk)

    def is_single(self, changes: Mapping[str, StoredData | None]) -> bool:
        """Tell whether :meth:`put` takes one statement."""
        dropped = sum(stored is None for stored in changes.values())
        return dropped in (0, len(changes)) and len(changes) <= self._database.max_rows

    def closing(self, key: SessionKey) -> Steps[None]:
        """Drop the fragments of a key but for those that outlive it."""
        place = place_of(key)
        if (yield Step(self._statements.close, [place])):
            yield Step(self._statements.drop_empty, [place])

    def ending(self, key: SessionKey) -> Steps[None]:
        """Do the same where holders are no rows."""
        yield Step(self._statements.drop_ending, [place_of(key)])

    async def migrate(self, connection: AsyncConnection, bot_id: int, old_chat_id: int, new_chat_id: int) -> MovedData:
        """Move the fragments of a chat to its new id; return what became of them."""
        data = self._data
        found = await connection.execute(
            select(data.c.id, data.c.name, data.c.value.is_not(None), *(data.c[name] for name in KEY_COLUMNS))
            .where(data.c.bot_id == bot_id, data.c.chat_id.in_([old_chat_id, new_chat_id]))
            .order_by(*(data.c[name] for name in FRAGMENT_COLUMNS))
            .with_for_update()
        )
        rows = [_Fragment(row[0], key_of(row[3:]), name_of(row[1:]), row[2]) for row in found.all()]
        there = {(it.key, it.name): it for it in rows if it.key.chat_id == new_chat_id}
        old = [it for it in rows if it.key.chat_id == old_chat_id]
        pairs = [(it, there.get((it.key.in_chat(new_chat_id), it.name))) for it in old]
        # One without a value is merely held: it stays where the new key has one, and goes where the old key has more.
        moving = [it for it, other in pairs if other is None or (it.has_value and not other.has_value)]
        moving_ids = {it.id for it in moving}
        going = [other if it.id in moving_ids else it for it, other in pairs if other is not None]
        for chunk in in_chunks([it.id for it in going], IDS_PER_STATEMENT):
            await connection.execute(delete(data).where(data.c.id.in_(chunk)))
        for chunk in in_chunks(sorted(moving_ids), IDS_PER_STATEMENT):
            await connection.execute(update(data).where(data.c.id.in_(chunk)).values(chat_id=new_chat_id))
        return MovedData(_names(moving), _names(there.values()))

    def past(self, bot_id: int, now: datetime) -> ColumnElement[bool]:
        """Return what finds the fragments that have expired and have no hold."""
        c = self._data.c
        ended = c.held_until <= encode_time(now - HOLD_KEPT)
        return and_(c.bot_id == bot_id, c.expires_at <= encode_time(now), or_(c.held_until.is_(None), ended))

    def is_of(self, key: SessionKey) -> ColumnElement[bool]:
        """Return what finds the fragments of a key."""
        return and_(*(self._data.c[name] == it for name, it in zip(PLACE_COLUMNS, place_of(key), strict=True)))


def _names(fragments: Iterable[_Fragment]) -> dict[SessionKey, set[str]]:
    """Return the names of fragments that have a value by their keys."""
    names: dict[SessionKey, set[str]] = {}
    for fragment in fragments:
        if fragment.has_value:
            names.setdefault(fragment.key, set()).add(fragment.name)
    return names
