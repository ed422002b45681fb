"""Work on sessions that are due, each piece within one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import CTE, ColumnElement, Select, and_, func, or_, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from tgslices.model import MAX_WAIT, TrackedMessage
from tgslices.storage.codec import decode_time, encode_time
from tgslices.storage.lifetime_protocol import FIRST_LOOKED_AT, Due, DueSession, End
from tgslices.storage.sqlalchemy.queries.claims import Claims
from tgslices.storage.sqlalchemy.queries.ends import Ends
from tgslices.storage.sqlalchemy.queries.entries import Entries
from tgslices.storage.sqlalchemy.queries.floors import Floors
from tgslices.storage.sqlalchemy.queries.keys import IDS_PER_STATEMENT, Keys, due_values
from tgslices.storage.sqlalchemy.queries.next_due import Dues
from tgslices.storage.sqlalchemy.tables.rows import key_of
from tgslices.storage.sqlalchemy.tables.schema import ENTRY, KEY_COLUMNS, PLACE_COLUMNS, Tables
from tgslices.storage.sqlalchemy.tables.speller import in_chunks


class Ending(NamedTuple):
    """The number of the row of a key that was ended, and which of its entries became pending."""

    row_id: int
    claimed: list[TrackedMessage]


class DueSessions:
    """Leases, postpones and ends sessions."""

    def __init__(
        self, tables: Tables, keys: Keys, entries: Entries, claims: Claims, ends: Ends, floors: Floors
    ) -> None:
        """``floors`` keeps for each bot how far the leases of a round have come in the order of limits."""
        self._rows = keys
        self._entries = entries
        self._claims = claims
        self._ends = ends
        self._floors = floors
        self._keys = tables.keys
        self._messages = tables.messages
        self._data = tables.data

    async def lease(
        self, connection: AsyncConnection, bot_id: int, *, now: datetime, until: datetime, limit: int
    ) -> list[DueSession]:
        """Take and hold what is due, leaving out what another worker is taking at this moment."""
        rows = await self._urgent(connection, bot_id, now, limit)
        if len(rows) < limit:
            rows += await self._others(connection, bot_id, now, limit - len(rows), {row[0] for row in rows})
        ids = [row[0] for row in rows]
        for chunk in in_chunks(ids, IDS_PER_STATEMENT):
            these = self._keys.c.id.in_(chunk)
            await connection.execute(update(self._keys).where(these).values(due_at=encode_time(until)))
        times = await self._times(connection, ids)
        held_until = decode_time(encode_time(until))
        return [_due_session(row, held_until, *times.get(row[0], (None, None))) for row in rows]

    async def _urgent(self, connection: AsyncConnection, bot_id: int, now: datetime, limit: int) -> list[Any]:
        """Take those that are due and whose limit is to come, the earliest limit first."""
        c = self._keys.c
        first = (
            select(c.id)
            .where(c.bot_id == bot_id, c.due_at.is_not(None), c.limit_at > encode_time(now))
            .order_by(c.limit_at, c.id)
            .limit(FIRST_LOOKED_AT)
        )
        if (floor := self._floors.get(bot_id)) is not None:
            first = first.where(tuple_(c.limit_at, c.id) > floor)
        looked_at = c.id.in_(select(first.subquery("looked_at").c.id))
        rows = await self._take(connection, bot_id, and_(looked_at, self._is_due(now)), (c.limit_at, c.id), limit)
        self._floors.note(bot_id, (rows[-1].limit_at, rows[-1].id) if len(rows) == limit else None)
        return rows

    async def _others(
        self, connection: AsyncConnection, bot_id: int, now: datetime, limit: int, taken: set[int]
    ) -> list[Any]:
        """Take what else is due, the earliest first; last what a clock wrote that was ahead."""
        c = self._keys.c
        rows: list[Any] = []
        for is_due in (c.due_at <= encode_time(now), c.due_at > encode_time(now + MAX_WAIT)):
            if len(rows) < limit:
                condition = and_(is_due, c.id.not_in(taken)) if taken else is_due
                rows += await self._take(connection, bot_id, condition, (c.due_at, c.id), limit - len(rows))
        return rows

    async def _take(
        self,
        connection: AsyncConnection,
        bot_id: int,
        condition: ColumnElement[bool],
        order: Sequence[ColumnElement[Any]],
        limit: int,
    ) -> list[Any]:
        c = self._keys.c
        found = await connection.execute(
            select(c.id, c.opened_at, c.active_at, c.limit_at, *(c[name] for name in KEY_COLUMNS))
            .where(c.bot_id == bot_id, condition)
            .order_by(*order)
            .limit(limit)
            # So that recording, which needs the key to stay, goes on beside it.
            .with_for_update(skip_locked=True, key_share=True)
        )
        return list(found.all())

    def _is_due(self, now: datetime) -> ColumnElement[bool]:
        due_at = self._keys.c.due_at
        return or_(due_at <= encode_time(now), due_at > encode_time(now + MAX_WAIT))

    async def _times(self, connection: AsyncConnection, key_ids: Sequence[int]) -> dict[int, tuple[Any, Any]]:
        """Return when something was last recorded under keys or written, and when their oldest entries were sent."""
        c = self._messages.c
        sent_at = func.coalesce(c.sent_at, c.recorded_at)
        found: dict[int, tuple[Any, Any]] = {}
        for chunk in in_chunks(key_ids, IDS_PER_STATEMENT):
            rows = await connection.execute(
                select(c.key_id, func.max(c.recorded_at), func.min(sent_at).filter(c.state == ENTRY))
                .where(c.key_id.in_(chunk))
                .group_by(c.key_id)
            )
            found.update({key_id: (latest, oldest) for key_id, latest, oldest in rows})
            written = await connection.execute(self._written(chunk))
            for key_id, written_at in written.all():
                latest, oldest = found.get(key_id, (None, None))
                found[key_id] = (written_at if latest is None else max(latest, written_at), oldest)
        return found

    def _written(self, key_ids: Sequence[int]) -> Select[Any]:
        """Select when data of keys was written last."""
        keys, data = self._keys.c, self._data.c
        is_of = and_(*(data[name] == keys[name] for name in PLACE_COLUMNS))
        return (
            select(keys.id, func.max(data.written_at))
            .join(self._data, is_of)
            .where(keys.id.in_(key_ids), data.written_at.is_not(None))
            .group_by(keys.id)
        )

    async def postpone(self, connection: AsyncConnection, session: DueSession, due: Due | None) -> bool:
        """Set when a leased session is due next."""
        c = self._keys.c
        values = due_values(due) | {"active_at": None if due is None else encode_time(session.active_at)}
        is_leased = and_(self._rows.is_key(session.key), c.is_open, c.due_at == encode_time(session.leased_until))
        changed = await connection.execute(update(self._keys).where(is_leased).values(values))
        return changed.rowcount > 0

    async def end(
        self,
        connection: AsyncConnection,
        session: DueSession,
        end: End,
        *,
        now: datetime,
        until: datetime,
        limit: int,
        along: Sequence[CTE] = (),
    ) -> Ending | None:
        """End a leased session, unless it was touched since; what goes ``along`` costs no further trip."""
        key = session.key
        row = await self._rows.lock(connection, key)
        if row is None or not await self._may_end(connection, row.id, session):
            return None
        claimed: list[TrackedMessage] = []
        if end.then == "clear":
            claimed = await self._claims.claim(connection, key, None, now=now, until=until, limit=limit)
        else:
            await self._entries.take_all(connection, row.id)
        is_partial = len(claimed) == limit and await self._has_entries(connection, row.id)
        closed_at = max(encode_time(now), row.closed_at or encode_time(now))
        values = {"is_open": False, "opened_at": None, "after_id": None, "closed_at": closed_at, **due_values(None)}
        ended = update(self._keys).where(self._keys.c.id == row.id).values(values)
        await connection.execute(ended.add_cte(*along))
        if end.tells or is_partial:
            await self._ends.add(connection, key, end, now=now, until=until, is_partial=is_partial)
        return Ending(row.id, claimed)

    async def _may_end(self, connection: AsyncConnection, row_id: int, session: DueSession) -> bool:
        c = self._keys.c
        leased_until = encode_time(session.leased_until)
        found = await connection.execute(select(c.id).where(c.id == row_id, c.is_open, c.due_at == leased_until))
        if found.one_or_none() is None:
            return False
        latest, _ = (await self._times(connection, [row_id])).get(row_id, (None, None))
        return latest is None or latest <= encode_time(session.active_at)

    async def _has_entries(self, connection: AsyncConnection, row_id: int) -> bool:
        c = self._messages.c
        found = await connection.execute(select(c.id).where(c.key_id == row_id, c.state == ENTRY).limit(1))
        return found.one_or_none() is not None

    def dues(self, bot_id: int) -> Dues:
        """Return when the bot's sessions are due."""
        c = self._keys.c
        return c.due_at, and_(c.bot_id == bot_id, c.due_at.is_not(None))


def _due_session(row: Any, until: datetime, latest: int | None, oldest: int | None) -> DueSession:
    _, opened_at, active_at, _, *key = row
    active = max(at for at in (opened_at, active_at, latest) if at is not None)
    oldest_at = None if oldest is None else decode_time(oldest)
    return DueSession(key_of(key), decode_time(opened_at), until, decode_time(active), oldest_at)
