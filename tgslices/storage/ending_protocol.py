"""The contract of sessions that end by themselves, written once. Every durable storage has it.

A key may be opened with a :class:`Due`. When that time has come, any worker may *lease* the session, look at what it
did last, and then postpone it or end it. A lease is in the session itself: ``due_at`` becomes the end of the lease, so
that a worker that dies leaves nothing behind. What was decided is checked once more when it is done: a session that was
touched, closed or leased by another worker meanwhile stays as it is. Closing a key, by whatever way, ends its ``Due``.

An *end* that is to be told stays until it is settled, whatever becomes of the key. Every method is atomic, and harmless
when it is repeated. Times are aware.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final, Literal, Protocol, TypeAlias

from tgslices.model import SessionKey, TrackedMessage

FIRST_LOOKED_AT: Final = 500
"""How many sessions a lease looks at in the order of their limits, at least, before it takes others that are due."""

Then: TypeAlias = Literal["clear", "close"]
"""What becomes of the entries of a session that ends: pending deletions, or nothing."""


class EndReason(StrEnum):
    """Why a session has ended by itself."""

    IDLE = "idle"
    """Nothing was said, and no data changed, for as long as its lifetime allows."""
    MOST = "most"
    """It was open for as long as its lifetime allows."""


@dataclass(frozen=True, slots=True)
class Due:
    """When a session is to be looked at, and by when that is urgent: Telegram's limit for its oldest message."""

    at: datetime
    limit: datetime


@dataclass(frozen=True, slots=True)
class DueSession:
    """A session that a worker has leased until ``leased_until``, which also identifies the lease.

    ``active_at`` is when something was last recorded, or its data written, as far as that is still known. It is not
    before the session was opened, nor before the ``active_at`` with which it was postponed. ``oldest_at`` is when its
    oldest entry was sent, or was recorded where that is unknown; None without entries.
    """

    key: SessionKey
    opened_at: datetime
    leased_until: datetime
    active_at: datetime
    oldest_at: datetime | None


@dataclass(frozen=True, slots=True)
class End:
    """What is to be done with a session that is due.

    ``tells``: the end is kept until :meth:`LifetimeStorage.settle_end`. It is kept as well when entries are left.
    """

    reason: EndReason
    then: Then
    tells: bool


@dataclass(frozen=True, slots=True)
class EndedSession:
    """A session that has ended and is not settled. Two are equal when key and ``ended_at`` agree.

    ``is_partial``: when it ended, more entries were left than were taken at once. They are still under the key.
    """

    key: SessionKey
    ended_at: datetime
    reason: EndReason = field(compare=False)
    is_partial: bool = field(compare=False)
    leased_until: datetime = field(compare=False)


class LifetimeStorage(Protocol):
    """Sessions by the time when they are to be looked at, and ends that are to be told."""

    async def lease_sessions(self, bot_id: int, *, now: datetime, until: datetime, limit: int) -> list[DueSession]:
        """Take up to ``limit`` open keys that are due, the most urgent ones, and hold them.

        Due is what has ``due.at <= now``, and what has ``due.at > now + MAX_WAIT``, which a clock wrote that was ahead.
        Sessions whose ``due.limit`` is later than ``now`` are taken first and come first, the earliest limit first.
        Then those with the earliest ``due.at`` are taken, and come in any order. Where more than ``FIRST_LOOKED_AT``
        keys have a due, that need only hold among the first so many by their limits. The ``due.at`` of what is taken
        becomes ``until``; nobody else gets it before. A hold may be kept apart as that of a pending deletion; see
        :meth:`~tgslices.storage.protocol.DurableSessionStorage.lease`.
        """

    async def postpone_session(self, session: DueSession, due: Due | None) -> bool:
        """Set when a leased session is due next, None for never, and keep its ``active_at``.

        Returns False, and nothing happens, if the lease has ended: by another one, or because the key was closed.
        """

    async def schedule_sessions(self, dues: Mapping[SessionKey, Due]) -> None:
        """Set when keys are due that are open and were opened without a due. All others stay as they are."""

    async def end_session(
        self, session: DueSession, end: End, *, now: datetime, until: datetime, limit: int
    ) -> list[TrackedMessage] | None:
        """End a leased session, unless it was touched since: stop tracking, and claim or drop its entries.

        Returns None, and nothing happens, if the lease has ended, or if something was recorded or its data written
        later than ``session.active_at``. So it is while somebody holds its data until later than that, and than
        ``now``; where a plugin keeps the data, this need not be known. ``now`` becomes the key's ``closed_at``; data is
        dropped as by ``close``. With ``then="clear"`` it moves up to ``limit`` entries to the pending deletions, as
        ``claim(key, None)`` with ``until``, and returns them. The others stay entries of the closed key. With
        ``then="close"`` it drops every entry, and returns ``[]``.

        Keeps an :class:`EndedSession` with ``ended_at=now``, leased until ``until``, if ``end.tells`` or entries were
        left.
        """

    async def lease_ends(self, bot_id: int, *, now: datetime, until: datetime, limit: int) -> list[EndedSession]:
        """Take up to ``limit`` ends that are kept and not leased, the earliest lease first, and hold them.

        One is free when its ``leased_until`` is ``now`` at the latest, or later than ``now + MAX_WAIT``.
        """

    async def postpone_end(self, end: EndedSession, *, until: datetime) -> None:
        """Lease an end until another time. A settled one is left out."""

    async def settle_end(self, end: EndedSession) -> bool:
        """Drop an end; return whether it was there."""

    async def next_session_due(self, bot_id: int, *, now: datetime) -> datetime | None:
        """Return when the earliest session or end is due; None without any.

        What is due later than ``now + MAX_WAIT`` counts as due ``now``. When something is due now, any time may be
        returned that is not later.
        """


LIFETIME_METHODS: Final = (
    *("lease_sessions", "postpone_session", "schedule_sessions", "end_session"),
    *("lease_ends", "postpone_end", "settle_end", "next_session_due"),
)
