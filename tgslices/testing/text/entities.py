"""Reading the entities that come with a text.

Source: tdlib/telegram-bot-api ``Client.cpp:11188-11305``.
"""

from __future__ import annotations

from typing import Any, Final

from tgslices.testing.errors import bad_request
from tgslices.testing.wire.fields import FieldError, fields_of, int_field, object_field, text_field
from tgslices.testing.wire.json_text import Json

_PLAIN: Final = frozenset(
    {"bold", "italic", "underline", "strikethrough", "spoiler", "code", "blockquote", "expandable_blockquote"}
)
_FOUND: Final = frozenset(
    {"mention", "hashtag", "cashtag", "bot_command", "url", "email", "phone_number", "bank_card_number"}
)
"""The server finds these in a text by itself; here they are there if the bot says so."""


def read_entities(given: Any) -> list[Json]:
    """The entities as the Bot API shows them; ``[]`` for none, and for what is no list.

    Raises:
        ApiError: one of them is none.
    """
    if not isinstance(given, list):
        return []
    try:
        return [_read(item) for item in given]
    except FieldError as error:
        raise bad_request(f"Can't parse MessageEntity: {error.cause}") from None


def _read(item: Any) -> Json:
    fields = fields_of(item)
    place = {name: int_field(fields, name, is_required=True) for name in ("offset", "length")}
    kind = text_field(fields, "type", is_required=True)
    if kind in _PLAIN or kind in _FOUND:
        return {"type": kind, **place}
    return {"type": kind, **place, **_more(kind, fields)}


def _more(kind: str, fields: Json) -> Json:
    match kind:
        case "pre":
            language = text_field(fields, "language")
            return {"language": language} if language else {}
        case "text_link":
            return {"url": text_field(fields, "url", is_required=True)}
        case "text_mention":
            user = object_field(fields, "user")
            number = int_field(user, "id", is_required=True, is_long=True)
            return {"user": {"id": number, "is_bot": False, "first_name": text_field(user, "first_name") or "User"}}
        case "custom_emoji":
            return {"custom_emoji_id": str(int_field(fields, "custom_emoji_id", is_required=True, is_long=True))}
        case "date_time":
            form = text_field(fields, "date_time_format")
            moment = {"unix_time": int_field(fields, "unix_time", is_required=True)}
            return moment | ({"date_time_format": form} if form else {})
        case "":
            raise FieldError("Type is not specified")
    raise FieldError("Unsupported type specified")
