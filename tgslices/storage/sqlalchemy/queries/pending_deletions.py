"""Work on pending deletions, each piece within one transaction."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from operator import itemgetter
from typing import Any

from sqlalchemy import ColumnElement, bindparam, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from tgslices.model import MAX_WAIT, Gone, PendingDeletion, SessionKey, TrackedMessage
from tgslices.storage.codec import decode_time, encode_time
from tgslices.storage.floors import NO_FLOOR, Floor, Floors
from tgslices.storage.sqlalchemy.database.dialect import Database
from tgslices.storage.sqlalchemy.database.steps import Step, Steps
from tgslices.storage.sqlalchemy.queries.keys import IDS_PER_STATEMENT, gone_conditions
from tgslices.storage.sqlalchemy.queries.next_due import dues_of_held, next_due
from tgslices.storage.sqlalchemy.tables.lease_statements import (
    LeaseStatements,
    Leasing,
    Order,
    leasing_beside,
    leasing_of,
)
from tgslices.storage.sqlalchemy.tables.rows import (
    Values,
    escape,
    pending_identity,
    pending_of,
)
from tgslices.storage.sqlalchemy.tables.schema import PENDING_COLUMNS, Tables
from tgslices.storage.sqlalchemy.tables.speller import in_chunks
from tgslices.storage.sqlalchemy.tables.statements import Statements


class PendingDeletions:
    """Reads and changes pending deletions."""

    def __init__(self, tables: Tables, database: Database, statements: Statements, leases: LeaseStatements) -> None:
        """Remember for each bot how far the leases of a round have come in the order of the times."""
        self._table = tables.pending
        self._floors = Floors(is_used=database.keeps_dead_rows)
        self._statements = statements
        self._leases = leases
        self._database = database

    async def of_bot(self, connection: AsyncConnection, bot_id: int) -> list[PendingDeletion]:
        """Return every pending deletion of a bot, earliest first."""
        c = self._table.c
        mine = select(*self._columns()).where(c.bot_id == bot_id)
        found = await connection.execute(mine.order_by(self._due_at, c.id))
        return [pending_of(row) for row in found]

    async def next_due(self, connection: AsyncConnection, bot_id: int, now: datetime) -> datetime | None:
        """Return when the bot's earliest one is due; now, when a clock that was ahead has put one off."""
        floor = self._floors.get(bot_id, encode_time(now))
        dues = dues_of_held(self._table, self._table.c.bot_id == bot_id, now, floor)
        return await next_due(connection, [dues], now)

    async def has(self, connection: AsyncConnection, key: SessionKey, message: TrackedMessage) -> bool:
        """Tell whether a message is pending for a key."""
        c = self._table.c
        found = await connection.execute(select(c.id).where(c.identity == pending_identity(key, message)))
        return found.one_or_none() is not None

    def adding(
        self,
        key: SessionKey,
        messages: Sequence[TrackedMessage],
        entries: Sequence[Values],
        *,
        now: datetime,
        until: datetime,
    ) -> Steps[None]:
        """Make messages pending, given as they are and as values; what is pending already becomes due as this says."""
        head = (
            *(key.bot_id, key.chat_id, key.user_id, key.thread_id),
            *(escape(key.business_connection_id), escape(key.qualifier)),
        )
        tail = (encode_time(now), encode_time(until))
        rows = [
            (pending_identity(key, message), *head, *entry, *tail)
            for message, entry in zip(messages, entries, strict=True)
        ]
        for chunk in in_chunks(rows, self._database.max_rows):
            yield Step(self._statements.add_pending, chunk)

    def expect(self, bot_id: int, until: datetime) -> None:
        """Let the next lease begin early enough to find what is about to be pending until then."""
        self._floors.lower(bot_id, encode_time(until))

    async def lease(
        self, connection: AsyncConnection, bot_id: int, *, now: datetime, until: datetime, limit: int
    ) -> list[PendingDeletion]:
        """Take and hold what is due, earliest first, leaving out what another worker is taking at this moment."""
        at, held_until = encode_time(now), encode_time(until)
        times = {"bot": bot_id, "now": at, "ahead": encode_time(now + MAX_WAIT), "until": held_until}
        floor = self._floors.get(bot_id, at)
        rows = await self._take(connection, leasing_of(Order.BY_TIME, limit, times), times, floor)
        if len(rows) < limit and floor != NO_FLOOR:  # a round is over: the next begins with what was put before
            rows += await self._take_more(connection, Order.BY_TIME, times, limit, rows)
        is_full = len(rows) == limit
        if not is_full:
            rows += await self._take_more(connection, Order.PUT_OFF, times, limit, rows)
        rows.sort(key=itemgetter(1, 0))
        self._floors.note(bot_id, (rows[-1][1], rows[-1][0]) if is_full else None, at, held_until)
        self._floors.lower(bot_id, held_until)
        due_at = decode_time(held_until)
        return [pending_of(row[2:], due_at) for row in rows]

    async def _take_more(
        self, connection: AsyncConnection, order: Order, times: dict[str, int], limit: int, taken: list[Any]
    ) -> list[Any]:
        """Lease what is due beside what was taken."""
        leasing = leasing_beside(taken, order, limit, times)
        return await self._take(connection, leasing, times | {"limit": limit - len(taken)}, NO_FLOOR)

    async def _take(
        self, connection: AsyncConnection, leasing: Leasing, values: dict[str, int], floor: Floor
    ) -> list[Any]:
        """Lease pending deletions; return rows of id, time and ``PENDING_COLUMNS``."""
        values = values | {"floor_time": floor[0], "floor_id": floor[1]}
        spelled = self._leases.pending(leasing)
        rows = list(await self._database.execute(connection, spelled, [spelled.row(**values)]))
        if rows and not self._database.tells_old_values:
            hold = self._leases.hold_pending(leasing)
            await self._database.execute(connection, hold, [hold.row(**values)])
        return rows

    async def postpone(
        self, connection: AsyncConnection, pending: Collection[PendingDeletion], *, until: datetime
    ) -> None:
        """Set when these are due."""
        for bot_id in {each.key.bot_id for each in pending}:
            self._floors.lower(bot_id, encode_time(until))
        for chunk in in_chunks(identities_of(pending), IDS_PER_STATEMENT):
            these = self._locked(self._table.c.identity.in_(chunk))
            times = {"due_at": encode_time(until), "held_until": None}
            await connection.execute(update(self._table).where(these).values(times))

    async def discard(self, connection: AsyncConnection, bot_id: int, gone: Gone) -> int:
        """Drop those of messages that are gone; return how many."""
        c = self._table.c
        discarded = 0
        for condition in gone_conditions(c, gone):
            these = self._locked(c.bot_id == bot_id, condition)
            dropped = await connection.execute(delete(self._table).where(these))
            discarded += dropped.rowcount
        return discarded

    async def migrate(self, connection: AsyncConnection, bot_id: int, old_chat_id: int, new_chat_id: int) -> None:
        """Let what left the keys of a chat count as having left those of its new id, unless it is pending there.

        Takes a handful of statements, however many there are.
        """
        if old_chat_id == new_chat_id:
            return
        c = self._table.c
        found = await connection.execute(
            select(c.id, *self._columns())
            .where(c.bot_id == bot_id, c.key_chat_id == old_chat_id)
            .order_by(c.identity)
            .with_for_update()
        )
        moving: dict[bytes, int] = {}
        for row_id, *row in found.all():
            pending = pending_of(row)
            moving[pending_identity(pending.key.in_chat(new_chat_id), pending.message)] = row_id
        for identities in in_chunks(sorted(moving), IDS_PER_STATEMENT):
            there = set(await connection.scalars(select(c.identity).where(c.identity.in_(identities))))
            if there:
                await connection.execute(delete(self._table).where(c.id.in_([moving[it] for it in there])))
            rows = [{"row": moving[it], "new": it} for it in identities if it not in there]
            if rows:
                change = update(self._table).where(c.id == bindparam("row"))
                await connection.execute(change.values(identity=bindparam("new"), key_chat_id=new_chat_id), rows)

    def _locked(self, *conditions: ColumnElement[bool]) -> ColumnElement[bool]:
        """Find rows after locking them in one order, which neither UPDATE nor DELETE does by itself."""
        c = self._table.c
        return c.id.in_(select(c.id).where(*conditions).order_by(c.identity).with_for_update())

    def _columns(self) -> list[ColumnElement[Any]]:
        return [*(self._table.c[name] for name in PENDING_COLUMNS[:-1]), self._due_at]

    @property
    def _due_at(self) -> ColumnElement[Any]:
        """When one is due, whether it is held or not."""
        return func.coalesce(self._table.c.held_until, self._table.c.due_at)


def identities_of(pending: Collection[PendingDeletion]) -> list[bytes]:
    """Return what identifies these, in one order everywhere, so that two workers never wait for each other."""
    return sorted({pending_identity(each.key, each.message) for each in pending})
