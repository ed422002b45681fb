"""Work on sessions that are due, each piece within one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from sqlalchemy import CTE, ColumnElement, ScalarSelect, and_, func, or_, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from tgslices.model import MAX_WAIT, TrackedMessage
from tgslices.storage.codec import decode_time, encode_time
from tgslices.storage.lifetime_protocol import FIRST_LOOKED_AT, Due, DueSession, End
from tgslices.storage.sqlalchemy.queries.claims import Claims
from tgslices.storage.sqlalchemy.queries.ends import Ends
from tgslices.storage.sqlalchemy.queries.entries import Entries
from tgslices.storage.sqlalchemy.queries.floors import Floors
from tgslices.storage.sqlalchemy.queries.keys import Keys, due_values
from tgslices.storage.sqlalchemy.queries.next_due import Dues
from tgslices.storage.sqlalchemy.tables.columns import KEY_COLUMNS, PLACE_COLUMNS
from tgslices.storage.sqlalchemy.tables.rows import key_of
from tgslices.storage.sqlalchemy.tables.schema import ENTRY, Tables

_MICROSECOND: Final = timedelta(microseconds=1)


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
        """Take and hold what is due, leaving out what another worker is taking at this moment.

        Each statement stands for itself: a lease, and a look at what it took.
        """
        c, at = self._keys.c, encode_time(now)
        held_until = encode_time(until)
        rows = await self._urgent(connection, bot_id, at, held_until, limit)
        for is_due in (c.due_at <= at, c.due_at > encode_time(now + MAX_WAIT)):
            if len(rows) < limit:
                others = and_(is_due, *_but_for(c.id, rows))
                rows += await self._take(connection, bot_id, others, (c.due_at, c.id), held_until, limit - len(rows))
        times = {row.id: row[1:] for row in await self._look(connection, [row.id for row in rows])}
        return [_due_session(row, decode_time(held_until), *times[row.id]) for row in rows if row.id in times]

    async def _urgent(self, connection: AsyncConnection, bot_id: int, at: int, until: int, limit: int) -> list[Any]:
        """Take those that are due and whose limit is to come, the earliest limit first."""
        c = self._keys.c
        due = or_(c.due_at <= at, c.due_at > at + MAX_WAIT // _MICROSECOND)
        hurrying = select(c.id).where(c.bot_id == bot_id, c.due_at.is_not(None), c.limit_at > at)
        if (floor := self._floors.get(bot_id)) is not None:
            hurrying = hurrying.where(tuple_(c.limit_at, c.id) > floor)
        rows: list[Any] = []
        # Most of the first are due when many are; more are looked at only when that is not so.
        for looked_at in sorted({min(limit, FIRST_LOOKED_AT), FIRST_LOOKED_AT}):
            if len(rows) < limit:
                first = hurrying.order_by(c.limit_at, c.id).limit(looked_at).subquery("looked_at")
                these = and_(c.id.in_(select(first.c.id)), due, *_but_for(c.id, rows))
                rows += await self._take(connection, bot_id, these, (c.limit_at, c.id), until, limit - len(rows))
        self._floors.note(bot_id, (rows[-1].limit_at, rows[-1].id) if len(rows) == limit else None)
        return rows

    async def _take(
        self,
        connection: AsyncConnection,
        bot_id: int,
        condition: ColumnElement[bool],
        order: tuple[ColumnElement[int], ColumnElement[int]],
        until: int,
        limit: int,
    ) -> list[Any]:
        """Lease the first sessions in this order with one statement; return their rows."""
        keys = self._keys
        picked = (
            select(keys.c.id, order[0].label("position"))
            .where(keys.c.bot_id == bot_id, condition)
            .order_by(*order)
            .limit(limit)
            # So that recording, which needs the key to stay, goes on beside it.
            .with_for_update(skip_locked=True, key_share=True)
            .cte("picked")
        )
        leased = update(keys).where(keys.c.id.in_(select(picked.c.id))).values(due_at=until)
        found = await connection.execute(
            leased.returning(
                *(keys.c.id, keys.c.limit_at, keys.c.opened_at, keys.c.active_at),
                *(keys.c[name] for name in KEY_COLUMNS),
            )
        )
        return sorted(found.all(), key=lambda row: (row.limit_at, row.id))

    async def _look(self, connection: AsyncConnection, row_ids: Sequence[int]) -> Sequence[Any]:
        """Return what sessions did last."""
        if not row_ids:
            return ()
        keys = self._keys.c
        return (await connection.execute(select(keys.id, *self._times()).where(keys.id.in_(row_ids)))).all()

    def _times(self) -> tuple[ScalarSelect[Any], ScalarSelect[Any], ScalarSelect[Any]]:
        """Select when something was last recorded under a key, when data was, and when its oldest entry was sent."""
        keys, data, messages = self._keys.c, self._data.c, self._messages.c
        is_its = and_(*(data[name] == keys[name] for name in PLACE_COLUMNS))
        sent_at = func.coalesce(messages.sent_at, messages.recorded_at)
        is_entry = and_(messages.key_id == keys.id, messages.state == ENTRY)
        selects = (
            select(func.max(messages.recorded_at)).where(messages.key_id == keys.id),
            select(func.max(data.written_at)).where(is_its),
            select(func.min(sent_at)).where(is_entry),
        )
        one, two, three = (it.correlate(self._keys).scalar_subquery() for it in selects)
        return one, two, three

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
        """Tell whether a session, whose row is locked, is still leased and was not touched since."""
        c = self._keys.c
        recorded, written, _ = self._times()
        is_leased = (c.is_open, c.due_at == encode_time(session.leased_until))
        row = (await connection.execute(select(recorded, written).where(c.id == row_id, *is_leased))).one_or_none()
        active_at = encode_time(session.active_at)
        return row is not None and all(at is None or at <= active_at for at in row)

    async def _has_entries(self, connection: AsyncConnection, row_id: int) -> bool:
        c = self._messages.c
        found = await connection.execute(select(c.id).where(c.key_id == row_id, c.state == ENTRY).limit(1))
        return found.one_or_none() is not None

    def dues(self, bot_id: int) -> Dues:
        """Return when the bot's sessions are due."""
        c = self._keys.c
        return c.due_at, and_(c.bot_id == bot_id, c.due_at.is_not(None))


def _but_for(row_id: ColumnElement[int], taken: Sequence[Any]) -> list[ColumnElement[bool]]:
    """Leave out what was taken: it is due again if a clock that was ahead says so."""
    return [row_id.not_in([row.id for row in taken])] if taken else []


def _due_session(
    row: Any, until: datetime, recorded_at: int | None, written_at: int | None, oldest: int | None
) -> DueSession:
    times = (row.opened_at, row.active_at, recorded_at, written_at)
    active_at = decode_time(max(at for at in times if at is not None))
    oldest_at = None if oldest is None else decode_time(oldest)
    return DueSession(key_of(row[-len(KEY_COLUMNS) :]), decode_time(row.opened_at), until, active_at, oldest_at)
