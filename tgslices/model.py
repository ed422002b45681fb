"""The whole vocabulary: keys, scopes, tracked messages, pending deletions and results.

Values only: frozen, comparable, without aiogram objects and without I/O. Times are aware and in UTC.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, Self, cast

from aiogram.enums import ContentType

from tgslices.errors import InvalidSessionKey, InvalidTrackedMessage

MAX_INT: Final = 2**63 - 1
"""The largest identifier that every storage keeps. Telegram's own have at most 52 significant bits.

Source: https://core.telegram.org/bots/api#chat
"""

SUPERGROUPS_BELOW: Final = -1_000_000_000_000
"""Supergroups and channels have smaller ids than this. Only there a message id is the same for every bot: in private
chats and basic groups it counts in the account-wide box of one bot.

Source: TDLib ``DialogId.h``; https://core.telegram.org/bots/api#message (``message_id``)
"""


class Direction(StrEnum):
    """Who sent a message, seen from the bot."""

    INCOMING = "in"
    OUTGOING = "out"


def _is_id(value: object) -> bool:
    return type(value) is int and -MAX_INT <= value <= MAX_INT


@dataclass(frozen=True, slots=True)
class SessionKey:
    """What identifies a session.

    Two keys are equal when every part agrees; ``None`` and ``""`` are different qualifiers.

    Raises:
        InvalidSessionKey: ``bot_id`` or ``chat_id`` is no integer, or another part has the wrong type.
    """

    bot_id: int
    chat_id: int
    user_id: int | None = None
    thread_id: int | None = None
    business_connection_id: str | None = None
    qualifier: str | None = None

    def __post_init__(self) -> None:
        """Refuse a key that could not be found again."""
        for name in ("bot_id", "chat_id"):
            if not _is_id(getattr(self, name)):
                raise InvalidSessionKey(name, getattr(self, name), "integer identifier")
        for name in ("user_id", "thread_id"):
            value = getattr(self, name)
            if value is not None and not _is_id(value):
                raise InvalidSessionKey(name, value, "integer identifier")
        for name in ("business_connection_id", "qualifier"):
            value = getattr(self, name)
            if value is not None and not isinstance(value, str):
                raise InvalidSessionKey(name, value, "string")


@dataclass(frozen=True, slots=True)
class Scope:
    """Where an update comes from; decides which open keys it belongs to.

    ``chat_type`` is Telegram's (``"private"``, ``"group"``, ``"supergroup"``, ``"channel"``), or None where the update
    does not say. ``thread_id`` is set for messages of a topic only.
    Source: https://core.telegram.org/bots/api#message (``is_topic_message``)
    """

    bot_id: int
    chat_id: int
    chat_type: str | None = None
    user_id: int | None = None
    thread_id: int | None = None
    business_connection_id: str | None = None


@dataclass(frozen=True, slots=True)
class TrackedMessage:
    """The record of one message: enough to find, judge and delete it, never its text.

    Two records are equal, and hash alike, when chat, message id, business connection, ephemeral id and receiver agree;
    the other fields describe the message and do not identify it.

    ``date`` is Telegram's (when the message was sent, whole seconds), or None where Telegram does not tell it
    (an inaccessible message); ``at`` is when the record was made. Both are aware and in UTC.
    ``kind`` is None where only the id is known (copies, forwards of several messages).

    Raises:
        InvalidTrackedMessage: an id is no 64-bit integer, a time is no aware datetime, or the direction is none.
    """

    message_id: int
    chat_id: int
    user_id: int | None = field(compare=False)
    kind: ContentType | None = field(compare=False)
    direction: Direction = field(compare=False)
    date: datetime | None = field(compare=False)
    at: datetime = field(compare=False)
    business_connection_id: str | None = None
    thread_id: int | None = field(default=None, compare=False)
    ephemeral_message_id: int | None = None
    receiver_user_id: int | None = None

    def __post_init__(self) -> None:
        """Refuse what no storage could give back unchanged."""
        for name in ("message_id", "chat_id"):
            if not _is_id(getattr(self, name)):
                raise InvalidTrackedMessage(name, getattr(self, name), "a 64-bit integer")
        if not isinstance(self.direction, Direction):
            raise InvalidTrackedMessage("direction", self.direction, "Direction.INCOMING or Direction.OUTGOING")
        for name in ("at", "date"):
            time = getattr(self, name)
            is_untold = time is None and name == "date"
            if not is_untold and (not isinstance(time, datetime) or time.tzinfo is None):
                raise InvalidTrackedMessage(name, time, "an aware datetime")


class _TrackedMessageTwin:
    __slots__ = TrackedMessage.__slots__


class _ScopeTwin:
    __slots__ = Scope.__slots__


def tracked_message(
    message_id: int,
    chat_id: int,
    user_id: int | None,
    kind: ContentType | None,
    direction: Direction,
    date: datetime | None,
    at: datetime,
    business_connection_id: str | None,
    thread_id: int | None,
    ephemeral_message_id: int | None,
    receiver_user_id: int | None,
) -> TrackedMessage:
    """Return a :class:`TrackedMessage`, fast: every field by position, nothing checked.

    A frozen dataclass sets each field through ``object.__setattr__``, at several times the cost of plain assignment.
    So a mutable twin of the same layout is filled, and then becomes the frozen class. It is for the paths of
    every update and every entry, where the values are valid already.
    """
    twin: Any = _TrackedMessageTwin()
    twin.message_id = message_id
    twin.chat_id = chat_id
    twin.user_id = user_id
    twin.kind = kind
    twin.direction = direction
    twin.date = date
    twin.at = at
    twin.business_connection_id = business_connection_id
    twin.thread_id = thread_id
    twin.ephemeral_message_id = ephemeral_message_id
    twin.receiver_user_id = receiver_user_id
    twin.__class__ = TrackedMessage
    return cast(TrackedMessage, twin)


def scope_unchecked(
    bot_id: int,
    chat_id: int,
    chat_type: str | None,
    user_id: int | None,
    thread_id: int | None,
    business_connection_id: str | None,
) -> Scope:
    """Return a :class:`Scope`, as fast as :func:`tracked_message` and for the same path."""
    twin: Any = _ScopeTwin()
    twin.bot_id = bot_id
    twin.chat_id = chat_id
    twin.chat_type = chat_type
    twin.user_id = user_id
    twin.thread_id = thread_id
    twin.business_connection_id = business_connection_id
    twin.__class__ = Scope
    return cast(Scope, twin)


@dataclass(frozen=True, slots=True)
class PendingDeletion:
    """A deletion that was intended and is not yet settled.

    ``key`` is the session that the entry left, ``claimed_at`` when it left it, and ``due_at`` when anyone may work on
    it: the end of a worker's lease, of a backoff, or of a deferral. Two are equal when key and message agree.
    """

    key: SessionKey
    message: TrackedMessage
    claimed_at: datetime = field(compare=False)
    due_at: datetime = field(compare=False)


class Outcome(StrEnum):
    """What became of one entry that was to be deleted."""

    ACCEPTED = "accepted"
    """Telegram answered True, which proves acceptance and not disappearance."""
    REFUSED = "refused"
    """Telegram refuses this message, alone."""
    EXPIRED = "expired"
    """Too old to be deleted by a bot; never asked for."""
    DEFERRED = "deferred"
    """A dice in a private chat that must become a day old first; it stays pending until then."""
    UNREACHABLE = "unreachable"
    """The bot has no access to the chat any more, or the chat has migrated."""
    PENDING = "pending"
    """Not settled yet: flood, network, cancellation. ``settle_pending`` goes on with it."""


class ClearResult(int):
    """How many entries left the session, as an ``int``, and what became of each of them.

    Every entry stands in exactly one of the tuples, in the session's order; their lengths add up to the number.
    ``requests`` counts the calls made to Telegram, repeated ones included.
    """

    accepted: tuple[TrackedMessage, ...]
    refused: tuple[TrackedMessage, ...]
    expired: tuple[TrackedMessage, ...]
    deferred: tuple[TrackedMessage, ...]
    unreachable: tuple[TrackedMessage, ...]
    pending: tuple[TrackedMessage, ...]
    requests: int

    def __new__(cls, outcomes: Iterable[tuple[TrackedMessage, Outcome]] = (), *, requests: int = 0) -> Self:
        """Sort entries by outcome, keeping their order."""
        sorted_out: dict[Outcome, list[TrackedMessage]] = {outcome: [] for outcome in Outcome}
        for message, outcome in outcomes:
            sorted_out[outcome].append(message)
        self = super().__new__(cls, sum(map(len, sorted_out.values())))
        for outcome, messages in sorted_out.items():
            setattr(self, outcome.value, tuple(messages))
        self.requests = requests
        return self

    def __getnewargs__(self) -> tuple[Any, ...]:
        """Return what makes a copy."""
        return ([(message, outcome) for outcome in Outcome for message in getattr(self, outcome.value)],)

    @classmethod
    def total(cls, results: Iterable[ClearResult]) -> Self:
        """Return several results as one."""
        results = list(results)
        outcomes = [(message, o) for o in Outcome for result in results for message in getattr(result, o.value)]
        return cls(outcomes, requests=sum(result.requests for result in results))

    def __repr__(self) -> str:
        """Show the number and every outcome that has entries."""
        parts = [f"{o.value}={len(getattr(self, o.value))}" for o in Outcome if getattr(self, o.value)]
        return f"ClearResult({', '.join([str(int(self)), *parts, f'requests={self.requests}'])})"

    __str__ = int.__repr__
    __format__ = int.__format__
