"""What there is in the storage: looked at once a minute, and only where somebody observes."""

from __future__ import annotations

import time
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Final

from tgslices.clock import Clock
from tgslices.storage.listing_protocol import SessionOrder
from tgslices.storage.pending_protocol import PENDING_AGES
from tgslices.storage.protocol import DurableSessionStorage
from tgslices.telemetry.events import StockTaken
from tgslices.telemetry.observer import Telling

TAKE_EVERY: Final = timedelta(minutes=1)

MAX_SHARE: Final = 100
"""A look takes at most one part in so many of the time: a storage where it takes long is looked at more rarely."""

PER_PAGE: Final = 100
MAX_PAGES: Final = 10
"""Among how many sessions, those that were opened first, the oldest message is looked for."""


class StockTaking:
    """Tells what there is of one bot's sessions, whenever it is asked to and a minute has passed."""

    def __init__(self, storage: DurableSessionStorage, bot_id: int, tell: Telling, *, clock: Clock) -> None:
        self._storage = storage
        self._bot_id = bot_id
        self._tell = tell
        self._clock = clock
        self._next_at: datetime | None = None

    async def take_if_due(self) -> None:
        """Look and tell, unless that was done a moment ago; a storage that fails is looked at later."""
        now, begun = self._clock(), time.monotonic()
        if self._next_at is not None and now < self._next_at <= now + MAX_SHARE * TAKE_EVERY:
            return
        self._next_at = now + TAKE_EVERY
        with suppress(Exception):  # whatever the storage raises; it is observed, and has told it
            self._tell(await self._taken(now))
        took = timedelta(seconds=time.monotonic() - begun)
        self._next_at = now + max(TAKE_EVERY, MAX_SHARE * took)

    async def _taken(self, now: datetime) -> StockTaken:
        ages = [now - age for age in PENDING_AGES]
        _, *pending = await self._storage.count_pending(self._bot_id, claimed_by=ages)
        return StockTaken(
            self._bot_id,
            now,
            await self._storage.count_sessions(self._bot_id),
            await self._oldest(),
            dict(zip(PENDING_AGES, pending, strict=True)),
        )

    async def _oldest(self) -> datetime | None:
        """Return when the oldest message was sent. A session's messages are hardly ever older than the session."""
        oldest: datetime | None = None
        after: str | None = None
        for _ in range(MAX_PAGES):
            page = await self._storage.list_sessions(
                self._bot_id, order=SessionOrder.OPENED, after=after, limit=PER_PAGE
            )
            for session in page.sessions:
                if oldest is not None and session.opened_at > oldest:
                    return oldest
                oldest = min(filter(None, (oldest, session.oldest_at)), default=None)
            after = page.after
            if after is None:
                break
        return oldest
