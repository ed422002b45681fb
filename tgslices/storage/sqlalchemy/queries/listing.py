"""Open sessions, page by page. Only reads; each statement stands for itself."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

from sqlalchemy import ColumnElement, Connection, Select, func, inspect, or_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from tgslices.model import SessionKey
from tgslices.storage.codec import decode_time, encode_time
from tgslices.storage.listing_protocol import (
    FEW,
    MAX_LOOKED_AT,
    ListedPage,
    ListedSession,
    SessionFilter,
    SessionOrder,
    read_place,
    spelled_place,
)
from tgslices.storage.sqlalchemy.queries.activity import entry_count, times
from tgslices.storage.sqlalchemy.queries.keys import Keys
from tgslices.storage.sqlalchemy.tables.rows import escape, key_of
from tgslices.storage.sqlalchemy.tables.schema import Tables
from tgslices.storage.sqlalchemy.tables.speller import in_chunks

KEYS_PER_STATEMENT: Final = 50


class _Place(NamedTuple):
    """Where a session stands in an order."""

    at: int
    row_id: int


class Listing:
    """Reads which sessions are open, in order."""

    def __init__(self, tables: Tables, keys: Keys) -> None:
        self._rows = keys
        self._keys = tables.keys
        self._tables = tables
        self._looked = (*times(tables), entry_count(tables))

    async def page(
        self,
        connection: AsyncConnection,
        bot_id: int,
        where: SessionFilter,
        *,
        order: SessionOrder,
        after: str | None,
        limit: int,
    ) -> ListedPage:
        """Return a page of sessions, and where the next one begins."""
        place = _Place(*read_place(after))
        at = self._keys.c.due_at if order is SessionOrder.DUE else self._keys.c.opened_at
        found = await self._few(connection, bot_id, where, at, place, limit)
        if found is None:
            found = await self._walk(connection, bot_id, where, at, place, limit)
        places, rest = found
        listed = await self._look(connection, at, places)
        sessions = tuple(listed[place] for place in places if place in listed)
        return ListedPage(sessions, None if rest is None else spelled_place(*rest))

    async def look_at(self, connection: AsyncConnection, keys: Sequence[SessionKey]) -> list[ListedSession]:
        """Return those of these keys that are open, in their order."""
        found: dict[SessionKey, ListedSession] = {}
        for chunk in in_chunks(keys, KEYS_PER_STATEMENT):
            are_they = or_(*map(self._rows.is_key, chunk))
            for row in await connection.execute(self._details().where(are_they)):
                session = _session(row)
                found[session.key] = session
        return [found[key] for key in keys if key in found]

    async def count(self, connection: AsyncConnection, bot_id: int, where: SessionFilter) -> int:
        """Return how many sessions are open."""
        c = self._keys.c
        counted = select(func.count()).where(c.bot_id == bot_id, c.opened_at.is_not(None), *self._conditions(where))
        return int((await connection.execute(counted)).scalar_one())

    async def server_time(self, connection: AsyncConnection) -> datetime | None:
        """Return the server's time; None where it is this machine's."""
        if connection.dialect.name == "sqlite":
            return None
        told: datetime = (await connection.execute(select(func.clock_timestamp()))).scalar_one()
        return told.astimezone(UTC)

    async def warnings(self, connection: AsyncConnection) -> list[str]:
        """Return which indexes are missing, in whole sentences."""

        def look(connection: Connection) -> list[str]:
            inspector = inspect(connection)
            return [
                f"The index {index.name} of the table {table.name} is missing: create it with a migration."
                for table in self._tables.all
                for there in [{it["name"] for it in inspector.get_indexes(table.name, schema=table.schema)}]
                for index in sorted(table.indexes, key=lambda it: str(it.name))
                if index.name not in there
            ]

        return await connection.run_sync(look)

    async def _few(
        self,
        connection: AsyncConnection,
        bot_id: int,
        where: SessionFilter,
        at: ColumnElement[Any],
        place: _Place,
        limit: int,
    ) -> tuple[list[_Place], _Place | None] | None:
        """Find a page among the sessions of one chat; None where they are too many to be sorted."""
        c = self._keys.c
        if where.chat_id is None:
            return None
        of_chat = select(at, c.id, c.opened_at, *self._rows.key_columns()).where(
            c.bot_id == bot_id,
            c.chat_id == where.chat_id,
            (at + 0).is_not(None),  # so that no database reads the index of all that is open
        )
        rows = (await connection.execute(of_chat.limit(FEW + 1))).all()
        if len(rows) > FEW:
            return None
        found = sorted(_Place(*row[:2]) for row in rows if _takes(where, row))
        return _cut([one for one in found if one > place], limit)

    async def _walk(
        self,
        connection: AsyncConnection,
        bot_id: int,
        where: SessionFilter,
        at: ColumnElement[Any],
        place: _Place,
        limit: int,
    ) -> tuple[list[_Place], _Place | None]:
        """Find a page in the order of the index, which is read from the place on, and not for ever."""
        c = self._keys.c
        looked_for = (c.id, c.opened_at, c.due_at, c.chat_id, c.user_id, c.qualifier)
        behind = select(*looked_for).where(c.bot_id == bot_id, at.is_not(None), tuple_(at, c.id) > place)
        if where.opened_before is not None and at is c.opened_at:
            behind = behind.where(at <= encode_time(where.opened_before))
        behind = behind.order_by(at, c.id)
        if where.takes_every_key and (where.opened_before is None or at is c.opened_at):
            return _cut(await _places(connection, behind.limit(limit + 1), at.name), limit)
        looked_at = behind.limit(MAX_LOOKED_AT).subquery("looked_at")
        order = (looked_at.c[at.name], looked_at.c.id)
        meant = select(looked_at).where(*self._conditions(where, looked_at.c)).order_by(*order).limit(limit + 1)
        found, rest = _cut(await _places(connection, meant, at.name), limit)
        if rest is None:
            last = behind.offset(MAX_LOOKED_AT - 1).limit(1)
            rest = next(iter(await _places(connection, last, at.name)), None)
        return found, rest

    async def _look(
        self, connection: AsyncConnection, at: ColumnElement[Any], places: Sequence[_Place]
    ) -> dict[_Place, ListedSession]:
        """Return what sessions did; one that has left its place meanwhile is left out."""
        looked: dict[_Place, ListedSession] = {}
        for chunk in in_chunks(places, FEW):
            ids = [place.row_id for place in chunk]
            for row in await connection.execute(self._details().where(self._keys.c.id.in_(ids))):
                looked[_Place(getattr(row, at.name), row.id)] = _session(row)
        return looked

    def _details(self) -> Select[Any]:
        c = self._keys.c
        details = select(
            *(c.id, c.opened_at, c.due_at, c.held_until, c.active_at),
            *(column.label(f"looked_{number}") for number, column in enumerate(self._looked)),
            *self._rows.key_columns(),
        )
        return details.where(c.opened_at.is_not(None))

    def _conditions(self, where: SessionFilter, c: Any = None) -> Iterable[ColumnElement[bool]]:
        c = self._keys.c if c is None else c
        if where.chat_id is not None:
            yield c.chat_id == where.chat_id
        if where.user_id is not None:
            yield c.user_id == where.user_id
        if where.qualifiers is not None:
            named = [escape(qualifier) for qualifier in where.qualifiers if qualifier is not None]
            without = c.qualifier.is_(None) if None in where.qualifiers else None
            yield c.qualifier.in_(named) if without is None else or_(c.qualifier.in_(named), without)
        if where.opened_before is not None:
            yield c.opened_at <= encode_time(where.opened_before)


async def _places(connection: AsyncConnection, statement: Any, at: str) -> list[_Place]:
    inner = statement.subquery("found")
    found = await connection.execute(select(inner.c[at], inner.c.id).order_by(inner.c[at], inner.c.id))
    return [_Place(*row) for row in found]


def _cut(places: list[_Place], limit: int) -> tuple[list[_Place], _Place | None]:
    """Return what fits into a page, and the last of it if there is more."""
    page = places[:limit]
    return page, page[-1] if len(places) > limit and page else None


def _takes(where: SessionFilter, row: Any) -> bool:
    before = where.opened_before
    return where.takes(key_of(row[3:])) and (before is None or row[2] <= encode_time(before))


def _session(row: Any) -> ListedSession:
    _, opened_at, due_at, held_until, active_at, recorded_at, written_at, oldest_at, entries, *key = row
    active = max(at for at in (opened_at, active_at, recorded_at, written_at) if at is not None)
    return ListedSession(
        key_of(key),
        decode_time(opened_at),
        decode_time(active),
        entries,
        None if oldest_at is None else decode_time(oldest_at),
        None if due_at is None else decode_time(due_at if held_until is None else held_until),
    )
