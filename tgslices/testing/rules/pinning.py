"""What a bot may pin.

Source: tdlib/td ``MessagesManager.cpp:23205-23221``, ``can_pin_message``, and ``DialogManager.cpp:2899-2924``,
``can_pin_messages``, at 022d602.
"""

from __future__ import annotations

from tgslices.testing.errors import ApiError, bad_request
from tgslices.testing.rules.deletion import Standing
from tgslices.testing.rules.kinds import is_service


def pin_rights_refusal(chat_type: str, bot: Standing) -> ApiError | None:
    """Why the bot may pin nothing here, or None. Outside of private chats it needs an administrator's right."""
    right = "can_edit_messages" if chat_type == "channel" else "can_pin_messages"
    if chat_type == "private" or right in bot.rights:
        return None
    return bad_request("Not enough rights to manage pinned messages in the chat")


def pin_refusal(chat_type: str, kind: str, bot: Standing) -> ApiError | None:
    """Why this message cannot be pinned, or None."""
    refusal = pin_rights_refusal(chat_type, bot)
    if refusal is not None:
        return refusal
    return bad_request("Service messages can't be pinned") if is_service(kind) else None
