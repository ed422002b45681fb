"""What is counted of each event, the same for every way of measuring. Pure.

No figure is told apart by chat, user or qualifier: each of them would be a time series of its own, for good.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum
from typing import Any, Final, NamedTuple

from tgslices.telemetry.events import (
    DataConflicted,
    DeletionAsked,
    MessageRecorded,
    MessagesClaimed,
    MessagesSettled,
    SessionClosed,
    SessionEnded,
    SessionEvent,
    SessionOpened,
    StockTaken,
    StorageFailed,
    WorkDone,
    WritesWaiting,
)

MAX_REASONS: Final = 30
"""How many different reasons are told apart: Telegram may word them as it likes."""

OTHER: Final = "other"
"""The reason of what comes beyond."""

_HOUR: Final = 3600.0


class Kind(Enum):
    """How a metric is kept."""

    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric. ``labels`` tell its figures apart, beside ``bot``, which all have: the bot's id."""

    name: str
    kind: Kind
    description: str
    labels: tuple[str, ...] = ()
    unit: str = ""
    buckets: tuple[float, ...] = ()


class Figure(NamedTuple):
    """One figure of a metric: how much is added, what it is now, or what was observed."""

    metric: Metric
    value: float
    bot_id: int
    labels: tuple[str, ...] = ()


_SECONDS: Final = (0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)

RECORDED: Final = Metric(
    "messages.recorded", Kind.COUNTER, "Messages that went into open sessions.", ("direction",), "{message}"
)
RECORDED_LABELS: Final = (("incoming",), ("outgoing",))
"""The labels of messages that arrived, and of those that the bot sent."""

OPENED: Final = Metric("sessions.opened", Kind.COUNTER, "Sessions that were opened.", (), "{session}")
CLOSED: Final = Metric("sessions.closed", Kind.COUNTER, "Sessions that the bot's code closed.", (), "{session}")
ENDED: Final = Metric("sessions.ended", Kind.COUNTER, "Sessions that ended by themselves.", ("reason",), "{session}")
CLAIMED: Final = Metric("messages.claimed", Kind.COUNTER, "Messages that are to be deleted.", (), "{message}")
AGE: Final = Metric(
    "message.age",
    Kind.HISTOGRAM,
    "How old messages were when they left their session to be deleted; from 48 hours on Telegram refuses most.",
    (),
    "s",
    (60.0, _HOUR, 6 * _HOUR, 24 * _HOUR, 36 * _HOUR, 42 * _HOUR, 46 * _HOUR, 47 * _HOUR, 48 * _HOUR),
)
REQUESTS: Final = Metric(
    "deletion.requests", Kind.COUNTER, "Requests that delete messages, by their answer.", ("answer",), "{request}"
)
REQUEST_DURATION: Final = Metric(
    "deletion.request.duration", Kind.HISTOGRAM, "How long Telegram took to answer one.", (), "s", _SECONDS
)
SETTLED: Final = Metric(
    "messages.settled", Kind.COUNTER, "Messages that are done with, and why.", ("outcome", "reason"), "{message}"
)
CONFLICTS: Final = Metric(
    "data.conflicts", Kind.COUNTER, "Session data that was not written, because another took it.", (), "{conflict}"
)
WAITING: Final = Metric("writes.waiting", Kind.GAUGE, "Writes that wait for the storage.", (), "{write}")
LOST: Final = Metric("writes.lost", Kind.COUNTER, "Writes that were lost.", (), "{write}")
FAILURES: Final = Metric(
    "storage.failures", Kind.COUNTER, "Calls of the storage that raised.", ("method", "error"), "{failure}"
)
WORK_DURATION: Final = Metric(
    "work.duration",
    Kind.HISTOGRAM,
    "How long a clear, a sweep, a replay or a migration took; error names what ended it early.",
    ("work", "error"),
    "s",
    _SECONDS,
)

