"""``reply_markup`` as calls give it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from tgslices.testing.content.buttons import read_inline_button, read_reply_button
from tgslices.testing.errors import bad_request
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


def read_inline_keyboard(given: Any) -> Json | None:
    """The inline keyboard of an object; None for any other markup, which inline results cannot have.

    Raises:
        ApiError: the markup is malformed.
    """
    return None if given is None else _read(given)[0]


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
    rows = array_field(given, name) or []
    if not all(isinstance(row, list) for row in rows):
        raise bad_request(f'Field "{name}" must be an Array of Arrays')
    try:
        return [[read(button) for button in row] for row in rows if row]
    except FieldError as error:
        if error.cause == "BUTTON_DATA_INVALID":
            raise
        raise bad_request(f"Can't parse {what}: {error.cause}") from None


def _behaviour(given: Json) -> Json:
    """The options of a keyboard that are set."""
    flags = ("is_persistent", "resize_keyboard", "one_time_keyboard", "selective")
    manners: Json = {name: True for name in flags if flag_field(given, name)}
    placeholder = text_field(given, "input_field_placeholder")
    return manners | ({"input_field_placeholder": placeholder} if placeholder else {})
