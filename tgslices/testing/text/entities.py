"""Reading the entities that come with a text.

Source: tdlib/telegram-bot-api ``Client.cpp:11188-11305``.
"""

from __future__ import annotations

from typing import Any, Final

from tgslices.testing.errors import bad_request
from tgslices.testing.text.characters import cleaned
from tgslices.testing.text.links import LinkError, date_fields, full_link, user_of
from tgslices.testing.wire.fields import FieldError, fields_of, int_field, object_field, text_field
from tgslices.testing.wire.json_text import Json

_PLAIN: Final = frozenset(
    {"bold", "italic", "underline", "strikethrough", "spoiler", "code", "blockquote", "expandable_blockquote"}
)
_FOUND: Final = frozenset(
    {"mention", "hashtag", "cashtag", "bot_command", "url", "email", "phone_number", "bank_card_number"}
)
"""The server finds these in a text by itself: of those that a bot names it takes no notice."""


def read_entities(given: Any) -> list[Json]:
    """The entities as the Bot API shows them; ``[]`` for none, and for what is no list.

    Raises:
        ApiError: one of them is none.
    """
    if not isinstance(given, list):
        return []
    try:
        return [entity for item in given if (entity := _read(item)) is not None]
    except FieldError as error:
        raise bad_request(f"Can't parse MessageEntity: {error.cause}") from None


def _read(item: Any) -> Json | None:
    fields = fields_of(item)
    place = {name: int_field(fields, name, is_required=True) for name in ("offset", "length")}
    kind = text_field(fields, "type", is_required=True)
    if kind in _FOUND:
        return None
    return {"type": kind, **place, **({} if kind in _PLAIN else _more(kind, fields))}


def _more(kind: str, fields: Json) -> Json:
    match kind:
        case "pre":
            language = text_field(fields, "language")
            return {"language": language} if language else {}
        case "text_link":
            return _link(cleaned(text_field(fields, "url", is_required=True)))
        case "text_mention":
            user = object_field(fields, "user")
            number = int_field(user, "id", is_required=True, is_long=True)
            return {"user": {"id": number, "is_bot": False, "first_name": text_field(user, "first_name") or "User"}}
        case "custom_emoji":
            emoji_id = int_field(fields, "custom_emoji_id", is_required=True, is_long=True)
            if emoji_id == 0:
                raise bad_request("Invalid custom emoji identifier specified")
            return {"custom_emoji_id": str(emoji_id)}
        case "date_time":
            return _date(int_field(fields, "unix_time", is_required=True), text_field(fields, "date_time_format"))
        case "":
            raise FieldError("Type is not specified")
    raise FieldError("Unsupported type specified")


def _link(url: str) -> Json:
    """Who is mentioned by a ``tg://user`` link, or the link in full.

    Source: tdlib/td ``MessageEntity.cpp:3734-3752``
    """
    if user_id := user_of(url):
        return {"type": "text_mention", "user": {"id": user_id, "is_bot": False, "first_name": "User"}}
    try:
        return {"url": full_link(url)}
    except LinkError as error:
        raise bad_request(f"Entity URL '{url}' is invalid: {error}") from None


def _date(unix_time: int, form: str) -> Json:
    fields = date_fields(unix_time, form)
    if fields is None:
        raise FieldError("Invalid date-time format specified")
    if unix_time <= 0:
        raise bad_request("Invalid date specified")
    return fields
