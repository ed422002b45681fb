"""Who shows as the sender of what a person writes in the name of a chat.

Source: tdlib/telegram-bot-api ``Client.cpp:18157-18176`` and https://core.telegram.org/bots/api#message
(``sender_chat``)
"""

from __future__ import annotations

from typing import Any, Final

CHANNEL_BOT: Final[dict[str, Any]] = {
    "id": 136_817_688, "is_bot": True, "first_name": "Channel", "username": "Channel_Bot",
}  # fmt: skip
"""The user that a channel writes as. Source: tdlib/td ``MessagesManager.cpp:20839``"""

ANONYMOUS_BOT: Final[dict[str, Any]] = {
    "id": 1_087_968_824, "is_bot": True, "first_name": "Group", "username": "GroupAnonymousBot",
}  # fmt: skip
"""The user that an anonymous administrator writes as."""

SERVICE_ACCOUNT: Final[dict[str, Any]] = {"id": 777_000, "is_bot": False, "first_name": "Telegram"}
"""The user that brings a channel's posts into its discussion group."""


def sender_fields(place: dict[str, Any], sender: dict[str, Any]) -> dict[str, Any]:
    """The fields of ``Message`` for what is written at a place in the name of a chat, both as the Bot API's ``Chat``.

    A group that writes in itself is an anonymous administrator.
    """
    user = ANONYMOUS_BOT if sender["id"] == place["id"] else CHANNEL_BOT
    return {"from": user, "sender_chat": sender}
