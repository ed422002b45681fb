"""The vocabulary: keys, scopes, tracked messages and pending deletions.

Values only: frozen, comparable, without aiogram objects and without I/O. Times are aware and in UTC.

Past 300 lines, because it is the one vocabulary that all rooms share.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final, cast

from tgslices.errors import InvalidSessionKey, InvalidTrackedMessage
from tgslices.telegram_facts.message_kind import CONTENT, MessageKind

MAX_INT: Final = 2**63 - 1
"""The largest identifier that every storage keeps. Telegram's own have at most 52 significant bits.

Source: https://core.telegram.org/bots/api#chat
"""

MAX_WAIT: Final = timedelta(hours=26)
"""Longer than any lease, backoff or deferral: what is due later was written by a clock that was ahead."""

REPEAT_WINDOW: Final = timedelta(days=1)
"""How long Telegram may deliver an update again.

Source: https://core.telegram.org/bots/api#getting-updates ("not kept longer than 24 hours")
"""


GENERAL_TOPIC: Final = 1
"""The topic of a forum to which messages without a thread belong. A request that names it is refused.

Source: telegram-bot-api ``Client.cpp`` lines 8276 and 18497-18500 (``GENERAL_FORUM_TOPIC_ID``), issue 447
"""


class Direction(StrEnum):
    """Who sent a message, seen from the bot."""

    INCOMING = "in"
    OUTGOING = "out"


_MAX_SHOWN: Final = 64


def _beginning(text: str | None) -> str | None:
    return text if text is None or len(text) <= _MAX_SHOWN else f"{text[: _MAX_SHOWN - 1]}…"


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
        if (
            _is_id(self.bot_id)
            and _is_id(self.chat_id)
            and (self.user_id is None or _is_id(self.user_id))
            and self.thread_id is None
            and self.business_connection_id is None
            and (self.qualifier is None or type(self.qualifier) is str)
        ):
            return  # as most keys are: asking for each part by its name takes six times as long
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

    def __str__(self) -> str:
        """Show every part, the beginning alone of what is long: a qualifier may be a whole text."""
        return repr(shortened(self))

    def qualified(self, qualifier: str | None) -> SessionKey:
        """Return the same key with another qualifier.

        Raises:
            InvalidSessionKey: the qualifier is no string.
        """
        return SessionKey(
            self.bot_id, self.chat_id, self.user_id, self.thread_id, self.business_connection_id, qualifier
        )

    def in_chat(self, chat_id: int) -> SessionKey:
        """Return the same key in another chat."""
        return replace(self, chat_id=chat_id)


def shortened(key: SessionKey) -> SessionKey:
    """Return a key as a line of the log shows it, with the beginning alone of what is long."""
    connection, qualifier = _beginning(key.business_connection_id), _beginning(key.qualifier)
    return replace(key, business_connection_id=connection, qualifier=qualifier)


@dataclass(frozen=True, slots=True)
class Scope:
    """Where an update comes from; decides which open keys it belongs to.

    ``chat_type`` is Telegram's (``"private"``, ``"group"``, ``"supergroup"``, ``"channel"``), or None where the update
    does not say. ``user_id`` is the writer: a person, or the chat ``sender_chat_id`` of who writes as a channel or as
    an anonymous administrator. ``thread_id`` is the topic: in forums :data:`GENERAL_TOPIC` where no other is named, in
    the direct messages of a channel that of the person. ``is_topic_untold``: the update does not tell the topic of its
    chat (a reaction in a forum).
    Source: https://core.telegram.org/bots/api#message (``is_topic_message``, ``sender_chat``)
    """

    bot_id: int
    chat_id: int
    chat_type: str | None = None
    user_id: int | None = None
    thread_id: int | None = None
    business_connection_id: str | None = None
    sender_chat_id: int | None = None
    is_topic_untold: bool = False


@dataclass(frozen=True, slots=True)
class TrackedMessage:
    """The record of one message: enough to find, judge and delete it, never its text.

    Two records are equal, and hash alike, when chat, message id, business connection, ephemeral id and receiver agree.
    The other fields describe the message and do not identify it.

    ``date`` is when the message was sent, in whole seconds as Telegram tells it, or None where it does not (an
    inaccessible message). ``at`` is when the record was made. Both are aware and in UTC. ``user_id`` is the writer, and
    ``thread_id`` the topic, as in a :class:`Scope`. ``kind`` is None where only the id is known (copies, forwards of
    several messages). ``has_buttons``: an inline keyboard was under it. ``media_group_id``: the album that it belongs
    to.

    Raises:
        InvalidTrackedMessage: an id is no 64-bit integer, a time is no aware datetime, or the direction is none.
    """

    message_id: int
    chat_id: int
    user_id: int | None = field(compare=False)
    kind: MessageKind | None = field(compare=False)
    direction: Direction = field(compare=False)
    date: datetime | None = field(compare=False)
    at: datetime = field(compare=False)
    business_connection_id: str | None = None
    thread_id: int | None = field(default=None, compare=False)
    ephemeral_message_id: int | None = None
    receiver_user_id: int | None = None
    has_buttons: bool = field(default=False, compare=False)
    media_group_id: str | None = field(default=None, compare=False)

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


class ScopeTwin:
    """What becomes a :class:`Scope` by its ``__class__`` when it is filled; see :func:`tracked_message_unchecked`."""

    __slots__ = Scope.__slots__


def tracked_message_unchecked(
    message_id: int,
    chat_id: int,
    user_id: int | None,
    kind: MessageKind | None,
    direction: Direction,
    date: datetime | None,
    at: datetime,
    business_connection_id: str | None,
    thread_id: int | None,
    ephemeral_message_id: int | None,
    receiver_user_id: int | None,
    has_buttons: bool,
    media_group_id: str | None,
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
    twin.has_buttons = has_buttons
    twin.media_group_id = media_group_id
    twin.__class__ = TrackedMessage
    return cast(TrackedMessage, twin)


def scope_unchecked(
    bot_id: int,
    chat_id: int,
    chat_type: str | None,
    user_id: int | None,
    thread_id: int | None,
    business_connection_id: str | None,
    sender_chat_id: int | None,
) -> Scope:
    """Return the :class:`Scope` of a message, as fast as :func:`tracked_message_unchecked` and for the same path."""
    twin: Any = ScopeTwin()
    twin.bot_id = bot_id
    twin.chat_id = chat_id
    twin.chat_type = chat_type
    twin.user_id = user_id
    twin.thread_id = thread_id
    twin.business_connection_id = business_connection_id
    twin.sender_chat_id = sender_chat_id
    twin.is_topic_untold = False
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


class IfClosed(StrEnum):
    """What adding an entry does with a key that is closed."""

    OPEN = "open"
    """The key is opened."""
    KEEP = "keep"
    """The entry is added and the key stays closed."""
    SKIP = "skip"
    """Nothing is added."""


@dataclass(frozen=True, slots=True)
class Gone:
    """Messages that were deleted past the session.

    ``message_ids`` None means every message of the topic ``thread_id``. With a ``receiver_user_id`` the ids are
    ephemeral ids of messages to this receiver.
    """

    chat_id: int
    message_ids: frozenset[int] | None
    business_connection_id: str | None = None
    thread_id: int | None = None
    receiver_user_id: int | None = None

    def covers(self, message: TrackedMessage) -> bool:
        """Tell whether a message is among these. An ephemeral one is only when its receiver is named."""
        if (message.chat_id, message.business_connection_id) != (self.chat_id, self.business_connection_id):
            return False
        if self.receiver_user_id is not None:
            is_named = message.ephemeral_message_id in (self.message_ids or ())
            return is_named and message.receiver_user_id == self.receiver_user_id
        if message.ephemeral_message_id is not None:
            return False
        if self.message_ids is None:
            return message.thread_id == self.thread_id
        return message.message_id in self.message_ids


def may_come_again(message: TrackedMessage) -> bool:
    """Tell whether an update may bring a message once more.

    A bot's own ordinary messages never arrive as updates; its notices, and what it sends for a business account, do.
    Source: telegram-bot-api ``Client.cpp`` lines 17411-17445
    """
    if message.direction is Direction.INCOMING or message.business_connection_id is not None:
        return True
    return message.kind is not None and message.kind not in CONTENT
