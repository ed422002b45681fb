"""What a message is, by Telegram's own names, and which of them somebody wrote.

It is no enumeration of aiogram's: what is stored means the same whichever release of aiogram is installed, and who
only looks into a storage needs none.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class MessageKind(StrEnum):
    """What a message is: its name is that of the field of ``Message`` that tells it, as in aiogram's ``ContentType``.

    Source: https://core.telegram.org/bots/api#message
    """

    UNKNOWN = "unknown"
    ANY = "any"
    TEXT = "text"
    ANIMATION = "animation"
    AUDIO = "audio"
    DOCUMENT = "document"
    LIVE_PHOTO = "live_photo"
    PAID_MEDIA = "paid_media"
    PHOTO = "photo"
    STICKER = "sticker"
    STORY = "story"
    VIDEO = "video"
    VIDEO_NOTE = "video_note"
    VOICE = "voice"
    CHECKLIST = "checklist"
    CONTACT = "contact"
    DICE = "dice"
    GAME = "game"
    POLL = "poll"
    VENUE = "venue"
    LOCATION = "location"
    NEW_CHAT_MEMBERS = "new_chat_members"
    LEFT_CHAT_MEMBER = "left_chat_member"
    CHAT_OWNER_LEFT = "chat_owner_left"
    CHAT_OWNER_CHANGED = "chat_owner_changed"
    NEW_CHAT_TITLE = "new_chat_title"
    NEW_CHAT_PHOTO = "new_chat_photo"
    DELETE_CHAT_PHOTO = "delete_chat_photo"
    GROUP_CHAT_CREATED = "group_chat_created"
    SUPERGROUP_CHAT_CREATED = "supergroup_chat_created"
    CHANNEL_CHAT_CREATED = "channel_chat_created"
    MESSAGE_AUTO_DELETE_TIMER_CHANGED = "message_auto_delete_timer_changed"
    MIGRATE_TO_CHAT_ID = "migrate_to_chat_id"
    MIGRATE_FROM_CHAT_ID = "migrate_from_chat_id"
    PINNED_MESSAGE = "pinned_message"
    INVOICE = "invoice"
    SUCCESSFUL_PAYMENT = "successful_payment"
    REFUNDED_PAYMENT = "refunded_payment"
    USERS_SHARED = "users_shared"
    CHAT_SHARED = "chat_shared"
    GIFT = "gift"
    UNIQUE_GIFT = "unique_gift"
    GIFT_UPGRADE_SENT = "gift_upgrade_sent"
    CONNECTED_WEBSITE = "connected_website"
    WRITE_ACCESS_ALLOWED = "write_access_allowed"
    PASSPORT_DATA = "passport_data"
    PROXIMITY_ALERT_TRIGGERED = "proximity_alert_triggered"
    BOOST_ADDED = "boost_added"
    CHAT_BACKGROUND_SET = "chat_background_set"
    CHECKLIST_TASKS_DONE = "checklist_tasks_done"
    CHECKLIST_TASKS_ADDED = "checklist_tasks_added"
    DIRECT_MESSAGE_PRICE_CHANGED = "direct_message_price_changed"
    FORUM_TOPIC_CREATED = "forum_topic_created"
    FORUM_TOPIC_EDITED = "forum_topic_edited"
    FORUM_TOPIC_CLOSED = "forum_topic_closed"
    FORUM_TOPIC_REOPENED = "forum_topic_reopened"
    GENERAL_FORUM_TOPIC_HIDDEN = "general_forum_topic_hidden"
    GENERAL_FORUM_TOPIC_UNHIDDEN = "general_forum_topic_unhidden"
    GIVEAWAY_CREATED = "giveaway_created"
    GIVEAWAY = "giveaway"
    GIVEAWAY_WINNERS = "giveaway_winners"
    GIVEAWAY_COMPLETED = "giveaway_completed"
    MANAGED_BOT_CREATED = "managed_bot_created"
    PAID_MESSAGE_PRICE_CHANGED = "paid_message_price_changed"
    POLL_OPTION_ADDED = "poll_option_added"
    POLL_OPTION_DELETED = "poll_option_deleted"
    SUGGESTED_POST_APPROVED = "suggested_post_approved"
    SUGGESTED_POST_APPROVAL_FAILED = "suggested_post_approval_failed"
    SUGGESTED_POST_DECLINED = "suggested_post_declined"
    SUGGESTED_POST_PAID = "suggested_post_paid"
    SUGGESTED_POST_REFUNDED = "suggested_post_refunded"
    VIDEO_CHAT_SCHEDULED = "video_chat_scheduled"
    VIDEO_CHAT_STARTED = "video_chat_started"
    VIDEO_CHAT_ENDED = "video_chat_ended"
    VIDEO_CHAT_PARTICIPANTS_INVITED = "video_chat_participants_invited"
    WEB_APP_DATA = "web_app_data"
    RICH_MESSAGE = "rich_message"
    COMMUNITY_CHAT_ADDED = "community_chat_added"
    COMMUNITY_CHAT_REMOVED = "community_chat_removed"
    COMMUNITY_CHAT_JOINED = "community_chat_joined"
    USER_SHARED = "user_shared"
    WIDGET = "widget"
    SHARED_WIDGET = "shared_widget"


CONTENT: Final = frozenset(
    {
        MessageKind.TEXT,
        MessageKind.ANIMATION,
        MessageKind.AUDIO,
        MessageKind.DOCUMENT,
        MessageKind.LIVE_PHOTO,
        MessageKind.PAID_MEDIA,
        MessageKind.PHOTO,
        MessageKind.STICKER,
        MessageKind.STORY,
        MessageKind.VIDEO,
        MessageKind.VIDEO_NOTE,
        MessageKind.VOICE,
        MessageKind.CHECKLIST,
        MessageKind.CONTACT,
        MessageKind.DICE,
        MessageKind.GAME,
        MessageKind.POLL,
        MessageKind.VENUE,
        MessageKind.LOCATION,
        MessageKind.INVOICE,
        MessageKind.GIVEAWAY,
        MessageKind.GIVEAWAY_WINNERS,
        MessageKind.RICH_MESSAGE,
    }
)
"""What a person or a bot sends. Every other kind is a service message, or unknown to this release.

Source: https://core.telegram.org/bots/api#message (fields that "Service message" does not introduce)
"""

_BY_NAME: Final = {kind.value: kind for kind in MessageKind}


def kind_named(name: str) -> MessageKind:
    """Return the kind with a name; ``UNKNOWN`` for one that only a newer release knows."""
    return _BY_NAME.get(name, MessageKind.UNKNOWN)
