"""Tracked messages for tests, written down briefly."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from tgslices.model import Direction, PendingDeletion, SessionKey, TrackedMessage
from tgslices.telegram_facts.message_kind import MessageKind

BOT_ID = 7
NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
PERSON = 1001
GROUP = -4001
SUPERGROUP = -1_000_000_000_001
KEY = SessionKey(BOT_ID, PERSON)


def record(
    message_id: int = 1, chat_id: int = PERSON, *, age: timedelta | None = timedelta(0), **more: Any
) -> TrackedMessage:
    """Return a text that the bot sent ``age`` ago, or an unknown time ago; ``more`` replaces any other field."""
    fields: dict[str, Any] = {
        "user_id": BOT_ID,
        "kind": MessageKind.TEXT,
        "direction": Direction.OUTGOING,
        "date": None if age is None else NOW - age,
        "at": NOW if age is None else NOW - age,
    }
    return TrackedMessage(message_id, chat_id, **(fields | more))


def foreign(message_id: int = 1, chat_id: int = GROUP, **more: Any) -> TrackedMessage:
    """Return a text that somebody else sent."""
    fields: dict[str, Any] = {"user_id": PERSON, "direction": Direction.INCOMING}
    return record(message_id, chat_id, **(fields | more))


def claimed(*messages: TrackedMessage, key: SessionKey = KEY, at: datetime = NOW) -> list[PendingDeletion]:
    """Return messages as they are claimed, for a minute."""
    return [PendingDeletion(key, message, at, at + timedelta(minutes=1)) for message in messages]
