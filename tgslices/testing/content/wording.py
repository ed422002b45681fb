"""Messages in words: service messages as people read them, and any message in one short line. Pure.

A test may plant any content, and one odd message must not hide the others: nothing here raises.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, NamedTuple

from tgslices.testing.content.details import as_text, detail_of, in_words, not_showable
from tgslices.testing.content.flattened import flattened
from tgslices.testing.rules.kinds import is_service
from tgslices.testing.state.chats import StoredMessage
from tgslices.testing.wire.json_text import Json

MAX_PREVIEW: Final = 140
"""Characters of a message in a reply or in the list of chats."""

_DEEDS: Final = {
    "new_chat_photo": "changed the photo",
    "delete_chat_photo": "removed the photo",
    "forum_topic_closed": "closed the topic",
    "forum_topic_reopened": "reopened the topic",
    "general_forum_topic_hidden": "hid the general topic",
    "general_forum_topic_unhidden": "showed the general topic again",
    "write_access_allowed": "allowed the bot to write",
    "users_shared": "shared users with the bot",
    "user_shared": "shared a user with the bot",
    "chat_shared": "shared a chat with the bot",
    "web_app_data": "sent something from a Web App",
    "checklist_tasks_done": "changed what is done of a checklist",
    "checklist_tasks_added": "added tasks to a checklist",
    "video_chat_started": "started a video chat",
    "video_chat_ended": "ended a video chat",
    "message_auto_delete_timer_changed": "changed when messages vanish",
    "screenshot_taken": "took a screenshot",
}
"""Service messages that tell only who did something."""


class Author(NamedTuple):
    """The sender that a message shows: a user, or the chat in whose name it was sent."""

    id: int
    name: str
    is_bot: bool


def author_of(message: StoredMessage) -> Author:
    """The author of a message; the sending account, if the content names nobody."""
    for field in ("sender_chat", "from", "chat"):
        shown: Any = message.content.get(field)
        if isinstance(shown, dict) and type(shown.get("id")) is int:
            name = shown.get("first_name") or shown.get("title")
            return Author(shown["id"], as_text(name) or "somebody", bool(shown.get("is_bot")))
    return Author(message.sender_id, "somebody", is_bot=False)


def printable(text: str) -> str:
    """The text with a mark in the place of half surrogate pairs, which no output can encode."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def text_of(message: StoredMessage) -> tuple[str, list[Json]]:
    """The text or caption of a message with its entities, or the flattened rich message; else ``""``."""
    return text_of_content(message.content)


def text_of_content(content: Json) -> tuple[str, list[Json]]:
    """The text of the content of a message or draft, as for `text_of`."""
    if "rich_message" in content:
        return flattened(content["rich_message"])
    for text, entities in (("text", "entities"), ("caption", "caption_entities")):
        if words := as_text(content.get(text)):
            return words, _marks(content.get(entities))
    return "", []


def _marks(entities: Any) -> list[Json]:
    """The entities that mark a part of a text."""
    return [item for item in entities if _is_mark(item)] if isinstance(entities, list) else []


def _is_mark(entity: Any) -> bool:
    if not isinstance(entity, dict) or not isinstance(entity.get("type"), str):
        return False
    return type(entity.get("offset")) is int and type(entity.get("length")) is int


def preview(message: StoredMessage) -> str:
    """A message in one short line."""
    if is_service(message.kind):
        return service_text(message)
    text = text_of(message)[0] or str(detail_of(message) or "")
    return text.replace("\n", " ")[:MAX_PREVIEW] if text else in_words(message.kind).capitalize()


def service_text(message: StoredMessage) -> str:
    """A service message as people read it."""
    kind, actor = message.kind, author_of(message).name
    told: Any = message.content.get(kind)
    if kind in _STORIES and (told is not None or kind == "pinned_message"):
        try:
            return _STORIES[kind](message, actor, told)
        except (AttributeError, LookupError, TypeError):
            return f"{actor}: {not_showable(kind)}"
    return f"{actor} {_DEEDS[kind]}" if kind in _DEEDS else f"{actor}: {in_words(kind)}"


def _joined(message: StoredMessage, actor: str, members: list[Json]) -> str:
    names = ", ".join(as_text(user["first_name"]) for user in members)
    return f"{names} joined" if names == actor else f"{actor} added {names}"


def _left(message: StoredMessage, actor: str, member: Json) -> str:
    return f"{actor} left" if member["id"] == message.sender_id else f"{actor} removed {as_text(member['first_name'])}"


def _pinned(message: StoredMessage, actor: str, told: Any) -> str:
    pinned = message.pinned
    is_there = pinned is not None and not pinned.is_deleted
    return f"{actor} pinned “{preview(pinned)}”" if is_there and pinned else f"{actor} pinned a message"


def _topic_edited(message: StoredMessage, actor: str, told: Json) -> str:
    return f"{actor} renamed the topic to “{as_text(told['name'])}”" if "name" in told else f"{actor} changed the topic"


def _paid(message: StoredMessage, actor: str, told: Json) -> str:
    deed = "paid" if message.kind == "successful_payment" else "gave back"
    return f"{actor} {deed} {as_text(told.get('total_amount'))} {as_text(told.get('currency'))}"


def _gift(message: StoredMessage, actor: str, told: Json) -> str:
    emoji = as_text(told.get("gift", {}).get("sticker", {}).get("emoji")) or "a gift"
    return f"{actor} gave {emoji}" + (f" “{as_text(told['text'])}”" if told.get("text") else "")


_STORIES: Final[dict[str, Callable[[StoredMessage, str, Any], str]]] = {
    "new_chat_members": _joined,
    "left_chat_member": _left,
    "pinned_message": _pinned,
    "new_chat_title": lambda message, actor, title: f"{actor} named the chat “{as_text(title)}”",
    "forum_topic_created": lambda message, actor, topic: f"{actor} opened the topic “{as_text(topic['name'])}”",
    "forum_topic_edited": _topic_edited,
    "migrate_to_chat_id": lambda message, actor, told: "The group became a supergroup",
    "migrate_from_chat_id": lambda message, actor, told: "This supergroup was a group before",
    "successful_payment": _paid,
    "refunded_payment": _paid,
    "gift": _gift,
}
"""Service messages that tell what was done."""
