"""Reading a text or caption with its entities."""

from __future__ import annotations

from typing import Final

from tgslices.testing.errors import bad_request
from tgslices.testing.text import marked_text
from tgslices.testing.text.formatted import formatted
from tgslices.testing.wire.arguments import Arguments
from tgslices.testing.wire.fields import fields_of, flag_field, text_field
from tgslices.testing.wire.json_text import Json

_PREVIEW_FLAGS: Final = ("is_disabled", "prefer_small_media", "prefer_large_media", "show_above_text")

MAX_TEXT: Final = 4096
"""Characters of a text.

Source: https://core.telegram.org/bots/api#sendmessage and tdlib/td ``MessageContent.cpp:4756``
"""

MAX_RAW: Final = 2**15
"""Bytes of a text with its markup. Source: tdlib/telegram-bot-api ``Client.cpp:11309``."""

MAX_CAPTION: Final = 1024
"""Characters of a caption.

Source: https://core.telegram.org/bots/api#sendphoto and tdlib/td ``MessageContent.cpp:5241``
"""


def read_message_text(arguments: Arguments) -> Json:
    """The fields of ``Message`` for the text that it consists of.

    Raises:
        ApiError: there is none, or nothing to see of it, or something about it is wrong.

    Source: tdlib/telegram-bot-api ``Client.cpp:11397-11408``.
    """
    if not arguments.text("text"):
        raise bad_request("Message text is empty")
    return read_text(arguments, "text", "entities", may_be_empty=False)


def read_text(arguments: Arguments, name: str, entities_name: str, *, may_be_empty: bool = True) -> Json:
    """The message's fields for a text argument; empty if nothing but blanks was sent.

    Raises:
        ApiError: it is too long, or its markup or entities are wrong.
    """
    raw: Json = {
        name: arguments.text(name),
        "parse_mode": arguments.text("parse_mode"),
        entities_name: arguments.json(entities_name, "message entities") if arguments.text(entities_name) else None,
    }
    return read_text_of(raw, name, entities_name, may_be_empty=may_be_empty)


def read_text_of(raw: Json, name: str, entities_name: str, *, may_be_empty: bool = True) -> Json:
    """The same for the fields of an object, as ``InputMedia`` has them.

    Raises:
        ApiError: it is too long, or its markup or entities are wrong.
    """
    given = text_field(raw, name)
    if len(given) > MAX_RAW and len(given.encode()) > MAX_RAW:
        raise bad_request("Text is too long")
    text, entities = marked_text(given, text_field(raw, "parse_mode"), raw.get(entities_name))
    text, entities = formatted(text, entities, may_be_empty=may_be_empty)
    if not text:
        return {}
    if len(text) > (MAX_TEXT if name == "text" else MAX_CAPTION):
        raise bad_request("message is too long" if name == "text" else "message caption is too long")
    return {name: text, entities_name: entities} if entities else {name: text}


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
