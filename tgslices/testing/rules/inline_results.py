"""Which results of inline queries, and which buttons beside them, a bot may answer with.

Source: tdlib/telegram-bot-api ``Client.cpp:10196-10590``, ``get_inline_query_result``, and tdlib/td
``InlineQueriesManager.cpp:700-745``. What the servers behind say of identifiers is MTProto's, not verified.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final

from tgslices.testing.errors import ApiError, bad_request
from tgslices.testing.wire.fields import FieldError, fields_of, object_field, text_field
from tgslices.testing.wire.json_text import Json

MAX_RESULTS: Final = 50
_MAX_ID: Final = 64
_MAX_PARAMETER: Final = 64
_PARAMETER: Final = re.compile(r"[A-Za-z0-9_-]*")

_NEEDED: Final[dict[str, tuple[str, ...]]] = {
    "article": ("title",),
    "audio": (),
    "contact": ("phone_number", "first_name"),
    "document": ("title",),
    "game": ("game_short_name",),
    "gif": (),
    "location": ("latitude", "longitude", "title"),
    "mpeg4_gif": (),
    "photo": (),
    "sticker": ("sticker_file_id",),
    "venue": ("latitude", "longitude", "title", "address"),
    "video": ("title",),
    "voice": ("title",),
}
"""The types of results, and the fields that each must have."""

_FILES: Final[dict[str, tuple[str, str, tuple[str, ...]]]] = {
    "audio": ("audio_url", "audio_file_id", ("title",)),
    "document": ("document_url", "document_file_id", ("mime_type",)),
    "gif": ("gif_url", "gif_file_id", ()),
    "mpeg4_gif": ("mpeg4_url", "mpeg4_file_id", ()),
    "photo": ("photo_url", "photo_file_id", ()),
    "video": ("video_url", "video_file_id", ("mime_type",)),
    "voice": ("voice_url", "voice_file_id", ()),
}
"""Types with a file: the field of its address, the field of its identifier, and what must stand beside an address."""


def check_result(given: Any) -> Json:
    """The fields of an ``InlineQueryResult`` of a type that there is, with all that its type must have.

    Raises:
        FieldError: it is none.
    """
    result = fields_of(given, "Inline query result must be an object")
    kind = text_field(result, "type", is_required=True).lower()
    text_field(result, "id", is_required=True)
    if kind == "article" and result.get("input_message_content") is None:
        text_field(result, "message_text", is_required=True)
    if kind not in _NEEDED:
        raise FieldError(f'type "{kind}" is unsupported for the inline query result')
    for name in _NEEDED[kind]:
        text_field(result, name, is_required=True)
    if kind in _FILES:
        address, identifier, beside = _FILES[kind]
        needed = beside if text_field(result, address) else (identifier,)
        for name in needed:
            text_field(result, name, is_required=True)
    return result


def identifiers_refusal(identifiers: Sequence[str]) -> ApiError | None:
    """Why results cannot have these identifiers, or None: 1 to 64 bytes, all different."""
    if not all(identifiers):
        return bad_request("RESULT_ID_EMPTY")
    if any(len(identifier.encode()) > _MAX_ID for identifier in identifiers):
        return bad_request("RESULT_ID_INVALID")
    return bad_request("RESULT_ID_DUPLICATE") if len(set(identifiers)) < len(identifiers) else None


def check_button(given: Any) -> None:
    """Check an ``InlineQueryResultsButton``; its Web App is left to the caller.

    Raises:
        FieldError: it is none.
    """
    button = fields_of(given, "InlineQueryResultsButton must be an Object")
    text_field(button, "text", is_required=True)
    if "start_parameter" in button:
        text_field(button, "start_parameter", is_required=True)
    elif "web_app" in button:
        text_field(object_field(button, "web_app"), "url", is_required=True)
    else:
        raise FieldError("InlineQueryResultsButton must have exactly one optional field")


def parameter_refusal(parameter: str) -> ApiError | None:
    """Why a button cannot start the bot with this parameter, or None."""
    if not parameter:
        return bad_request("Can't use empty start_parameter")
    if len(parameter.encode()) > _MAX_PARAMETER:
        return bad_request("Too long start_parameter specified")
    if not _PARAMETER.fullmatch(parameter):
        return bad_request("Unallowed characters in start_parameter are used")
    return None
