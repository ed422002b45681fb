"""Keys and messages that storages tend to get wrong."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, Final

from tgslices.model import MAX_INT, REPEAT_WINDOW, Direction, PendingDeletion, SessionKey, TrackedMessage
from tgslices.telegram_facts.message_kind import MessageKind

NOW: Final = datetime(2026, 7, 1, 12, 30, 15, 123456, tzinfo=UTC)
MINUTE: Final = timedelta(minutes=1)
LATER: Final = NOW + 2 * REPEAT_WINDOW
"""When everything that was known or closed at ``NOW`` is past."""

KEY: Final = SessionKey(42, 7)
OTHER_KEYS: Final = (
    replace(KEY, bot_id=43),
    replace(KEY, chat_id=-7),
    replace(KEY, user_id=7),
    replace(KEY, user_id=0),
    replace(KEY, thread_id=7),
    replace(KEY, thread_id=0),
    replace(KEY, business_connection_id="c"),
    replace(KEY, business_connection_id=""),
    replace(KEY, qualifier="c"),
    replace(KEY, qualifier=""),
    replace(KEY, qualifier="None"),
    replace(KEY, business_connection_id="c", qualifier="c"),
)
"""Each differs from ``KEY``, and from the others."""

STRINGS: Final = (
    "",
    "None",
    "order",
    "a:b",
    "a|b/c\\d,e;f\tg\nh",
    "'; DROP TABLE messages; --",
    '"quoted" and `ticked` %s ? $1 :name {0}',
    "\\u0000",
    "a\0b",
    "🧾👩‍👩‍👧‍👦",
    "e\u0301",
    "\u00e9",
    "\u202eright to left",
    "\ud83e",
    "x" * 10_000,
)
"""Qualifiers and connections of every kind; two of them look alike and differ, and one is half a surrogate pair."""


def sent(message_id: int, chat_id: int = 7, **fields_: Any) -> TrackedMessage:
    """Return an ordinary incoming message, with other fields where given."""
    plain = TrackedMessage(message_id, chat_id, 7, MessageKind.TEXT, Direction.INCOMING, NOW, NOW)
    return replace(plain, **fields_)


MESSAGES: Final = {
    "an ordinary one": sent(1),
    "ids at their largest": sent(
        MAX_INT, MAX_INT, user_id=MAX_INT, thread_id=MAX_INT, ephemeral_message_id=MAX_INT, receiver_user_id=MAX_INT
    ),
    "ids at their smallest": sent(
        -MAX_INT,
        -MAX_INT,
        user_id=-MAX_INT,
        thread_id=-MAX_INT,
        ephemeral_message_id=-MAX_INT,
        receiver_user_id=-MAX_INT,
    ),
    "ids of 52 bits": sent(2**31 - 1, -(2**52) + 1, user_id=2**52 - 1),
    "ids of zero": sent(0, 0, user_id=0, thread_id=0, ephemeral_message_id=0, receiver_user_id=0),
    "only ids known": TrackedMessage(5, 7, None, None, Direction.OUTGOING, None, NOW),
    "an ephemeral one": sent(0, ephemeral_message_id=12, receiver_user_id=99),
    "a business one": sent(9, business_connection_id="c"),
    "a business one with an empty connection": sent(9, business_connection_id=""),
    "every kind of service": sent(3, kind=MessageKind.PINNED_MESSAGE),
    "one with buttons": sent(4, has_buttons=True),
    "one of an album": sent(4, has_buttons=True, media_group_id="13000000000000017"),
    "one of an album that has any name": sent(4, media_group_id="a\0b 🧾"),
    "one of an album without a name": sent(4, media_group_id="", thread_id=5),
    "times before 1970": sent(
        3, date=datetime(1969, 12, 31, 23, 59, 59, 999999, UTC), at=datetime(1, 1, 1, tzinfo=UTC)
    ),
    "times at the end": sent(3, date=datetime.max.replace(tzinfo=UTC), at=datetime.max.replace(tzinfo=UTC)),
    "times of other zones": sent(
        3,
        date=datetime(2026, 3, 29, 2, 30, 0, 1, timezone(timedelta(hours=14))),
        at=datetime(2026, 10, 25, 2, 30, 0, 999999, timezone(-timedelta(hours=11, minutes=59))),
    ),
}
"""Messages whose every field must come back as it was."""

TWINS: Final = (
    sent(1),
    sent(2),
    sent(1, chat_id=8),
    sent(1, chat_id=-7),
    sent(1, business_connection_id="c"),
    sent(1, business_connection_id=""),
    sent(1, ephemeral_message_id=1),
    sent(1, receiver_user_id=1),
    sent(1, ephemeral_message_id=0),
    sent(1, ephemeral_message_id=1, receiver_user_id=1),
)
"""Messages that look alike, and are all different."""


def exactly(message: TrackedMessage) -> tuple[object, ...]:
    """Return every field, because messages compare by identity alone."""
    return tuple(getattr(message, field.name) for field in fields(message))


def exactly_pending(pending: PendingDeletion) -> tuple[object, ...]:
    """Return every field of a pending deletion, down to those of its message."""
    return (pending.key, exactly(pending.message), pending.claimed_at, pending.due_at)
