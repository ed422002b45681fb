"""Entries on their way to the pending deletions and out of them, each step within one transaction."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from tgslices.model import PendingDeletion, SessionKey, TrackedMessage
from tgslices.storage.sqlalchemy.queries.entries import Entries
from tgslices.storage.sqlalchemy.queries.pendings import Pendings
from tgslices.storage.sqlalchemy.tables.rows import message_of, place_of


class Claims:
    """Moves entries to the pending deletions, and lets those that are done with go."""

    def __init__(self, entries: Entries, pendings: Pendings) -> None:
        self._entries = entries
        self._pendings = pendings

    async def claim(
        self,
        connection: AsyncConnection,
        key: SessionKey,
        messages: Collection[TrackedMessage] | None,
        *,
        now: datetime,
        until: datetime,
        limit: int | None,
    ) -> list[TrackedMessage]:
        """Move these entries, or all; return them in the key's order."""
        if messages is None:
            taken = await self._entries.take_all(connection, key, limit=limit)
        else:
            taken = await self._entries.take(connection, key, messages, limit=limit)
        claimed = [message_of(values) for values in taken]
        await self._pendings.add(connection, key, claimed, taken, now=now, until=until)
        return claimed

    async def settle(self, connection: AsyncConnection, pending: Collection[PendingDeletion]) -> int:
        """Drop pending deletions; return how many were there."""
        of_key: dict[SessionKey, list[TrackedMessage]] = {}
        for each in pending:
            of_key.setdefault(each.key, []).append(each.message)
        for key in sorted(of_key, key=place_of):
            await self._entries.forget_own(connection, key, of_key[key])
        return await self._pendings.settle(connection, pending)
