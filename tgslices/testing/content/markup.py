"""``reply_markup`` as calls give it."""

from __future__ import annotations

from collections.abc import Callable
from itertools import chain
from typing import Any, TypeVar

from tgslices.testing.content.buttons import checked_app, linked, read_inline_button, read_reply_button
from tgslices.testing.errors import bad_request, check
from tgslices.testing.rules.reply_markup import (
    MarkupPlace,
    first_button_refusal,
    inline_button_refusal,
    kept_buttons,
    markup_refusal,
    reply_button_refusal,
)
from tgslices.testing.state.accounts import BotAccount
from tgslices.testing.state.chats import Chat
from tgslices.testing.state.world import World
from tgslices.testing.wire.arguments import Arguments
from tgslices.testing.wire.fields import FieldError, array_field, fields_of, flag_field, text_field
from tgslices.testing.wire.json_text import Json

Button = TypeVar("Button")


def read_markup(arguments: Arguments) -> tuple[Json | None, Json | None]:
    """The inline keyboard and any other markup; at least one of the two is None.

    Raises:
        ApiError: the markup is malformed.

    Source: tdlib/telegram-bot-api ``Client.cpp:9697-9795``.
    """
    if not arguments.text("reply_markup"):
        return None, None
    return _read(arguments.json("reply_markup", "reply keyboard markup"))


def place_in(world: World, bot: BotAccount, chat: Chat | None, kind: str = "", *, is_edit: bool = False) -> MarkupPlace:
    """What decides about the buttons of a bot's message of a kind in a chat; None is the chat of an inline message."""
    if chat is None:
        return MarkupPlace(is_edit=is_edit, is_test=world.is_test_dc)
    return MarkupPlace(chat.type == "private", chat.shows_itself_for(bot.id), is_edit, world.is_test_dc, kind)


def put_under(markup: tuple[Json | None, Json | None], place: MarkupPlace) -> tuple[Json | None, Json | None]:
    """A markup as the server keeps it at this place: what `read_markup` returned, and in the same form.

    Raises:
        ApiError: it cannot stand there. Source: tdlib/td ``ReplyMarkup.cpp:720-830``.
    """
    inline, other = markup
    if inline is not None:
        kept = kept_buttons(inline["inline_keyboard"])
        for button in chain.from_iterable(kept):
            check(inline_button_refusal(button, place))
        if kept:
            check(first_button_refusal(kept, place))
        rows = [[linked(button, is_test=place.is_test) for button in row] for row in kept]
        return ({"inline_keyboard": rows} if rows else None), None
    if other is None:
        return None, None
    check(markup_refusal(place))
    if "keyboard" in other:
        keys = kept_buttons(other["keyboard"])
        for key in chain.from_iterable(keys):
            check(reply_button_refusal(key, place))
            checked_app(key, is_test=place.is_test)
        return None, ({**other, "keyboard": keys} if keys else None)
    return None, other


def read_inline_keyboard(given: Any) -> Json | None:
    """The inline keyboard of an object; None for any other markup, which inline results cannot have.

    Raises:
        ApiError: the markup is malformed.
    """
    return None if given is None else put_under(_read(given), MarkupPlace(is_edit=True))[0]


def _read(markup: Any) -> tuple[Json | None, Json | None]:
    given = fields_of(markup, "Object expected as reply markup")
    keyboard = _read_rows(given, "keyboard", "keyboard button", read_reply_button)
    inline = _read_rows(given, "inline_keyboard", "inline keyboard button", read_inline_button)
    if keyboard:
        return None, {"keyboard": keyboard, **_behaviour(given)}
    if inline:
        return {"inline_keyboard": inline}, None
    for name in ("remove_keyboard", "force_reply"):
        if flag_field(given, name):
            return None, {name: True, **_behaviour(given)}
    return None, None


def _read_rows(given: Json, name: str, what: str, read: Callable[[Any], Button]) -> list[list[Button]]:
    rows = array_field(given, name)
    if not rows:
        return []
    for row in rows:
        if not isinstance(row, list):
            raise bad_request(f'Field "{name}" must be an Array of Arrays')
    try:
        return [[read(button) for button in row] for row in rows if row]
    except FieldError as error:
        if error.cause in {"BUTTON_DATA_INVALID", "BUTTON_COPY_TEXT_INVALID"}:
            raise
        raise bad_request(f"Can't parse {what}: {error.cause}") from None


def _behaviour(given: Json) -> Json:
    """The options of a keyboard that are set."""
    flags = ("is_persistent", "resize_keyboard", "one_time_keyboard", "selective")
    manners: Json = {name: True for name in flags if flag_field(given, name)}
    placeholder = text_field(given, "input_field_placeholder")
    return manners | ({"input_field_placeholder": placeholder} if placeholder else {})
