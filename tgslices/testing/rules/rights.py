"""Rights of administrators and permissions of members, by their names in the Bot API."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

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

ANONYMOUS: Final = "is_anonymous"
"""What is chosen together with the rights: the administrator of a supergroup shows as the group itself."""

CHANNEL_RIGHTS: Final = frozenset({"can_post_messages", "can_edit_messages", "can_manage_direct_messages"})
GROUP_RIGHTS: Final = frozenset({"can_pin_messages", "can_manage_topics", "can_manage_tags"})
"""Rights that only administrators of a channel, or of a group, can have."""

MEDIA_PERMISSIONS: Final = (
    "can_send_audios",
    "can_send_documents",
    "can_send_photos",
    "can_send_videos",
    "can_send_video_notes",
    "can_send_voice_notes",
)
_IMPLYING_MEDIA: Final = ("can_send_polls", "can_send_other_messages", "can_add_web_page_previews")

PERMISSIONS: Final = (
    "can_send_messages",
    *MEDIA_PERMISSIONS,
    *_IMPLYING_MEDIA,
    "can_react_to_messages",
    "can_edit_tag",
    "can_change_info",
    "can_invite_users",
    "can_pin_messages",
    "can_manage_topics",
)
"""Source: https://core.telegram.org/bots/api#chatpermissions"""

_LIKE_OTHERS: Final = {
    "can_react_to_messages": "can_send_messages",
    "can_edit_tag": "can_pin_messages",
    "can_manage_topics": "can_pin_messages",
}
"""Permissions that, omitted, are as another one is. Source: https://core.telegram.org/bots/api#chatpermissions"""


def permissions_of(given: Mapping[str, Any], *, are_independent: bool) -> frozenset[str]:
    """The permissions that a ``ChatPermissions`` object grants; unless they are independent, some imply others.

    Source: https://core.telegram.org/bots/api#restrictchatmember (``use_independent_chat_permissions``)
    """
    chosen = {name for name in PERMISSIONS if given.get(name)}
    if not are_independent:
        if chosen.intersection(_IMPLYING_MEDIA):
            chosen.update(MEDIA_PERMISSIONS)
        if chosen.intersection((*MEDIA_PERMISSIONS, "can_send_polls")):
            chosen.add("can_send_messages")
    chosen.update(name for name, like in _LIKE_OTHERS.items() if given.get(name) is None and like in chosen)
    return frozenset(chosen)


def all_rights(chat_type: str) -> frozenset[str]:
    """Every right that an administrator of such a chat may have: pinning in groups, posting in channels."""
    return frozenset(ADMIN_RIGHTS) - (GROUP_RIGHTS if chat_type == "channel" else CHANNEL_RIGHTS)
