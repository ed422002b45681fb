"""Which messages reach a bot as updates.

Source: tdlib/telegram-bot-api ``Client.cpp:17402-17480``, ``need_skip_update_message``, and
https://core.telegram.org/bots/features#privacy-mode
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

UPDATE_WINDOW: Final = timedelta(days=1)
"""Messages and edits as old as this are never delivered. Source: ``Client.cpp:17447``."""

ECHOED_KINDS: Final = frozenset(
    {
        "new_chat_title",
        "new_chat_photo",
        "delete_chat_photo",
        "left_chat_member",
        "chat_background_set",
        "pinned_message",
        "proximity_alert_triggered",
        "video_chat_scheduled",
        "video_chat_started",
        "video_chat_ended",
        "video_chat_participants_invited",
        "forum_topic_created",
        "forum_topic_edited",
        "forum_topic_closed",
        "forum_topic_reopened",
        "general_forum_topic_hidden",
        "general_forum_topic_unhidden",
        "giveaway_created",
        "giveaway_completed",
        "refunded_payment",
    }
)
"""A bot's own service messages of these kinds come back to it. Source: ``Client.cpp:17411-17445``."""


def is_delivered(
    *, outgoing: bool, kind: str, age: timedelta, in_business_chat: bool = False, from_other_bot: bool = False
) -> bool:
    """Whether a new message becomes an update of a bot that is in the chat.

    A bot's own messages come back only if they are of certain service kinds, or were sent for a business account. Other
    bots' messages are seen only in business chats and channels, where the caller does not say ``from_other_bot``.
    """
    if outgoing and not in_business_chat and kind not in ECHOED_KINDS:
        return False
    return age < UPDATE_WINDOW and not from_other_bot


def is_public_to_private_bot(*, is_service: bool, is_command: bool, replies_to_bot: bool, mentions_bot: bool) -> bool:
    """Whether a bot in privacy mode, no administrator, sees this message of a group.

    Source: https://core.telegram.org/bots/features#privacy-mode
    """
    return is_service or is_command or replies_to_bot or mentions_bot
