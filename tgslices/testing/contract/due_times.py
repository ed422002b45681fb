"""When something is due whose hold a storage may keep beside the time at which it is due by itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from tgslices.model import MAX_WAIT


@dataclass(frozen=True, slots=True)
class DueTime:
    """When something is due, and when it is due by itself: before a lease, if that holds it."""

    at: datetime
    by_itself: datetime

    def leased(self, now: datetime, until: datetime) -> DueTime:
        """Return when it is due after a lease, which holds only what was due, and only if it ends later than now."""
        is_held = self.by_itself <= now < until <= now + MAX_WAIT
        return DueTime(until, self.by_itself if is_held else until)

    def may_be_due(self, now: datetime) -> bool:
        """Tell whether it is due where a hold is the time at which it is due."""
        return _is_due(self.at, now)

    def must_be_due(self, now: datetime) -> bool:
        """Tell whether it is due where a hold is kept apart, too."""
        return self._is_free(now) and _is_due(self.by_itself, now)

    def next(self, now: datetime) -> tuple[datetime, datetime]:
        """Return when it is due next where a hold is that time, and where it is kept apart."""
        apart = self.by_itself if self._is_free(now) else self.at
        return _next(self.at, now), _next(apart, now)

    def _is_free(self, now: datetime) -> bool:
        return self.at == self.by_itself or _is_due(self.at, now)


def due_by(at: datetime) -> DueTime:
    """Return the time of what nobody holds."""
    return DueTime(at, at)


def is_next(told: datetime | None, dues: Sequence[DueTime], now: datetime) -> bool:
    """Tell whether something is due next when a storage says so."""
    if told is None or not dues:
        return told is None and not dues
    allowed = {min(times) for times in zip(*(due.next(now) for due in dues), strict=True)}
    return told in allowed or (told <= now and any(due.may_be_due(now) for due in dues))


def are_first(taken: Sequence[DueTime], dues: Sequence[DueTime], now: datetime, limit: int) -> bool:
    """Tell whether these are the first of what is due, and in order, by either of the times."""
    held = sorted(due.at for due in dues if due.may_be_due(now))[:limit]
    by_themselves = sorted(due.by_itself for due in dues if due.must_be_due(now))[:limit]
    return [due.at for due in taken] == held or (
        [due.by_itself for due in taken] == by_themselves and all(due.must_be_due(now) for due in taken)
    )


def _is_due(at: datetime, now: datetime) -> bool:
    return at <= now or at > now + MAX_WAIT


def _next(at: datetime, now: datetime) -> datetime:
    return now if at > now + MAX_WAIT else at
