"""When something is due next, in any of several places."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final, TypeAlias

from sqlalchemy import ColumnElement, Table, and_, case, func, literal, null, or_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from tgslices.model import MAX_WAIT
from tgslices.storage.codec import decode_time, encode_time
from tgslices.storage.floors import NO_FLOOR, Floor

Dues: TypeAlias = tuple[Any, ...]
"""Selects some times of which the earliest counts, and those too late for a clock that is right."""

_MICROSECOND: Final = 1


def dues_of(due_at: ColumnElement[Any], counts: ColumnElement[bool]) -> Dues:
    """Return what tells when the next row is due of those that count."""
    return tuple(select(function(due_at)).where(counts).scalar_subquery() for function in (func.min, func.max))


def dues_of_held(table: Table, counts: ColumnElement[bool], now: datetime, floor: Floor) -> Dues:
    """Return the same of a table whose rows may be held.

    No index knows of that. So the first row that is free is looked for in the order of the times: behind the floor,
    where most of what is due is free, and then everywhere. All before it are held, and are looked through only where it
    is not due yet.
    """
    c, at, ahead = table.c, encode_time(now), encode_time(now + MAX_WAIT)
    is_held = and_(c.held_until > at, c.held_until <= ahead)
    is_free = or_(c.held_until.is_(None), c.held_until <= at, c.held_until > ahead)
    free = select(c.due_at).where(counts, c.due_at <= ahead, is_free).order_by(c.due_at, c.id).limit(1)
    first: ColumnElement[Any] = free.scalar_subquery()
    if floor != NO_FLOOR:
        behind = free.where(c.due_at <= at, tuple_(c.due_at, c.id) > tuple_(*map(literal, floor)))
        first = func.coalesce(behind.scalar_subquery(), first)
    before = func.coalesce(first, literal(ahead + _MICROSECOND))
    held = select(func.min(c.held_until)).where(counts, c.due_at < before, is_held).scalar_subquery()
    late = select(func.max(c.due_at)).where(counts, c.due_at > ahead).scalar_subquery()
    return first, case((first <= at, null()), else_=held), late


async def next_due(connection: AsyncConnection, dues: Iterable[Dues], now: datetime) -> datetime | None:
    """Return the earliest time that there is; now, when a clock that was ahead has put something off."""
    ends = [end for some in dues for end in some]
    times = [time for time in (await connection.execute(select(*ends))).one() if time is not None]
    if not times:
        return None
    first = decode_time(min(times))
    return min(first, now) if max(times) > encode_time(now + MAX_WAIT) else first
