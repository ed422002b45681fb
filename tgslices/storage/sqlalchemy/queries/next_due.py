"""When something is due next, in any of several places."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, TypeAlias

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from tgslices.model import MAX_WAIT
from tgslices.storage.codec import decode_time, encode_time

Dues: TypeAlias = tuple[ColumnElement[Any], ColumnElement[bool]]
"""A column of times, and which of its rows count."""


async def next_due(connection: AsyncConnection, dues: Iterable[Dues], now: datetime) -> datetime | None:
    """Return the earliest time that there is; now, when a clock that was ahead has put something off."""
    ends = [
        select(function(due_at)).where(counts).scalar_subquery()
        for due_at, counts in dues
        for function in (func.min, func.max)
    ]
    times = [time for time in (await connection.execute(select(*ends))).one() if time is not None]
    if not times:
        return None
    return now if max(times) > encode_time(now + MAX_WAIT) else decode_time(min(times))
