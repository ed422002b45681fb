"""Single buttons of inline and reply keyboards.

Source: tdlib/telegram-bot-api ``Client.cpp:9437-9695``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from tgslices.testing.errors import bad_request
from tgslices.testing.text.characters import cleaned
from tgslices.testing.text.links import LinkError, full_link, user_of
from tgslices.testing.wire.fields import FieldError, fields_of, flag_field, int_field, object_field, text_field
from tgslices.testing.wire.json_text import Json

_MAX_DATA: Final = 64
"""Bytes of ``callback_data``. Source: https://core.telegram.org/bots/api#inlinekeyboardbutton"""

_MAX_COPIED: Final = 256
"""Characters of a text to copy. The error is MTProto's. Source: https://core.telegram.org/bots/api#copytextbutton"""

_DECORATIONS: Final = ("icon_custom_emoji_id", "style")
_STYLES: Final = frozenset({"", "default", "primary", "danger", "success"})


def read_inline_button(given: Any) -> Json:
    """The ``InlineKeyboardButton`` with its one action: of several the server takes the first that it knows.

    Raises:
        FieldError: the value is no button.
    """
    button = _look(fields_of(given, "InlineKeyboardButton must be an Object"))
    if url := text_field(given, "url"):
        button["url"] = url
        return button
    if data := text_field(given, "callback_data"):
        if len(data.encode()) > _MAX_DATA:
            raise FieldError("BUTTON_DATA_INVALID")
        button["callback_data"] = data
        return button
    for name, read in _ACTIONS.items():
        if given.get(name) is not None:
            button[name] = read(given, name)
            return button
    raise FieldError("Text buttons are unallowed in the inline keyboard")


def read_reply_button(given: Any) -> Json | str:
    """The ``KeyboardButton``; a text alone makes one, too.

    Raises:
        FieldError: the value is no button.
    """
    if isinstance(given, str):
        return cleaned(given)
    button = _look(fields_of(given, "KeyboardButton must be a String or an Object"))
    for name in ("request_contact", "request_location"):
        if flag_field(given, name):
            button[name] = True
            return button
    for name in ("request_poll", "web_app", "request_users", "request_user", "request_chat", "request_managed_bot"):
        if given.get(name) is not None:
            button[name] = object_field(given, name)
            if name.startswith("request_") and name != "request_poll":
                int_field(button[name], "request_id", is_required=True)
            return button
    return button


def linked(button: Json, *, is_test: bool = False) -> Json:
    """The same ``InlineKeyboardButton`` with its link written out.

    Raises:
        ApiError: it is no link, or no secure one where that is needed. Source: tdlib/td ``ReplyMarkup.cpp:582-698``.
    """
    if "callback_data" in button:
        return button
    if url := button.get("url"):
        return button if user_of(url) else {**button, "url": _link(url, "Inline keyboard button")}
    for name, what, called in _APPS:
        if name in button:
            return {**button, name: {**button[name], "url": _app_link(button[name]["url"], what, called, is_test)}}
    return button


def checked_app(button: Json | str, *, is_test: bool = False) -> Json | str:
    """The same ``KeyboardButton``, whose link is kept as it is.

    Raises:
        ApiError: it opens a Web App at what is no secure link. Source: tdlib/td ``ReplyMarkup.cpp:522-538``.
    """
    if not isinstance(button, str) and "web_app" in button:
        _app_link(text_field(button["web_app"], "url", is_required=True), "Keyboard button Web App", "Web App", is_test)
    return button


_APPS: Final = (
    ("login_url", "Inline keyboard button login", "login"),
    ("web_app", "Inline keyboard button Web App", "Web App"),
)


def menu_link(url: str, *, is_test: bool = False) -> str:
    """The address of the Web App of a menu button, written out.

    Raises:
        ApiError: it is no link, or no secure one. Source: tdlib/td ``BotMenuButton.cpp:147-150``.
    """
    return _link(url, "Menu button Web App", https_only=not is_test)


def check_app(url: str, what: str, *, is_test: bool = False) -> None:
    """Check the address of a Web App that is opened by something else than a button of a keyboard.

    Raises:
        ApiError: it is no link, or no secure one. Source: tdlib/td ``InlineQueriesManager.cpp:724-734``.
    """
    _app_link(url, what, "Web App", is_test)


def _app_link(url: str, what: str, called: str, is_test: bool) -> str:
    if user_of(url):
        raise bad_request(f"Link to a user can't be used in {called} URL buttons")
    return _link(url, what, https_only=not is_test)


def _link(url: str, what: str, *, https_only: bool = False) -> str:
    try:
        return full_link(url, https_only=https_only)
    except LinkError as error:
        raise bad_request(f"{what} URL '{url}' is invalid: {error}") from None


def _look(given: Json) -> Json:
    """The text of a button, its icon and its style."""
    button: Json = {"text": cleaned(text_field(given, "text", is_required=True))}
    if given.keys().isdisjoint(_DECORATIONS):
        return button
    if icon := int_field(given, "icon_custom_emoji_id", is_long=True):
        button["icon_custom_emoji_id"] = str(icon)
    style = text_field(given, "style").lower()
    if style not in _STYLES:
        raise FieldError("invalid button style specified")
    if style not in {"", "default"}:
        button["style"] = style
    return button


def _text(given: Json, name: str) -> str:
    return text_field(given, name, is_required=True)


def _with(field: str) -> Callable[[Json, str], Json]:
    """A reader of an object with one required text."""

    def read(given: Json, name: str) -> Json:
        inner = object_field(given, name)
        return {**inner, field: text_field(inner, field, is_required=True)}

    return read


def _copied(given: Json, name: str) -> Json:
    text = text_field(object_field(given, name), "text", is_required=True)
    if not 0 < len(text) <= _MAX_COPIED:
        raise FieldError("BUTTON_COPY_TEXT_INVALID")
    return {"text": text}


def _chosen_chat(given: Json, name: str) -> Json:
    inner = object_field(given, name)
    kinds = ("allow_user_chats", "allow_bot_chats", "allow_group_chats", "allow_channel_chats")
    return {"query": text_field(inner, "query"), **{kind: True for kind in kinds if flag_field(inner, kind)}}


def _login(given: Json, name: str) -> Json:
    inner = object_field(given, name)
    login: Json = {"url": text_field(inner, "url", is_required=True)}
    for field in ("forward_text", "bot_username"):
        if text := text_field(inner, field):
            login[field] = text
    return login | ({"request_write_access": True} if flag_field(inner, "request_write_access") else {})


_ACTIONS: Final[dict[str, Callable[[Json, str], Any]]] = {
    "callback_game": lambda given, name: {},
    "pay": lambda given, name: True,
    "switch_inline_query": _text,
    "switch_inline_query_chosen_chat": _chosen_chat,
    "switch_inline_query_current_chat": _text,
    "login_url": _login,
    "web_app": _with("url"),
    "copy_text": _copied,
    "disabled": object_field,
}
"""Further actions of a button, in the server's order. ``disabled`` is newer than the public source."""
