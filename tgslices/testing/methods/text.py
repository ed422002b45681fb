"""Reading a text or caption with its entities."""

from __future__ import annotations

from typing import Any, Final

from tgslices.testing.accounts import Json
from tgslices.testing.arguments import Arguments
from tgslices.testing.errors import bad_request
from tgslices.testing.formatting import parse_markup

MAX_TEXT: Final = 4096
"""UTF-16 units of a text. Source: https://core.telegram.org/bots/api#sendmessage"""

MAX_CAPTION: Final = 1024
"""UTF-16 units of a caption. Source: https://core.telegram.org/bots/api#sendphoto"""


def utf16_length(text: str) -> int:
    """How many UTF-16 units Telegram counts in a text."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


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
    """The same for the fields of an object, as ``InputMedia`` has them."""
    text, entities = parse_markup(str(raw.get(name) or "").strip(), str(raw.get("parse_mode") or ""))
    text = text.rstrip()
    if not text:
        return {}
    length = utf16_length(text)
    if not entities:
        entities = checked_entities(raw.get(entities_name))
    if length > (MAX_TEXT if name == "text" else MAX_CAPTION):
        raise bad_request("message is too long" if name == "text" else "message caption is too long")
    content: Json = {name: text}
    entities = clipped(entities, length)
    if entities:
        content[entities_name] = entities
    return content


def checked_entities(given: Any) -> list[Json]:
    """The entities that came with a text; ``[]`` for none.

    Raises:
        ApiError: they are no list of entities.
    """
    if given is None or given == "":
        return []
    if not isinstance(given, list):
        raise bad_request("Expected an Array of MessageEntity")
    for item in given:
        is_entity = isinstance(item, dict) and isinstance(item.get("type"), str)
        if not is_entity or type(item.get("offset")) is not int or type(item.get("length")) is not int:
            raise bad_request("Can't parse MessageEntity: expected an Object with a type, an offset and a length")
    return given


def clipped(entities: list[Json], length: int) -> list[Json]:
    """Entities cut to a text of this length; those that would be empty go."""
    kept = []
    for item in entities:
        size = min(item["length"], length - item["offset"])
        if size > 0:
            kept.append({**item, "length": size})
    return kept
