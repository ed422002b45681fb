"""Tracked messages and keys as plain JSON-ready values and back, the same way for every storage that needs it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from tgslices.clock import EPOCH
from tgslices.model import Direction, SessionKey, TrackedMessage
from tgslices.telegram_facts.message_kind import MessageKind, kind_named


def encode_kind(kind: MessageKind | None) -> str | None:
    """Return Telegram's name of a kind."""
    return None if kind is None else kind.value


def decode_kind(name: str | None) -> MessageKind | None:
    """Return the kind of a name; ``UNKNOWN`` for one that only a newer release knows."""
    return None if name is None else kind_named(name)


def encode_time(time: datetime) -> int:
    """Return microseconds since 1970 in UTC, which keeps a time exactly."""
    delta = time - EPOCH
    return (delta.days * 86_400 + delta.seconds) * 1_000_000 + delta.microseconds


def decode_time(microseconds: int) -> datetime:
    """Return the aware time in UTC of a number that :func:`encode_time` made."""
    return EPOCH + timedelta(0, 0, microseconds)


def encode_message(message: TrackedMessage) -> dict[str, Any]:
    """Return a message as JSON-ready values; what is None is left out, and ``has_buttons`` where it is False."""
    values = {
        "message_id": message.message_id,
        "chat_id": message.chat_id,
        "user_id": message.user_id,
        "kind": encode_kind(message.kind),
        "direction": message.direction.value,
        "date": None if message.date is None else encode_time(message.date),
        "at": encode_time(message.at),
        "business_connection_id": message.business_connection_id,
        "thread_id": message.thread_id,
        "ephemeral_message_id": message.ephemeral_message_id,
        "receiver_user_id": message.receiver_user_id,
        "has_buttons": True if message.has_buttons else None,
        "media_group_id": message.media_group_id,
    }
    return {name: value for name, value in values.items() if value is not None}


def decode_message(values: dict[str, Any]) -> TrackedMessage:
    """Return the message of values that :func:`encode_message` made."""
    date = values.get("date")
    return TrackedMessage(
        message_id=values["message_id"],
        chat_id=values["chat_id"],
        user_id=values.get("user_id"),
        kind=decode_kind(values.get("kind")),
        direction=Direction(values["direction"]),
        date=None if date is None else decode_time(date),
        at=decode_time(values["at"]),
        business_connection_id=values.get("business_connection_id"),
        thread_id=values.get("thread_id"),
        ephemeral_message_id=values.get("ephemeral_message_id"),
        receiver_user_id=values.get("receiver_user_id"),
        has_buttons=values.get("has_buttons", False),
        media_group_id=values.get("media_group_id"),
    )


def encode_key(key: SessionKey) -> dict[str, Any]:
    """Return a key as JSON-ready values; what is None is left out."""
    values = {
        "bot_id": key.bot_id,
        "chat_id": key.chat_id,
        "user_id": key.user_id,
        "thread_id": key.thread_id,
        "business_connection_id": key.business_connection_id,
        "qualifier": key.qualifier,
    }
    return {name: value for name, value in values.items() if value is not None}


def decode_key(values: dict[str, Any]) -> SessionKey:
    """Return the key of values that :func:`encode_key` made."""
    return SessionKey(**values)
