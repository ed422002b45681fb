"""Messages made of inline results, sent in the name of a person who picked one or used a Web App.

Source: https://core.telegram.org/bots/api#inlinequeryresult and https://core.telegram.org/bots/api#inputmessagecontent
"""

from __future__ import annotations

from typing import Final

from tgslices.testing.actions.delivery import announce
from tgslices.testing.content.files import find_file
from tgslices.testing.content.games import game_content
from tgslices.testing.content.markup import read_inline_keyboard
from tgslices.testing.content.media import MEDIA, media_content
from tgslices.testing.content.rich_blocks import read_rich_message
from tgslices.testing.content.text import read_link_preview_of, read_text_of
from tgslices.testing.errors import bad_request
from tgslices.testing.state.accounts import BotAccount, User
from tgslices.testing.state.chats import Chat, StoredMessage
from tgslices.testing.state.world import World
from tgslices.testing.wire.arguments import Arguments
from tgslices.testing.wire.fields import array_field, fields_of, float_field, int_field, text_field
from tgslices.testing.wire.json_text import Json

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
"""Types of results that are files, and the kind of message of each."""


def send_result(world: World, chat: Chat, person: User, bot: BotAccount, result: Json) -> StoredMessage:
    """Send one ``InlineQueryResult`` of a bot into a chat, in a person's name. The bots there are told.

    The bot can edit a message with inline buttons, by its ``inline_id``.
    Source: https://core.telegram.org/bots/api#choseninlineresult

    Raises:
        ApiError: the result makes no message.
    """
    kind, content = picked_content(world, result)
    message = world.store(chat, person, kind, {**content, "via_bot": bot.json()})
    if "reply_markup" in content:
        world.register_inline(message)
    announce(world, message)
    return message


def picked_content(world: World, result: Json) -> tuple[str, Json]:
    """The kind and the content of the message that an ``InlineQueryResult`` makes.

    Raises:
        ApiError: the result makes no message.
    """
    kind, content = _content(world, result)
    inline = read_inline_keyboard(result.get("reply_markup"))
    if inline is not None:
        content["reply_markup"] = inline
    return kind, content


def _content(world: World, result: Json) -> tuple[str, Json]:
    given = result.get("input_message_content")
    if given is not None:
        return _written(world, fields_of(given))
    name = text_field(result, "type", is_required=True)
    if name == "game":
        return "game", game_content(text_field(result, "game_short_name", is_required=True))
    if name in _FILES:
        kind = MEDIA[_FILES[name]]
        reference = text_field(result, f"{name}_file_id") or text_field(result, f"{name}_url")
        return kind.kind, media_content(kind, find_file(world, reference), result)
    return _written(world, result)


def _written(world: World, given: Json) -> tuple[str, Json]:
    if given.get("rich_message") is not None:
        return "rich_message", {"rich_message": read_rich_message(world, Arguments({}), given["rich_message"])}
    if "payload" in given:
        return "invoice", _invoice(given)
    if "message_text" in given:
        if not text_field(given, "message_text"):
            raise bad_request("Can't parse inline query result: Message text is empty")
        text = {**given, "text": given["message_text"]}
        return "text", read_text_of(text, "text", "entities", may_be_empty=False) | read_link_preview_of(text)
    if "phone_number" in given:
        return "contact", {"contact": _texts(given, "phone_number", "first_name", "last_name", "vcard")}
    if "latitude" not in given:
        raise bad_request("MESSAGE_EMPTY")
    return _place(given)


def _invoice(given: Json) -> Json:
    """The content of an ``InputInvoiceMessageContent``, with the button that pays it."""
    title, description, currency = (text_field(given, name) for name in ("title", "description", "currency"))
    prices = [int_field(fields_of(price), "amount") for price in array_field(given, "prices") or []]
    pay = {"text": f"Pay {sum(prices)} {currency}", "pay": True}
    invoice: Json = {"title": title, "description": description, "start_parameter": "", "currency": currency}
    return {
        "invoice": {**invoice, "total_amount": sum(prices)},
        "reply_markup": {"inline_keyboard": [[pay]]},
    }


def _place(given: Json) -> tuple[str, Json]:
    location: Json = {name: float_field(given, name, is_required=True) for name in ("latitude", "longitude")}
    if "address" not in given:
        numbers = {name: int_field(given, name) for name in ("live_period", "heading", "proximity_alert_radius")}
        return "location", {"location": location | {name: number for name, number in numbers.items() if number}}
    return "venue", {"venue": {"location": location, **_texts(given, "title", "address")}, "location": location}


def _texts(given: Json, *names: str) -> Json:
    return {name: text for name in names if (text := text_field(given, name))}
