"""The contract of dropping what is stored about a person, written once. Every durable storage has it.

A key is a person's if its user is the person, or its chat, or, in the direct messages of a channel, its topic. Who
writes as a group or a channel has the number of that chat as a user; keys of the whole chat are not theirs.

What is dropped leaves as it always does: a key knows messages that an update could bring again, and when it was closed,
until ``sweep`` forgets it a day later. So neither a repeated update nor a late write brings anything back. Both methods
look at everything that is stored for the bot, in steps, of which each is atomic. What is interrupted is done by calling
it again.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final, Protocol

from tgslices.model import SessionKey, TrackedMessage
from tgslices.telegram_facts.chat_kind import ChatKind, chat_kind


class ErasingStorage(Protocol):
    """Drops what is stored about a person."""

    async def erase_sessions(self, bot_id: int, user_id: int, *, at: datetime) -> int:
        """Close the person's keys as of ``at``, and drop their entries, all their data, and ends that are to be told.

        Data goes that outlives a close, too, and whoever holds it has lost it. Returns how many keys had anything.
        Pending deletions stay.
        """

    async def erase_entries(self, bot_id: int, user_id: int) -> int:
        """Drop the entries that are about a person, under every key; return how many.

        Those that the person wrote, that only this person sees, and that stand in the private chat or the direct
        messages of the person.
        """


ERASING_METHODS: Final = ("erase_sessions", "erase_entries")


def is_of(key: SessionKey, user_id: int) -> bool:
    """Tell whether a key is a person's."""
    return user_id == key.user_id or (
        _is_private(key.chat_id, key.thread_id, user_id) and (key.user_id is None or key.chat_id == user_id)
    )


def is_about(message: TrackedMessage, user_id: int) -> bool:
    """Tell whether a person wrote a message, is the only one who sees it, or has it in a chat of their own."""
    return user_id in (message.user_id, message.receiver_user_id) or _is_private(
        message.chat_id, message.thread_id, user_id
    )


def _is_private(chat_id: int, thread_id: int | None, user_id: int) -> bool:
    """Tell whether a place is a person's private chat, or the topic of a person in a channel's direct messages.

    There a topic has the number of the person. Nothing tells them from a forum, where it has that of a message.
    """
    return user_id > 0 and (chat_id == user_id or (thread_id == user_id and chat_kind(chat_id) is ChatKind.CHANNEL))
