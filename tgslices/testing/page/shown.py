"""One message as the page shows it: pure, from what the server stores to what the browser draws."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from tgslices.testing.accounts import Json
from tgslices.testing.details import Detail, detail_of, spoken
from tgslices.testing.entities import StoredMessage
from tgslices.testing.rules.kinds import is_service
from tgslices.testing.wording import preview, service_text, text_of

Reactions = Mapping[int, Sequence[Json]]
Votes = Mapping[int, Sequence[int]]

_FILE_KINDS: Final = (
    "photo", "video", "animation", "audio", "document", "voice", "video_note", "live_photo", "sticker",
)  # fmt: skip


def shown_message(message: StoredMessage, reactions: Reactions, votes: Votes) -> Json:
    """Everything that a page draws of a message; absent keys mean nothing to draw.

    ``reactions`` and ``votes`` are what each user has given to it, by the user's number.
    """
    content = message.content
    author = content.get("from") or content["chat"]
    text, entities = text_of(message)
    shown: Json = {
        "serial": message.serial,
        "id": message.message_id or None,
        "from": author["id"],
        "name": author.get("first_name") or author.get("title"),
        "is_bot": bool(author.get("is_bot")),
        "kind": message.kind,
        "date": message.date,
        "text": text or None,
        "entities": entities,
        "edited": content.get("edit_date"),
        "media": _media(message),
        "detail": _detail(message),
        "poll": _poll(content, votes),
        "reactions": _reactions(reactions),
        "album": content.get("media_group_id"),
        "buttons": content.get("reply_markup", {}).get("inline_keyboard"),
        "keyboard": message.markup,
        "forward": _forward(content),
        "via": _via(content),
        "reply": None if message.reply_to is None or message.reply_to.is_deleted else _quote(message.reply_to),
        "service": service_text(message) if is_service(message.kind) else None,
        "only_for": None if message.receiver_id is None else [message.receiver_id, message.sender_id],
        "topic": content.get("message_thread_id"),
    }
    return {name: value for name, value in shown.items() if value not in (None, [], {})}


def _quote(message: StoredMessage) -> Json:
    author = message.content.get("from") or message.content["chat"]
    name = author.get("first_name") or author.get("title")
    return {"serial": message.serial, "name": name, "text": preview(message)}


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
        "name": media.get("file_name") or spoken(message.kind).capitalize(),
        "size": media.get("file_size", 0),
        "spoiler": bool(message.content.get("has_media_spoiler")),
    }


def _detail(message: StoredMessage) -> Json | None:
    """What a message without text and file says, as a heading and lines below it."""
    kind = message.kind
    if kind in {"text", "rich_message"} or is_service(kind) or _media(message) is not None:
        return None
    detail = detail_of(message) or Detail("")
    lines = [] if kind == "poll" else [line for line in detail.lines if line]
    return {"title": detail.title or spoken(kind).capitalize(), "lines": lines}


def _poll(content: Json, votes: Votes) -> Json | None:
    """A poll's options with who chose them."""
    poll: Any = content.get("poll")
    if not isinstance(poll, dict):
        return None
    options = [
        {"text": str(option.get("text", "")), "by": [user for user, chosen in votes.items() if number in chosen]}
        for number, option in enumerate(poll.get("options") or ())
    ]
    return {
        "options": options,
        "is_closed": bool(poll.get("is_closed")),
        "is_multiple": bool(poll.get("allows_multiple_answers")),
    }


def _reactions(reactions: Reactions) -> Json:
    """Who reacted, by emoji."""
    found: Json = {}
    for user, given in reactions.items():
        for reaction in given:
            found.setdefault(str(reaction.get("emoji") or "★"), []).append(user)
    return found


def _via(content: Json) -> str | None:
    """The bot that wrote for an account, or whose inline result was picked."""
    bot = content.get("sender_business_bot") or content.get("via_bot") or {}
    return bot.get("first_name")


def _forward(content: Json) -> str | None:
    origin = content.get("forward_origin")
    if not isinstance(origin, dict):
        return None
    source = origin.get("sender_user") or origin.get("sender_chat") or origin.get("chat") or {}
    return str(source.get("first_name") or source.get("title") or origin.get("sender_user_name") or "somebody")
