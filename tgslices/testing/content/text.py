"""Reading a text or caption with its entities."""

from __future__ import annotations

from typing import Final

from tgslices.testing.errors import bad_request
from tgslices.testing.text import parse_markup
from tgslices.testing.text.entities import read_entities
from tgslices.testing.text.units import units_in
from tgslices.testing.wire.arguments import Arguments
from tgslices.testing.wire.fields import fields_of, flag_field, text_field
from tgslices.testing.wire.json_text import Json

_PREVIEW_FLAGS: Final = ("is_disabled", "prefer_small_media", "prefer_large_media", "show_above_text")

MAX_TEXT: Final = 4096
"""UTF-16 units of a text. Source: https://core.telegram.org/bots/api#sendmessage"""

MAX_RAW: Final = 2**15
"""Bytes of a text with its markup. Source: tdlib/telegram-bot-api ``Client.cpp:11309``."""

MAX_CAPTION: Final = 1024
"""UTF-16 units of a caption. Source: https://core.telegram.org/bots/api#sendphoto"""


def read_text(arguments: Arguments, name: str, entities_name: str) -> Json:
    """The message's fields for a text argument; empty if nothing but blanks was sent.

    Raises:
        ApiError: it is too long, or its markup or entities are wrong.
    """
    raw: Json = {
        name: arguments.text(name),
        "parse_mode": arguments.text("parse_mode"),
        entities_name: arguments.json(entities_name, "message entities") if arguments.text(entities_name) else None,
    }
    return read_text_of(raw, name, entities_name)


def read_text_of(raw: Json, name: str, entities_name: str) -> Json:
    """The same for the fields of an object, as ``InputMedia`` has them.

    Raises:
        ApiError: it is too long, or its markup or entities are wrong.
    """
    given = text_field(raw, name)
    if len(given) > MAX_RAW and len(given.encode()) > MAX_RAW:
        raise bad_request("Text is too long")
    text, entities = parse_markup(given.strip(), text_field(raw, "parse_mode"))
    text = text.rstrip()
    if not text:
        return {}
    length = units_in(text)
    if not entities:
        entities = read_entities(raw.get(entities_name))
    if length > (MAX_TEXT if name == "text" else MAX_CAPTION):
        raise bad_request("message is too long" if name == "text" else "message caption is too long")
    content: Json = {name: text}
    entities = clipped(entities, length)
    if entities:
        content[entities_name] = entities
    return content


def read_link_preview(arguments: Arguments) -> Json:
    """The message's field for how links are shown; empty if nothing is asked for.

    Raises:
        ApiError: it is none. Source: tdlib/telegram-bot-api ``Client.cpp:1839-1862, 11353-11390``.
    """
    given = arguments.json("link_preview_options", "link preview options")
    is_disabled = arguments.flag("disable_web_page_preview")
    return read_link_preview_of({"link_preview_options": given, "disable_web_page_preview": is_disabled})


def read_link_preview_of(given: Json) -> Json:
    """The same for the fields of an object, as ``InputTextMessageContent`` has them.

    Raises:
        ApiError: it is none.
    """
    if given.get("link_preview_options") is None:
        is_disabled = flag_field(given, "disable_web_page_preview")
        return {"link_preview_options": {"is_disabled": True}} if is_disabled else {}
    fields = fields_of(given["link_preview_options"], "Object expected as link preview options")
    shown: Json = {name: True for name in _PREVIEW_FLAGS if flag_field(fields, name)}
    if url := text_field(fields, "url"):
        shown["url"] = url
    return {"link_preview_options": shown} if shown else {}


def clipped(entities: list[Json], length: int) -> list[Json]:
    """Entities cut to a text of this length; those that would be empty, or begin before it, go."""
    kept = []
    for item in entities:
        size = min(item["length"], length - item["offset"])
        if size > 0 and item["offset"] >= 0:
            kept.append({**item, "length": size})
    return kept
