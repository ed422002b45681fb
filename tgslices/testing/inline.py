"""Inline results: what a person sends who picks one.

Source: https://core.telegram.org/bots/api#inlinequeryresult and https://core.telegram.org/bots/api#inputmessagecontent
"""

from __future__ import annotations

from typing import Final

from tgslices.testing.accounts import Json
from tgslices.testing.errors import bad_request
from tgslices.testing.fields import fields_of, float_field, text_field
from tgslices.testing.files import find_file
from tgslices.testing.methods.media import MEDIA, media_content
from tgslices.testing.methods.text import read_text_of
from tgslices.testing.world import World

_FILES: Final = {
    "photo": "photo",
    "gif": "animation",
    "mpeg4_gif": "animation",
    "video": "video",
    "audio": "audio",
    "voice": "voice",
    "document": "document",
    "sticker": "sticker",
}
"""Types of results that are files, and the kind of message each makes."""


def picked_content(world: World, result: Json) -> tuple[str, Json]:
    """The kind and the content of the message that an ``InlineQueryResult`` makes.

    Raises:
        ApiError: nothing can be made of it.
    """
    kind, content = _content(world, result)
    if isinstance(result.get("reply_markup"), dict):
        content["reply_markup"] = result["reply_markup"]
    return kind, content


def _content(world: World, result: Json) -> tuple[str, Json]:
    given = result.get("input_message_content")
    if given is not None:
        return _written(fields_of(given))
    name = text_field(result, "type", is_required=True)
    if name in _FILES:
        kind = MEDIA[_FILES[name]]
        reference = text_field(result, f"{name}_file_id") or text_field(result, f"{name}_url")
        return kind.kind, media_content(kind, find_file(world, reference), result)
    return _written(result)


def _written(given: Json) -> tuple[str, Json]:
    if given.get("message_text"):
        text = {**given, "text": given["message_text"]}
        return "text", read_text_of(text, "text", "entities")
    if "phone_number" in given:
        return "contact", {"contact": _texts(given, "phone_number", "first_name", "last_name", "vcard")}
    if "latitude" not in given:
        raise bad_request("MESSAGE_EMPTY")
    location: Json = {name: float_field(given, name, is_required=True) for name in ("latitude", "longitude")}
    if "address" not in given:
        return "location", {"location": location}
    return "venue", {"venue": {"location": location, **_texts(given, "title", "address")}, "location": location}


def _texts(given: Json, *names: str) -> Json:
    return {name: text for name in names if (text := text_field(given, name))}
