"""Rights of administrators and permissions of members, by their names in the Bot API."""

from __future__ import annotations

from typing import Final

ADMIN_RIGHTS: Final = (
    "can_manage_chat",
    "can_delete_messages",
    "can_manage_video_chats",
    "can_restrict_members",
    "can_promote_members",
    "can_change_info",
    "can_invite_users",
    "can_post_stories",
    "can_edit_stories",
    "can_delete_stories",
    "can_send_welcome_messages",
    "can_post_messages",
    "can_edit_messages",
    "can_pin_messages",
    "can_manage_topics",
    "can_manage_direct_messages",
    "can_manage_tags",
)
"""Source: https://core.telegram.org/bots/api#chatadministratorrights"""


CHANNEL_RIGHTS: Final = frozenset({"can_post_messages", "can_edit_messages", "can_manage_direct_messages"})


GROUP_RIGHTS: Final = frozenset({"can_pin_messages", "can_manage_topics", "can_manage_tags"})


PERMISSIONS: Final = (
    "can_send_messages",
    "can_send_audios",
    "can_send_documents",
    "can_send_photos",
    "can_send_videos",
    "can_send_video_notes",
    "can_send_voice_notes",
    "can_send_polls",
    "can_send_other_messages",
    "can_add_web_page_previews",
    "can_react_to_messages",
    "can_edit_tag",
    "can_change_info",
    "can_invite_users",
    "can_pin_messages",
    "can_manage_topics",
)
"""Source: https://core.telegram.org/bots/api#chatpermissions"""


def all_rights(chat_type: str) -> frozenset[str]:
    """Every right that an administrator of such a chat may have: pinning in groups, posting in channels."""
    return frozenset(ADMIN_RIGHTS) - (GROUP_RIGHTS if chat_type == "channel" else CHANNEL_RIGHTS)
