"""The part of the storage about listing what is open, and what is pending."""

# ruff: noqa: D102 - the methods are documented once, on the protocol

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import partial

from tgslices.model import SessionKey
from tgslices.storage.listing_protocol import EVERY_SESSION, ListedPage, ListedSession, SessionFilter, SessionOrder
from tgslices.storage.pending_protocol import PendingPage
from tgslices.storage.sqlalchemy.database.transactions import T, Work
from tgslices.storage.sqlalchemy.queries.listing import Listing
from tgslices.storage.sqlalchemy.queries.pending_pages import PendingPages


class ListsDatabase:
    """The methods of ``ListingStorage`` and ``PendingListing`` on the tables."""

    _listing: Listing
    _pending_pages: PendingPages

    async def _read(self, work: Work[T]) -> T:
        raise NotImplementedError

    async def list_sessions(
        self,
        bot_id: int,
        where: SessionFilter = EVERY_SESSION,
        *,
        order: SessionOrder = SessionOrder.OPENED,
        after: str | None = None,
        limit: int,
    ) -> ListedPage:
        page = partial(self._listing.page, bot_id=bot_id, where=where, order=order, after=after, limit=limit)
        return await self._read(page)

    async def look_at_sessions(self, keys: Sequence[SessionKey]) -> list[ListedSession]:
        return await self._read(partial(self._listing.look_at, keys=keys))

    async def server_time(self) -> datetime | None:
        return await self._read(self._listing.server_time)

    async def warnings(self) -> list[str]:
        return await self._read(self._listing.warnings)

    async def count_sessions(self, bot_id: int, where: SessionFilter = EVERY_SESSION) -> int:
        return await self._read(partial(self._listing.count, bot_id=bot_id, where=where))

    async def list_pending(self, bot_id: int, *, after: str | None = None, limit: int) -> PendingPage:
        return await self._read(partial(self._pending_pages.page, bot_id=bot_id, after=after, limit=limit))

    async def count_pending(
        self, bot_id: int, *, key: SessionKey | None = None, claimed_by: Sequence[datetime] = ()
    ) -> list[int]:
        return await self._read(partial(self._pending_pages.count, bot_id=bot_id, key=key, claimed_by=claimed_by))
