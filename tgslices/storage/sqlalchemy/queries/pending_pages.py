"""Pending deletions, page by page, and how many there are. Only reads."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, case, func, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from tgslices.model import SessionKey
from tgslices.storage.codec import encode_time
from tgslices.storage.listing_protocol import read_place, spelled_place
from tgslices.storage.pending_protocol import PendingPage
from tgslices.storage.sqlalchemy.tables.rows import escape, pending_of
from tgslices.storage.sqlalchemy.tables.schema import PENDING_COLUMNS, Tables


class PendingPages:
    """Reads which deletions are pending, in the order in which they are due."""

    def __init__(self, tables: Tables) -> None:
        self._table = tables.pending

    async def page(self, connection: AsyncConnection, bot_id: int, *, after: str | None, limit: int) -> PendingPage:
        """Return a page, and where the next one begins."""
        c = self._table.c
        place = read_place(after)
        due_at = func.coalesce(c.held_until, c.due_at).label("is_due_at")  # one that is held keeps its place
        behind = (
            select(c.due_at, c.id, *(c[name] for name in PENDING_COLUMNS[:-1]), due_at)
            .where(c.bot_id == bot_id, tuple_(c.due_at, c.id) > place)
            .order_by(c.due_at, c.id)
            .limit(limit + 1)
        )
        rows = (await connection.execute(behind)).all()
        page = rows[:limit]
        rest = spelled_place(*page[-1][:2]) if len(rows) > limit and page else None
        return PendingPage(tuple(pending_of(row[2:]) for row in page), rest)

    async def count(
        self, connection: AsyncConnection, bot_id: int, *, key: SessionKey | None, claimed_by: Sequence[datetime]
    ) -> list[int]:
        """Return how many there are, and how many were claimed by each of these times."""
        c = self._table.c
        old = (func.count(case((c.claimed_at <= encode_time(time), 1))) for time in claimed_by)
        counted = select(func.count(), *old).where(c.bot_id == bot_id, *self._of_key(key))
        return [*(await connection.execute(counted)).one()]

    def _of_key(self, key: SessionKey | None) -> Iterable[ColumnElement[bool]]:
        if key is None:
            return
        c = self._table.c
        yield c.key_chat_id == key.chat_id
        values: dict[str, Any] = {
            "key_user_id": key.user_id,
            "key_thread_id": key.thread_id,
            "key_business_connection_id": escape(key.business_connection_id),
            "key_qualifier": escape(key.qualifier),
        }
        for name, value in values.items():
            yield c[name].is_not_distinct_from(value)
