"""Whether a bot may write in a chat that it has access to.

Source: tdlib/td ``DialogManager.cpp:1509-1535``, ``can_send_message_to_dialog``; ``MessageContent.cpp:6175-6345``,
``can_send_message_content``; tdlib/telegram-bot-api ``Client.cpp:133-136``.
"""

from __future__ import annotations

from typing import Final

from tgslices.testing.errors import ApiError, bad_request, forbidden

PERMISSION_OF: Final = {
    "text": ("can_send_messages", "text messages"),
    "rich_message": ("can_send_messages", "the rich message"),
    "contact": ("can_send_messages", "contacts"),
    "location": ("can_send_messages", "locations"),
    "venue": ("can_send_messages", "venues"),
    "checklist": ("can_send_messages", "checklists"),
    "invoice": ("can_send_messages", "invoice messages"),
    "audio": ("can_send_audios", "music"),
    "document": ("can_send_documents", "documents"),
    "photo": ("can_send_photos", "photos"),
    "live_photo": ("can_send_photos", "photos"),
    "video": ("can_send_videos", "videos"),
    "video_note": ("can_send_video_notes", "video notes"),
    "voice": ("can_send_voice_notes", "voice notes"),
    "poll": ("can_send_polls", "polls"),
    "dice": ("can_send_other_messages", "dice"),
    "sticker": ("can_send_other_messages", "stickers"),
    "animation": ("can_send_other_messages", "animations"),
    "game": ("can_send_other_messages", "games"),
}
"""Kind of message: the permission it takes, and what the error calls it."""


def sending_refusal(
    chat_type: str, kind: str, *, status: str, rights: frozenset[str], is_blocked: bool = False
) -> ApiError | None:
    """Why a message of this kind is refused, or None. ``rights`` are a restricted member's permissions, too."""
    if is_blocked:
        return forbidden("bot was blocked by the user")
    if chat_type == "channel" and "can_post_messages" not in rights:
        return bad_request("Need administrator rights in the channel chat")
    if status == "restricted":
        permission, name = PERMISSION_OF.get(kind, ("can_send_messages", "text messages"))
        if permission not in rights:
            return bad_request(f"Not enough rights to send {name} to the chat")
    return None
