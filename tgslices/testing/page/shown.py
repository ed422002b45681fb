"""One message as the page shows it: pure, from what the server stores to what the browser draws."""

from __future__ import annotations

from typing import Any, Final

from tgslices.testing.accounts import Json
from tgslices.testing.entities import StoredMessage
from tgslices.testing.rules.kinds import is_service

_FILE_KINDS: Final = (
    "photo", "video", "animation", "audio", "document", "voice", "video_note", "live_photo", "sticker",
)  # fmt: skip
_PREVIEW: Final = 140
"""Characters of a message that a reply or the list of chats quotes."""


def shown_message(message: StoredMessage) -> Json:
    """Everything that a page draws of a message; absent keys mean nothing to draw."""
    content = message.content
    author = content.get("from") or content["chat"]
    shown: Json = {
        "serial": message.serial,
        "id": message.message_id or None,
        "from": author["id"],
        "name": author.get("first_name") or author.get("title"),
        "is_bot": bool(author.get("is_bot")),
        "kind": message.kind,
        "date": message.date,
        "text": content.get("text") or content.get("caption"),
        "entities": content.get("entities") or content.get("caption_entities"),
        "edited": content.get("edit_date"),
        "media": _media(message),
        "detail": _detail(message),
        "album": content.get("media_group_id"),
        "buttons": content.get("reply_markup", {}).get("inline_keyboard"),
        "keyboard": message.markup,
        "forward": _forward(content),
        "reply": None if message.reply_to is None or message.reply_to.is_deleted else _quote(message.reply_to),
        "service": service_text(message) if is_service(message.kind) else None,
        "only_for": None if message.receiver_id is None else [message.receiver_id, message.sender_id],
        "topic": content.get("message_thread_id"),
    }
    return {name: value for name, value in shown.items() if value not in (None, [], {})}


def preview(message: StoredMessage) -> str:
    """A message in one short line."""
    content = message.content
    text = content.get("text") or content.get("caption")
    if text:
        return str(text).replace("\n", " ")[:_PREVIEW]
    return service_text(message) if is_service(message.kind) else _spoken(message.kind).capitalize()


def _quote(message: StoredMessage) -> Json:
    author = message.content.get("from") or message.content["chat"]
    name = author.get("first_name") or author.get("title")
    return {"serial": message.serial, "name": name, "text": preview(message)}


def _spoken(kind: str) -> str:
    return kind.replace("_", " ")


def _media(message: StoredMessage) -> Json | None:
    if message.kind not in _FILE_KINDS:
        return None
    media: Any = message.content.get(message.kind)
    if isinstance(media, list):
        media = media[-1]
    if not isinstance(media, dict) or "file_id" not in media:
        return None
    return {
        "url": f"page/files/{media['file_id']}",
        "name": media.get("file_name") or _spoken(message.kind).capitalize(),
        "size": media.get("file_size", 0),
        "spoiler": bool(message.content.get("has_media_spoiler")),
    }


def _detail(message: StoredMessage) -> Json | None:
    """What a message without text and file says, as a heading and lines below it."""
    content, kind = message.content, message.kind
    match kind:
        case "dice":
            return {"title": f"{content['dice']['emoji']} {content['dice']['value']}", "lines": []}
        case "poll":
            poll = content["poll"]
            return {"title": poll.get("question", ""), "lines": [str(option["text"]) for option in poll["options"]]}
        case "contact":
            contact = content["contact"]
            return {"title": contact.get("first_name", ""), "lines": [str(contact.get("phone_number", ""))]}
        case "location":
            place = content["location"]
            return {"title": "Location", "lines": [f"{place.get('latitude')}, {place.get('longitude')}"]}
        case "venue":
            venue = content["venue"]
            return {"title": venue.get("title", ""), "lines": [str(venue.get("address", ""))]}
    if kind == "text" or kind in _FILE_KINDS or is_service(kind):
        return None
    return {"title": _spoken(kind).capitalize(), "lines": []}


def _forward(content: Json) -> str | None:
    origin = content.get("forward_origin")
    if not isinstance(origin, dict):
        return None
    source = origin.get("sender_user") or origin.get("sender_chat") or origin.get("chat") or {}
    return str(source.get("first_name") or source.get("title") or origin.get("sender_user_name") or "somebody")


def service_text(message: StoredMessage) -> str:
    """What the server wrote into the chat, as people read it."""
    content = message.content
    actor = (content.get("from") or content["chat"]).get("first_name") or content["chat"].get("title")
    match message.kind:
        case "new_chat_members":
            return _joined(str(actor), content)
        case "left_chat_member":
            gone = content["left_chat_member"]
            is_own = gone["id"] == message.sender_id
            return f"{actor} left" if is_own else f"{actor} removed {gone['first_name']}"
        case "pinned_message":
            pinned = message.pinned
            is_there = pinned is not None and not pinned.is_deleted
            return f"{actor} pinned “{preview(pinned)}”" if is_there and pinned else f"{actor} pinned a message"
        case "new_chat_title":
            return f"{actor} named the chat “{content['new_chat_title']}”"
        case "forum_topic_created":
            return f"{actor} opened the topic “{content['forum_topic_created']['name']}”"
        case "migrate_to_chat_id":
            return "The group became a supergroup"
        case "migrate_from_chat_id":
            return "This supergroup was a group before"
    return f"{actor}: {_spoken(message.kind)}"


def _joined(actor: str, content: Json) -> str:
    names = ", ".join(str(user["first_name"]) for user in content["new_chat_members"])
    return f"{names} joined" if names == actor else f"{actor} added {names}"
