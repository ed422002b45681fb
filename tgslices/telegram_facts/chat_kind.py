"""What the id of a chat tells about the chat."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

MIN_BASIC_GROUP: Final = -999_999_999_999
"""The lowest chat id of a basic group. Lower ids belong to supergroups and channels.

Source: https://core.telegram.org/api/bots/ids
"""


class ChatKind(StrEnum):
    """What the sign and size of a chat id tell."""

    PRIVATE = "private"
    GROUP = "group"
    """A basic group."""
    CHANNEL = "channel"
    """A supergroup or a channel; Telegram keeps both in one space of ids.

    Only here a message id is the same for every bot. In private chats and basic groups it counts in the account-wide
    box of one bot. Source: https://core.telegram.org/bots/api#message (``message_id``)
    """


def chat_kind(chat_id: int) -> ChatKind:
    """Tell the kind of a chat from its id.

    Source: https://core.telegram.org/api/bots/ids
    """
    if chat_id > 0:
        return ChatKind.PRIVATE
    return ChatKind.GROUP if chat_id >= MIN_BASIC_GROUP else ChatKind.CHANNEL


def chat_number(target: object) -> int | None:
    """Return the id of the chat that a request names, as a number or in digits; None for an ``@username``."""
    if type(target) is int:
        return target
    try:
        return int(target) if isinstance(target, str) else None
    except ValueError:
        return None
