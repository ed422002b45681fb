"""Message ids above which no key knows anything.

A new message has a larger id than all before it. So one look at a small dictionary tells of nearly every update that no
key can know its message. No key is asked.
"""

from __future__ import annotations

from typing import Final

from tgslices.telegram_facts.chat_kind import MIN_BASIC_GROUP

NO_CEILING: Final = -(2**63)
"""Not above any message id."""


class Ceilings:
    """The ceiling of each box in which ids grow.

    A bot has one box for its private chats and basic groups, and so has the account behind a business connection. Every
    supergroup and channel has one of its own.
    Source: https://core.telegram.org/bots/api#message (``message_id``)
    """

    __slots__ = ("by_box",)

    def __init__(self) -> None:
        self.by_box: dict[str | int, int] = {}
        """By the connection, the bot or the supergroup, whose ids are never equal. Always the same dictionary."""

    def rise(self, ceiling: int, bot_id: int, chat_id: int, connection: str | None) -> None:
        """Note that a key of this place may know messages of it up to this id."""
        box = connection or (bot_id if chat_id >= MIN_BASIC_GROUP else chat_id)
        if ceiling > self.by_box.get(box, NO_CEILING):
            self.by_box[box] = ceiling
