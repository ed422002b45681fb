"""Kinds of messages, named as aiogram's ``ContentType``, and what Telegram says of them."""

from __future__ import annotations

from typing import Final

SERVICE_KINDS: Final = frozenset(
    {
        "boost_added",
        "channel_chat_created",
        "chat_background_set",
        "chat_owner_changed",
        "chat_owner_left",
        "chat_shared",
        "checklist_tasks_added",
        "checklist_tasks_done",
        "community_chat_added",
        "community_chat_joined",
        "community_chat_removed",
        "connected_website",
        "delete_chat_photo",
        "direct_message_price_changed",
        "forum_topic_closed",
        "forum_topic_created",
        "forum_topic_edited",
        "forum_topic_reopened",
        "general_forum_topic_hidden",
        "general_forum_topic_unhidden",
        "gift",
        "gift_upgrade_sent",
        "gifted_premium",
        "giveaway_completed",
        "giveaway_created",
        "group_chat_created",
        "left_chat_member",
        "managed_bot_created",
        "message_auto_delete_timer_changed",
        "migrate_from_chat_id",
        "migrate_to_chat_id",
        "new_chat_members",
        "new_chat_photo",
        "new_chat_title",
        "paid_message_price_changed",
        "passport_data",
        "pinned_message",
        "poll_option_added",
        "poll_option_deleted",
        "proximity_alert_triggered",
        "refunded_payment",
        "screenshot_taken",
        "successful_payment",
        "suggested_post_approval_failed",
        "suggested_post_approved",
        "suggested_post_declined",
        "suggested_post_paid",
        "suggested_post_refunded",
        "supergroup_chat_created",
        "unique_gift",
        "user_shared",
        "users_shared",
        "video_chat_ended",
        "video_chat_participants_invited",
        "video_chat_scheduled",
        "video_chat_started",
        "web_app_data",
        "write_access_allowed",
    }
)
"""Messages that only report that something happened.

``screenshot_taken`` and ``gifted_premium`` have no name in the Bot API.
Source: tdlib/td ``MessageContentType.cpp:582-680``, ``is_service_message_content``, and
https://core.telegram.org/bots/api#message
"""

EDITABLE_KINDS: Final = frozenset(
    {
        "animation",
        "audio",
        "checklist",
        "document",
        "game",
        "live_photo",
        "paid_media",
        "photo",
        "rich_message",
        "text",
        "video",
        "voice",
    }
)
"""Messages whose content can be changed; of others a bot can only change the buttons.

Source: tdlib/td ``MessageContentType.cpp:687-701``, ``is_editable_message_content``
"""

CAPTIONED_KINDS: Final = frozenset(
    {"animation", "audio", "document", "live_photo", "paid_media", "photo", "video", "voice"}
)
"""Messages that can have a caption.

Source: tdlib/td ``MessageContentType.cpp``, ``can_have_message_content_caption``
"""

REPLACEABLE_KINDS: Final = frozenset(
    {"text", "rich_message", "animation", "audio", "document", "live_photo", "photo", "video"}
)
"""Messages whose media can be replaced. Source: tdlib/td ``MessagesManager.cpp:23165``, ``can_edit_message_media``"""

DICE: Final = "dice"
SCREENSHOT: Final = "screenshot_taken"


def is_service(kind: str) -> bool:
    """Whether a message of this kind only reports that something happened."""
    return kind in SERVICE_KINDS
