"""The contract of looking at pending deletions, written once. Every durable storage has it.

They are listed in pages, like sessions, and counted, so that nobody needs room for all of them at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Protocol

from tgslices.model import PendingDeletion, SessionKey

PENDING_AGES: Final = (timedelta(), timedelta(minutes=1), timedelta(hours=1), timedelta(days=1))
"""From which ages on pending deletions are counted."""


@dataclass(frozen=True, slots=True)
class PendingPage:
    """Some pending deletions, in order, and ``after``: where the next page begins, None at the end."""

    pending: tuple[PendingDeletion, ...]
    after: str | None


class PendingListing(Protocol):
    """Pending deletions, page by page."""

    async def list_pending(self, bot_id: int, *, after: str | None = None, limit: int) -> PendingPage:
        """Return up to ``limit`` pending deletions of a bot, those behind ``after``, earliest ``due_at`` first.

        What a page costs does not grow with how many there are. A page may have fewer than were asked for, and none,
        although there is a next one. What is due at another time meanwhile may be in two pages, or in none. One that is
        leased may keep its place.

        Raises:
            ConfigurationError: ``after`` is none that a page told.
        """

    async def count_pending(
        self, bot_id: int, *, key: SessionKey | None = None, claimed_by: Sequence[datetime] = ()
    ) -> list[int]:
        """Return how many are pending, and how many of them were claimed at each of these times or earlier.

        With a key only its own count. All but the plain number takes a look at each.
        """


PENDING_METHODS: Final = ("list_pending", "count_pending")
