"""Ephemeral messages, which one member sees and no ordinary identifier names.

The public server source (10.0) has none of this: what is marked DOC is what https://core.telegram.org/bots/api says of
Bot API 10.2 and 10.3, and error texts that nobody could verify are marked so.
"""

from __future__ import annotations

from collections.abc import Container
from datetime import timedelta
from typing import Final

from tgslices.testing.errors import ApiError, bad_request

LIFETIME: Final = timedelta(days=7)
"""The age at which an ephemeral message vanishes. Source: tdlib/td ``MessagesManager.cpp:11467`` (``ttl_period``)"""

MAX_PER_CHAT: Final = 100
"""The number of ephemeral messages in one chat; the oldest go first. Source: tdlib/td ``MessagesManager.cpp:31421``"""

REPLY_WINDOW: Final = timedelta(seconds=15)
"""The age until which it may be replied to. Source: DOC, ``ReplyParameters.ephemeral_message_id``"""

EPHEMERAL_KINDS: Final = frozenset(
    {
        "animation",
        "audio",
        "contact",
        "document",
        "live_photo",
        "location",
        "photo",
        "rich_message",
        "sticker",
        "text",
        "venue",
        "video",
        "video_note",
        "voice",
    }
)
"""Kinds of messages that can be ephemeral. Source: DOC, the methods with ``ephemeral_message_parameters``"""


def sending_refusal(chat_type: str, kind: str, *, receiver_is_member: bool) -> ApiError | None:
    """Why no ephemeral message can be sent, or None.

    Groups only; ``BOT_NOT_ADMIN`` in private chats is a user's report, ``USER_NOT_PARTICIPANT`` is not verified.
    """
    if kind not in EPHEMERAL_KINDS:
        return bad_request("MEDIA_INVALID")
    if chat_type not in {"group", "supergroup"}:
        return bad_request("BOT_NOT_ADMIN")
    return None if receiver_is_member else bad_request("USER_NOT_PARTICIPANT")


def is_expired(age: timedelta) -> bool:
    """Whether an ephemeral message of this age has vanished."""
    return age >= LIFETIME


def reply_refusal(age: timedelta, *, is_ephemeral: bool) -> ApiError | None:
    """Why an ephemeral message cannot be replied to, or None. The text is not verified.

    The reply must be ephemeral itself. Source: DOC, ``ReplyParameters.ephemeral_message_id``
    """
    return None if is_ephemeral and age <= REPLY_WINDOW else bad_request("message to be replied not found")


def replacement_refusal(*, is_tapped: bool, is_ephemeral: bool) -> ApiError | None:
    """Why an ephemeral message cannot replace the one with the tapped button, or None.

    The replaced message must not be ephemeral; the text is not verified.
    Source: DOC, ``EphemeralMessageParameters.replace_callback_query_message``
    """
    return None if is_tapped and not is_ephemeral else bad_request("MESSAGE_ID_INVALID")


def free_identifier(in_use: Container[int]) -> int:
    """The identifier of a new message: the first that is free, so that identifiers come back.

    Source: DOC, ``Message.ephemeral_message_id``: it "may be reused for another ephemeral message after the message is
    deleted or expires".
    """
    number = 1
    while number in in_use:
        number += 1
    return number