OPEN: Final = Metric("sessions.open", Kind.GAUGE, "Sessions that are open.", (), "{session}")
OLDEST: Final = Metric(
    "oldest.message.timestamp",
    Kind.GAUGE,
    "When the oldest message in an open session was sent; the present where there is none.",
    (),
    "s",
)
PENDING: Final = Metric(
    "deletions.pending",
    Kind.GAUGE,
    "Deletions that are not done with, by how many seconds ago their messages left the session, at least.",
    ("older_than",),
    "{message}",
)

METRICS: Final = (
    *(OPEN, OLDEST, PENDING),
    *(RECORDED, OPENED, CLOSED, ENDED),
    *(CLAIMED, AGE, REQUESTS, REQUEST_DURATION, SETTLED),
    *(CONFLICTS, WAITING, LOST, FAILURES, WORK_DURATION),
)


class Figures:
    """Makes figures of events, and keeps the number of different labels bounded."""

    def __init__(self) -> None:
        self._reasons: set[str] = set()

    def of(self, event: SessionEvent) -> Iterable[Figure]:
        """Return the figures of one event; none of one that is counted by another."""
        if isinstance(event, MessagesSettled):
            reason = self._bounded(event.reason or "")
            return (Figure(SETTLED, event.messages, event.bot_id, (event.outcome.value, reason)),)
        count = _COUNTS.get(type(event))
        return () if count is None else count(event)

    def _bounded(self, reason: str) -> str:
        if reason not in self._reasons and len(self._reasons) >= MAX_REASONS:
            return OTHER
        self._reasons.add(reason)
        return reason


def _claimed(event: MessagesClaimed) -> Iterator[Figure]:
    yield Figure(CLAIMED, len(event.messages), event.key.bot_id)
    for message in event.messages:
        age = max(event.at - (message.date or message.at), timedelta())
        yield Figure(AGE, age.total_seconds(), event.key.bot_id)


def _asked(event: DeletionAsked) -> Iterator[Figure]:
    yield Figure(REQUESTS, 1, event.bot_id, (event.answer.value,))
    yield Figure(REQUEST_DURATION, event.took.total_seconds(), event.bot_id)


def _waiting(event: WritesWaiting) -> Iterator[Figure]:
    yield Figure(WAITING, event.waiting, event.bot_id)
    if event.lost:
        yield Figure(LOST, event.lost, event.bot_id)


def _taken(event: StockTaken) -> Iterator[Figure]:
    yield Figure(OPEN, event.open_sessions, event.bot_id)
    yield Figure(OLDEST, (event.oldest_sent_at or event.at).timestamp(), event.bot_id)
    for age, count in event.pending.items():
        yield Figure(PENDING, count, event.bot_id, (str(age // timedelta(seconds=1)),))


def _done(event: WorkDone) -> Iterator[Figure]:
    error = "" if event.error is None else type(event.error).__name__
    yield Figure(WORK_DURATION, event.took.total_seconds(), event.begun.bot_id, (event.begun.work.value, error))


_COUNTS: Final[dict[type[SessionEvent], Callable[[Any], Iterable[Figure]]]] = {
    MessageRecorded: lambda event: (Figure(RECORDED, 1, event.bot_id, (event.message.direction.name.lower(),)),),
    SessionOpened: lambda event: (Figure(OPENED, 1, event.key.bot_id),),
    SessionClosed: lambda event: (Figure(CLOSED, 1, event.key.bot_id),),
    SessionEnded: lambda event: (Figure(ENDED, 1, event.key.bot_id, (event.reason.value,)),),
    MessagesClaimed: _claimed,
    DeletionAsked: _asked,
    DataConflicted: lambda event: (Figure(CONFLICTS, 1, event.key.bot_id),),
    WritesWaiting: _waiting,
    StorageFailed: lambda event: (Figure(FAILURES, 1, event.bot_id, (event.method, type(event.error).__name__)),),
    StockTaken: _taken,
    WorkDone: _done,
}
