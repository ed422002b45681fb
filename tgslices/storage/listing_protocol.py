"""The contract of listing what is open, written once. Every durable storage has it.

Sessions are listed in pages, each of which begins behind a place in an order and not at a number: it costs as much at
the end as at the begin, and nothing of it moves when sessions open and close meanwhile. A session that is open from the
first page to the last is in exactly one of them. One that is closed and opened again meanwhile is another one.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final, Protocol

from tgslices.errors import ConfigurationError, quoted
from tgslices.model import MAX_INT, SessionKey

MAX_LOOKED_AT: Final = 10_000
"""How many sessions one page looks at, about, where a filter leaves most of them out."""

_PLACE: Final = re.compile(r"(-?[0-9]{1,19})\.([0-9]{1,19})")

FEW: Final = 1_000
"""Up to so many open sessions of one chat are sorted for a page; among more, those of the chat are looked for."""


class SessionOrder(StrEnum):
    """In which order sessions are listed."""

    OPENED = "opened"
    """Sessions that were opened first come first."""
    DUE = "due"
    """Sessions that are due first come first; only sessions that are to end. One that is leased may keep its place."""


@dataclass(frozen=True, slots=True)
class SessionFilter:
    """Which open sessions are meant: those of which all that is given holds.

    ``user_id`` is the key's. ``qualifiers``: one of these, None among them for a session without. ``opened_before``: at
    this time or earlier.
    """

    chat_id: int | None = None
    user_id: int | None = None
    qualifiers: frozenset[str | None] | None = None
    opened_before: datetime | None = None

    def takes(self, key: SessionKey) -> bool:
        """Tell whether a key is meant, whenever it was opened."""
        return (
            (self.chat_id is None or key.chat_id == self.chat_id)
            and (self.user_id is None or key.user_id == self.user_id)
            and (self.qualifiers is None or key.qualifier in self.qualifiers)
        )

    @property
    def takes_every_key(self) -> bool:
        """Whether keys are not told apart."""
        return self.chat_id is None and self.user_id is None and self.qualifiers is None


EVERY_SESSION: Final = SessionFilter()


@dataclass(frozen=True, slots=True)
class ListedSession:
    """An open session as it was when it was looked at.

    ``active_at`` is when something was last recorded, or its data written, as far as that is still known; not before it
    was opened. ``oldest_at`` is when its oldest entry was sent, or recorded where that is unknown; None without
    entries. ``due_at`` is when it is looked at next, to end it; None for one that does not end by itself.
    """

    key: SessionKey
    opened_at: datetime
    active_at: datetime
    entries: int
    oldest_at: datetime | None
    due_at: datetime | None


@dataclass(frozen=True, slots=True)
class ListedPage:
    """Some sessions, in order, and ``after``: where the next page begins, None at the end.

    A page may have fewer than were asked for, and none at all, although there is a next one.
    """

    sessions: tuple[ListedSession, ...]
    after: str | None


class ListingStorage(Protocol):
    """Open sessions, page by page."""

    async def list_sessions(
        self,
        bot_id: int,
        where: SessionFilter = EVERY_SESSION,
        *,
        order: SessionOrder = SessionOrder.OPENED,
        after: str | None = None,
        limit: int,
    ) -> ListedPage:
        """Return up to ``limit`` open sessions of a bot, those behind ``after``; None for the first page.

        What a page costs does not grow with the number of open sessions. Where a filter leaves out most of them, a page
        looks at some :data:`MAX_LOOKED_AT` and then tells where to go on.

        Raises:
            ConfigurationError: ``after`` is none that a page told.
        """

    async def look_at_sessions(self, keys: Sequence[SessionKey]) -> list[ListedSession]:
        """Return those of these keys that are open, in their order."""

    async def count_sessions(self, bot_id: int, where: SessionFilter = EVERY_SESSION) -> int:
        """Return how many sessions of a bot are open; with a filter by a look at each of them."""


LISTING_METHODS: Final = ("list_sessions", "look_at_sessions", "count_sessions")


def spelled_place(time: int, number: int) -> str:
    """Spell where a page ended in an order of times, of which each has a number of its own."""
    return f"{time}.{number}"


def read_place(after: str | None) -> tuple[int, int]:
    """Read what :func:`spelled_place` spelled; None stands for the place before all others.

    Raises:
        ConfigurationError: it is no such place.
    """
    if after is None:
        return (-MAX_INT - 1, 0)
    place = _PLACE.fullmatch(after)
    if place is None:
        raise no_such_place(after)
    time, number = map(int, place.groups())
    if max(abs(time), number) > MAX_INT:
        raise no_such_place(after)
    return time, number


def no_such_place(after: object) -> ConfigurationError:
    """Return the error for a page that begins nowhere."""
    return ConfigurationError(
        f"{quoted(after)} is no place in a list of sessions.", "Pass the after of a page that was listed before."
    )
