"""Work on sessions that are due, each piece within one transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from operator import itemgetter
from typing import Any, Final, NamedTuple

from sqlalchemy import CTE, ColumnElement, and_, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from tgslices.model import MAX_WAIT, SessionKey, TrackedMessage
from tgslices.storage.codec import decode_time, encode_time
from tgslices.storage.ending_protocol import Due, DueSession, End
from tgslices.storage.floors import NO_FLOOR, Floor, Floors
from tgslices.storage.sqlalchemy.database.dialect import Database
from tgslices.storage.sqlalchemy.queries import activity
from tgslices.storage.sqlalchemy.queries.claims import Claims
from tgslices.storage.sqlalchemy.queries.ends import Ends
from tgslices.storage.sqlalchemy.queries.entries import Entries
from tgslices.storage.sqlalchemy.queries.keys import Keys, due_values
from tgslices.storage.sqlalchemy.queries.next_due import Dues, dues_of_held
from tgslices.storage.sqlalchemy.tables.lease_statements import (
    LeaseStatements,
    Leasing,
    Order,
    leasing_beside,
    leasing_of,
)
from tgslices.storage.sqlalchemy.tables.rows import key_of, place_of
from tgslices.storage.sqlalchemy.tables.schema import ENTRY, Tables
from tgslices.storage.sqlalchemy.tables.speller import in_chunks

_LAST_ID: Final = 2**63 - 1


class Ending(NamedTuple):
    """The number of the row of a key that was ended, and which of its entries became pending."""

    row_id: int
    claimed: list[TrackedMessage]


class DueSessions:
    """Leases, postpones and ends sessions."""

    def __init__(
        self,
        tables: Tables,
        database: Database,
        statements: LeaseStatements,
        *,
        keys: Keys,
        entries: Entries,
        claims: Claims,
        ends: Ends,
    ) -> None:
        """Remember for each bot how far the leases of a round have come, by limits and by times."""
        self._database = database
        self._statements = statements
        self._rows = keys
        self._entries = entries
        self._claims = claims
        self._ends = ends
        self._floors = Floors()
        self._floors_of_times = Floors(is_used=database.keeps_dead_rows)
        self._tables = tables
        self._keys = tables.keys

    async def lease(
        self, connection: AsyncConnection, bot_id: int, *, now: datetime, until: datetime, limit: int
    ) -> list[DueSession]:
        """Take and hold what is due, leaving out what another worker is taking at this moment.

        Each statement stands for itself, and mostly there is one.
        """
        at, held_until = encode_time(now), encode_time(until)
        times = {"bot": bot_id, "now": at, "ahead": encode_time(now + MAX_WAIT), "until": held_until}
        # What is past its limit hurries no more.
        floor = max(self._floors.get(bot_id, at), (at, _LAST_ID))
        rows = await self._take(connection, leasing_of(Order.BY_LIMIT, limit, times), times, floor)
        rows.sort(key=itemgetter(1, 0))
        self._floors.note(bot_id, (rows[-1][1], rows[-1][0]) if len(rows) == limit else None, at, held_until)
        for order in (Order.BY_TIME, Order.PUT_OFF):
            if len(rows) < limit:
                rows += await self._take_more(connection, order, times, limit, rows)
        return [_due_session(row, decode_time(held_until)) for row in rows]

    async def _take_more(
        self, connection: AsyncConnection, order: Order, times: dict[str, int], limit: int, taken: list[Any]
    ) -> list[Any]:
        """Lease what is due beside what was taken."""
        leasing = leasing_beside(taken, order, limit, times)
        bot_id, now, left = times["bot"], times["now"], limit - len(taken)
        floor = self._floors_of_times.get(bot_id, now) if order is Order.BY_TIME else NO_FLOOR
        rows = await self._take(connection, leasing, times | {"limit": left}, floor)
        rows.sort(key=itemgetter(2, 0) if rows and rows[0][2] is not None else itemgetter(1, 0))
        if order is Order.BY_TIME:
            last = (rows[-1][2], rows[-1][0]) if len(rows) == left else None
            self._floors_of_times.note(bot_id, last, now, times["until"])
            self._floors_of_times.lower(bot_id, times["until"])
        return rows

    async def _take(
        self, connection: AsyncConnection, leasing: Leasing, values: dict[str, int], floor: Floor
    ) -> list[Any]:
        """Lease sessions with one statement; return rows of ``SESSION_COLUMNS``."""
        spelled = self._statements.sessions(leasing)
        row = spelled.row(**values, floor_time=floor[0], floor_id=floor[1])
        return list(await self._database.execute(connection, spelled, [row]))

    def expect(self, bot_id: int, due: Due | None) -> None:
        """Let the next lease begin early enough to find what is about to get a time at which it is due."""
        if due is None:
            return
        self._floors.lower(bot_id, encode_time(due.limit))
        self._floors_of_times.lower(bot_id, encode_time(due.at))

    async def postpone(self, connection: AsyncConnection, session: DueSession, due: Due | None) -> bool:
        """Set when a leased session is due next."""
        c = self._keys.c
        self.expect(session.key.bot_id, due)
        values = due_values(due) | {"active_at": None if due is None else encode_time(session.active_at)}
        is_leased = and_(self._rows.is_key(session.key), c.is_open, self._is_held_until(session.leased_until))
        changed = await connection.execute(update(self._keys).where(is_leased).values(values))
        return changed.rowcount > 0

    async def schedule(self, connection: AsyncConnection, dues: Mapping[SessionKey, Due]) -> None:
        """Set when open keys are due that were opened without a due."""
        rows = [(*place_of(key), encode_time(due.at), encode_time(due.limit)) for key, due in dues.items()]
        for key, due in dues.items():
            self.expect(key.bot_id, due)
        for chunk in in_chunks(rows, self._database.max_rows):
            await self._database.execute(connection, self._statements.schedule, chunk)

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
        if row is None or not await self._may_end(connection, row.id, session, now):
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

    async def _may_end(self, connection: AsyncConnection, row_id: int, session: DueSession, now: datetime) -> bool:
        """Tell whether a session, its row locked, is still leased, was not touched since, and nobody has its data."""
        c, (recorded, written, _) = self._keys.c, activity.times(self._tables)
        is_leased = (c.is_open, self._is_held_until(session.leased_until))
        asked = select(recorded, written, activity.held_until(self._tables)).where(c.id == row_id, *is_leased)
        row = (await connection.execute(asked)).one_or_none()
        if row is None:
            return False
        *touched, held_until = row
        active_at = encode_time(session.active_at)
        is_held = held_until is not None and held_until > max(encode_time(now), active_at)
        return not is_held and all(at is None or at <= active_at for at in touched)

    async def _has_entries(self, connection: AsyncConnection, row_id: int) -> bool:
        c = self._tables.messages.c
        found = await connection.execute(select(c.id).where(c.key_id == row_id, c.state == ENTRY).limit(1))
        return found.one_or_none() is not None

    def _is_held_until(self, leased_until: datetime) -> ColumnElement[bool]:
        c = self._keys.c
        return func.coalesce(c.held_until, c.due_at) == encode_time(leased_until)

    def dues(self, bot_id: int, now: datetime) -> Dues:
        """Return what tells when the bot's next session is due."""
        c = self._keys.c
        floor = self._floors_of_times.get(bot_id, encode_time(now))
        return dues_of_held(self._keys, and_(c.bot_id == bot_id, c.due_at.is_not(None)), now, floor)


def _due_session(row: Any, until: datetime) -> DueSession:
    _, _, _, opened, active, recorded_and_oldest, written, *key = row
    oldest, latest = "", max(opened, opened if active is None else active, opened if written is None else written)
    if recorded_and_oldest is not None:
        recorded, _, oldest = recorded_and_oldest.partition(" ")
        latest = max(latest, int(recorded))
    opened_at = decode_time(opened)
    active_at = opened_at if latest == opened else decode_time(latest)
    return DueSession(key_of(key), opened_at, until, active_at, decode_time(int(oldest)) if oldest else None)
