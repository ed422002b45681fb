"""One message as the page shows it: pure, from what the server stores to what the browser draws."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from tgslices.testing.content.details import Detail, as_text, detail_of, in_words
from tgslices.testing.content.wording import author_of, preview, service_text, text_of
from tgslices.testing.people.seeing import inline_rows
from tgslices.testing.rules.kinds import is_service
from tgslices.testing.state.chats import StoredMessage
from tgslices.testing.wire.json_text import Json

Reactions = Mapping[int, Sequence[Json]]
Votes = Mapping[int, Sequence[int]]

_FILE_KINDS: Final = (
    "photo", "video", "animation", "audio", "document", "voice", "video_note", "live_photo", "sticker",
)  # fmt: skip


def drawn_message(message: StoredMessage) -> Json:
    """Everything that a page draws of a message, whoever looks; absent keys mean nothing to draw.

    ``from`` and ``name`` are the author that it shows, and ``sender`` is the account on whose side it stands: nobody's
    for posts of a channel. Content that a test has planted may be anything: the page needs the types that it knows,
    and gets nothing in the place of others.
    """
    content = message.content
    author = author_of(message)
    text, entities = text_of(message)
    shown: Json = {
        "serial": message.serial,
        "id": message.message_id or None,
        "from": author.id,
        "sender": None if message.chat.type == "channel" else message.sender_id,
        "name": author.name,
        "is_bot": author.is_bot,
        "kind": message.kind,
        "date": message.date,
        "text": text or None,
        "preview": preview(message),
        "entities": marks(entities),
        "edited": bool(content.get("edit_date")) or None,
        "media": _media(message),
        "detail": _detail(message),
        "poll": _poll(content, message.votes),
        "reactions": _reactions(message.reactions),
        "album": as_text(content.get("media_group_id")) or None,
        "buttons": [[_button(button) for button in row] for row in inline_rows(message)],
        "forward": _forward(content),
        "via": _via(content),
        "reply": None if message.reply_to is None or message.reply_to.is_deleted else _quote(message.reply_to),
        "service": service_text(message) if is_service(message.kind) else None,
        "topic": message.topic_id or None,
    }
    return {name: value for name, value in shown.items() if value not in (None, [], {})}


def _quote(message: StoredMessage) -> Json:
    return {"serial": message.serial, "name": author_of(message).name, "text": preview(message)}


def _number(value: Any) -> int | None:
    return value if type(value) is int else None


def marks(entities: Sequence[Json]) -> list[Json]:
    """What is drawn of the entities of a text, the outer ones first."""
    return sorted(map(_mark, entities), key=lambda mark: (mark["offset"], -mark["length"]))


def _mark(entity: Json) -> Json:
    """What is drawn of an entity."""
    mark = {name: entity[name] for name in ("type", "offset", "length")}
    return mark | {"url": as_text(entity["url"])} if "url" in entity else mark


def _button(button: Json) -> Json:
    """What is drawn of an inline button, and what a tap on it does here."""
    shown: Json = {"text": as_text(button["text"])}
    shown |= {name: as_text(button[name]) for name in ("url", "callback_data") if name in button}
    copied = button.get("copy_text")
    if isinstance(copied, dict):
        shown["copy_text"] = {"text": as_text(copied.get("text"))}
    return shown | {"pay": True} if button.get("pay") else shown


def _media(message: StoredMessage) -> Json | None:
    if message.kind not in _FILE_KINDS:
        return None
    media: Any = message.content.get(message.kind)
    if isinstance(media, list):
        media = media[-1] if media else None
    if not isinstance(media, dict) or not as_text(media.get("file_id")):
        return None
    return {
        "url": f"page/files/{media['file_id']}",
        "name": as_text(media.get("file_name")) or in_words(message.kind).capitalize(),
        "size": _number(media.get("file_size")) or 0,
        "seconds": _number(media.get("duration")),
        "spoiler": bool(message.content.get("has_media_spoiler")),
    }


def _detail(message: StoredMessage) -> Json | None:
    """What a message without text and file says, as a heading and lines below it."""
    kind = message.kind
    if kind in {"text", "rich_message"} or is_service(kind) or _media(message) is not None:
        return None
    detail = detail_of(message) or Detail("")
    lines = [] if kind == "poll" else [line for line in detail.lines if line]
    return {"title": detail.title or in_words(kind).capitalize(), "lines": lines}


def _poll(content: Json, votes: Votes) -> Json | None:
    """A poll's options with who chose them."""
    poll: Any = content.get("poll")
    if not isinstance(poll, dict) or not isinstance(poll.get("options"), list):
        return None
    options = [
        {"text": as_text(option.get("text")), "by": [user for user, chosen in votes.items() if number in chosen]}
        for number, option in enumerate(poll["options"])
        if isinstance(option, dict)
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
    bot: Any = content.get("sender_business_bot") or content.get("via_bot")
    return as_text(bot.get("first_name")) if isinstance(bot, dict) else None


def _forward(content: Json) -> str | None:
    origin = content.get("forward_origin")
    if not isinstance(origin, dict):
        return None
    source: Any = origin.get("sender_user") or origin.get("sender_chat") or origin.get("chat")
    names = [source.get("first_name"), source.get("title")] if isinstance(source, dict) else []
    return next(filter(None, map(as_text, [*names, origin.get("sender_user_name")])), "somebody")
