"""Where a message stands, and who wrote it: its topic and its writer. Entries and scopes agree on both."""

from __future__ import annotations

from typing import Any

from aiogram.types import Chat, Message

from tgslices.model import GENERAL_TOPIC


def topic_of(message: Message) -> int | None:
    """Return the topic in which a message stands; None in a chat without topics, or in a private one outside of them.

    General comes without a number. A reply outside of forums has a thread, which is no topic.
    Source: https://core.telegram.org/bots/api#message (``is_topic_message``, ``direct_messages_topic``) and
    telegram-bot-api ``Client.cpp`` lines 18430-18450
    """
    field = message.__dict__  # pydantic's own way to an attribute takes twice as long
    if field["is_topic_message"]:
        thread_id: int | None = field["message_thread_id"]
        return thread_id
    chat: Chat = field["chat"]
    if chat.type != "supergroup":
        return None
    direct = since(message, "direct_messages_topic")
    if direct is not None:
        topic_id: int = direct["topic_id"] if isinstance(direct, dict) else direct.topic_id
        return topic_id
    return GENERAL_TOPIC if chat.is_forum else None


def writer_of(message: Message) -> int | None:
    """Return who wrote a message: the chat in whose name it was written, else the person. A channel's posts have none.

    Who writes as a channel, and every anonymous administrator, comes with the same stand-in as ``from``.
    Source: https://core.telegram.org/bots/api#message (``sender_chat``)
    """
    field = message.__dict__
    sender = field["sender_chat"] or field["from_user"]
    if sender is None or field["chat"].type == "channel":
        return None
    writer_id: int = sender.id
    return writer_id


def has_topics(chat: Chat) -> bool:
    """Tell whether every message of a chat stands in a topic: in a forum, or in the direct messages of a channel."""
    return bool(chat.is_forum) or is_direct_messages(chat)


def is_direct_messages(chat: Chat) -> bool:
    """Tell whether a chat is the direct messages of a channel, where every send names a topic."""
    return bool(since(chat, "is_direct_messages"))


def receiver_of(message: Message) -> int | None:
    """Return who alone sees an ephemeral message; None where it names nobody."""
    receiver = since(message, "receiver_user")
    return None if receiver is None else receiver["id"] if isinstance(receiver, dict) else receiver.id


def since(value: Message | Chat, name: str) -> Any:
    """Return a field that the oldest supported aiogram lacks; there it is JSON, as it came, or None."""
    known = value.__dict__
    return known[name] if name in known else (value.model_extra or {}).get(name)
