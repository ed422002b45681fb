"""What an observer is told: frozen values, one for each thing that happened.

An event is told by the process that did what it tells of, once that is done. A process that is killed, or whose storage
does not answer although it did what it was asked for, tells less; nothing is told twice.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TypeAlias

from tgslices.model import SessionKey, TrackedMessage
from tgslices.results import Outcome
from tgslices.storage.ending_protocol import EndReason, Then


class Work(StrEnum):
    """Work that takes a while: it calls Telegram or moves many rows."""

    CLEAR = "clear"
    """A ``clear``, a ``prune`` or a ``rewind`` of one session."""
    SWEEP = "sweep"
    """What is due: ends of sessions, and deletions that were left pending."""
    REPLAY = "replay"
    """A session that is copied to another chat."""
    MIGRATE = "migrate"
    """A group that becomes a supergroup."""


class Answered(StrEnum):
    """What Telegram answered to one request of a clear."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    UNREACHABLE = "unreachable"
    CHAT_GONE = "chat_gone"
    NO_METHOD = "no_method"
    FLOOD = "flood"
    FAULT = "fault"
    """The network or the server failed; whether the work was done is unknown."""
    RIGHTS = "rights"
    """The request asked what the bot may delete."""
    RAISED = "raised"
    """The request ended with an error that ends the whole clear: a revoked token, or a middleware's own."""


@dataclass(frozen=True, slots=True)
class MessageRecorded:
    """A message went to open sessions: as an update arrived, or after the bot sent it.

    ``sessions``: how many it belongs to. An update that Telegram delivers again is told again, though it adds nothing.
    """

    bot_id: int
    message: TrackedMessage
    sessions: int


@dataclass(frozen=True, slots=True)
class SessionOpened:
    """A session was opened that was closed before."""

    key: SessionKey


@dataclass(frozen=True, slots=True)
class SessionClosed:
    """An open session was closed: by the bot's code, or with the state or the scene that it follows.

    ``entries``: how many entries were dropped; ``unsubscribe`` drops none. What ``erase`` drops is not told: nothing of
    that person is to be written down once more.
    """

    key: SessionKey
    entries: int


@dataclass(frozen=True, slots=True)
class SessionEnded:
    """A session has ended by itself; ``then`` tells what becomes of its messages."""

    key: SessionKey
    reason: EndReason
    then: Then


@dataclass(frozen=True, slots=True)
class MessagesClaimed:
    """Messages left a session at a time, to be deleted; never empty."""

    key: SessionKey
    messages: tuple[TrackedMessage, ...]
    at: datetime


@dataclass(frozen=True, slots=True)
class DeletionAsked:
    """One request of a clear was answered.

    ``messages``: how many it named, none where it asked for rights. ``took``: how long the answer was waited for.
    """

    bot_id: int
    messages: int
    answer: Answered
    took: timedelta


@dataclass(frozen=True, slots=True)
class MessagesSettled:
    """Messages that were to be deleted are done with, for the same reason.

    ``outcome`` is no ``pending`` and no ``deferred``, which are not done with. ``reason``: Telegram's words where it
    was asked, None for accepted messages.
    """

    bot_id: int
    messages: int
    outcome: Outcome
    reason: str | None


@dataclass(frozen=True, slots=True)
class DataConflicted:
    """Session data was not written, because another holder has taken it since. ``names`` of fragments, sorted."""

    key: SessionKey
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class WritesWaiting:
    """Another number of writes waits for a storage that does not answer.

    ``waiting``: how many now. ``lost``: how many are lost by this, because no more are kept or the process ends.
    """

    bot_id: int
    waiting: int
    lost: int


@dataclass(frozen=True, slots=True)
class StorageFailed:
    """A method of the storage has raised. ``method`` is its name."""

    bot_id: int
    method: str
    error: Exception


@dataclass(frozen=True, slots=True)
class StockTaken:
    """What there is of a bot's sessions in the storage, told about once a minute by every running process.

    ``oldest_sent_at``: when the oldest message was sent that an open session holds; None without any. It is looked for
    among the sessions that were opened first, a thousand at most. ``pending``: how many deletions are pending that
    left their session so long ago, or longer, by each of :data:`PENDING_AGES`.
    """

    bot_id: int
    at: datetime
    open_sessions: int
    oldest_sent_at: datetime | None
    pending: Mapping[timedelta, int]


@dataclass(frozen=True, slots=True)
class WorkBegun:
    """Some work has begun, in the running task. ``number`` is its own in this process."""

    bot_id: int
    work: Work
    number: int


@dataclass(frozen=True, slots=True)
class WorkDone:
    """Some work has ended, in the task in which it began.

    ``messages``: how many it dealt with. ``requests``: how many calls it made to Telegram. ``error``: what ended it
    early, a cancellation too; None where nothing did.
    """

    begun: WorkBegun
    took: timedelta
    messages: int
    requests: int
    error: BaseException | None


SessionEvent: TypeAlias = (
    MessageRecorded
    | SessionOpened
    | SessionClosed
    | SessionEnded
    | MessagesClaimed
    | DeletionAsked
    | MessagesSettled
    | DataConflicted
    | WritesWaiting
    | StorageFailed
    | StockTaken
    | WorkBegun
    | WorkDone
)


class MessageRecordedTwin:
    """What becomes a :class:`MessageRecorded` by its ``__class__`` when it is filled.

    A frozen dataclass sets each field through ``object.__setattr__``, at several times the cost of plain assignment.
    """

    __slots__ = MessageRecorded.__slots__
