"""The contract of dropping what is stored about a person, written once. Every durable storage has it.

A key is a person's if its user or its chat is the person. What is dropped leaves as it always does: a key knows
messages that an update could bring again, and when it was closed, until ``sweep`` forgets it a day later. So neither a
repeated update nor a late write brings anything back. Both methods look at everything that is stored for the bot, in
steps, of which each is atomic. What is interrupted is done by calling it again.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final, Protocol

from tgslices.model import SessionKey, TrackedMessage


class ErasingStorage(Protocol):
    """Drops what is stored about a person."""

    async def erase_sessions(self, bot_id: int, user_id: int, *, at: datetime) -> int:
        """Close the person's keys as of ``at``, and drop their entries, all their data, and ends that are to be told.

        Data goes that outlives a close, too, and whoever holds it has lost it. Returns how many keys had anything.
        Pending deletions stay.
        """

    async def erase_entries(self, bot_id: int, user_id: int) -> int:
        """Drop the entries that a person wrote, or that only this person sees, under every key; return how many."""


ERASING_METHODS: Final = ("erase_sessions", "erase_entries")


def is_of(key: SessionKey, user_id: int) -> bool:
    """Tell whether a key is a person's."""
    return user_id in (key.user_id, key.chat_id)


def is_about(message: TrackedMessage, user_id: int) -> bool:
    """Tell whether a person wrote a message, or is the only one who sees it."""
    return user_id in (message.user_id, message.receiver_user_id)
