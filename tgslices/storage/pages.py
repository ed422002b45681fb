"""Reads what is open page by page, from any storage that lists it."""

from __future__ import annotations

from collections.abc import AsyncIterator

from tgslices.storage.listing_protocol import (
    EVERY_SESSION,
    ListedPage,
    ListingStorage,
    SessionFilter,
    SessionOrder,
)


async def pages(
    storage: ListingStorage,
    bot_id: int,
    where: SessionFilter = EVERY_SESSION,
    *,
    after: str | None = None,
    limit: int,
) -> AsyncIterator[ListedPage]:
    """Yield page after page of a bot's open sessions, those that were opened first in front, to the end."""
    while True:
        page = await storage.list_sessions(bot_id, where, after=after, limit=limit)
        yield page
        if (after := page.after) is None:
            return


async def filled_page(
    storage: ListingStorage,
    bot_id: int,
    where: SessionFilter = EVERY_SESSION,
    *,
    order: SessionOrder = SessionOrder.OPENED,
    after: str | None,
    limit: int,
    most: int | None = None,
) -> ListedPage:
    """Return ``limit`` sessions, if there are as many, also where pages of the storage have fewer.

    ``most``: how many of its pages are read; as many as it takes unless told.
    """
    found, read = ListedPage((), after), 0
    while True:
        left = limit - len(found.sessions)
        page = await storage.list_sessions(bot_id, where, order=order, after=found.after, limit=left)
        found, read = ListedPage((*found.sessions, *page.sessions), page.after), read + 1
        if page.after is None or len(found.sessions) >= limit or read == most:
            return found
