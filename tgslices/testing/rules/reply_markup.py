"""Which buttons may stand under a message, and how many.

Source: tdlib/td ``ReplyMarkup.cpp:466-860`` at 022d602, ``get_reply_markup`` and what it calls.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, NamedTuple, TypeVar

from tgslices.testing.errors import ApiError, bad_request

MAX_IN_ROW: Final = 12
MAX_BUTTONS: Final = 300
"""Further buttons are left out. Source: ``ReplyMarkup.cpp:804``"""

Button = TypeVar("Button", bound=dict[str, Any] | str)

_PRIVATE_ONLY: Final = {
    "request_contact": "Phone number can be requested",
    "request_location": "Location can be requested",
    "request_poll": "Poll can be requested",
    "web_app": "Web App buttons can be used",
    "request_user": "Users can be requested",
    "request_users": "Users can be requested",
    "request_chat": "Chats can be requested",
    "request_managed_bot": "Managed bots can be requested",
}
_SWITCHING: Final = {
    "switch_inline_query": "switch_inline_query",
    "switch_inline_query_chosen_chat": "switch_inline_query",
    "switch_inline_query_current_chat": "switch_inline_query_current_chat",
}


class MarkupPlace(NamedTuple):
    """What decides about a markup.

    ``kind`` is that of the message, named as aiogram's ``ContentType``; empty for one that is not known yet.
    ``is_anonymous``: the bot shows as the channel or group itself. ``is_edit``: the message is there already.
    ``is_test``: it is Telegram's test environment.
    """

    is_private: bool = False
    is_anonymous: bool = False
    is_edit: bool = False
    is_test: bool = False
    kind: str = ""


def markup_refusal(place: MarkupPlace) -> ApiError | None:
    """Why there can be no markup but an inline keyboard, or None."""
    return bad_request("Inline keyboard expected") if place.is_anonymous or place.is_edit else None


_OF_KINDS: Final = {"pay": "invoice", "callback_game": "game"}
_FIRST: Final = {kind: name for name, kind in _OF_KINDS.items()}
"""Buttons of one kind of message, of which the first one must be such a button."""


def first_button_refusal(rows: Sequence[Sequence[dict[str, Any]]], place: MarkupPlace) -> ApiError | None:
    """Why these buttons cannot stand under an invoice or a game, or None.

    Source: https://core.telegram.org/bots/api#inlinekeyboardbutton (``pay``, ``callback_game``). The text is MTProto's.
    """
    name = _FIRST.get(place.kind)
    return None if name is None or name in rows[0][0] else bad_request("BUTTON_POS_INVALID")


def _kind_refusal(button: dict[str, Any], place: MarkupPlace) -> ApiError | None:
    """Why a button cannot stand under such a message, or in such a chat, or None.

    Source: https://core.telegram.org/bots/api#inlinekeyboardbutton. The text comes from the servers behind, as users
    report it (TelegramBot/Api issue 337).
    """
    for name, kind in _OF_KINDS.items():
        if name in button and place.kind not in {kind, ""}:
            return bad_request("BUTTON_TYPE_INVALID")
    is_misplaced = "web_app" in button and not place.is_private and place.kind != ""
    return bad_request("BUTTON_TYPE_INVALID") if is_misplaced else None


def inline_button_refusal(button: dict[str, Any], place: MarkupPlace) -> ApiError | None:
    """Why an ``InlineKeyboardButton`` cannot stand there, or None."""
    if "callback_data" in button:
        return None
    if not place.is_anonymous:
        return _kind_refusal(button, place)
    name = next((_SWITCHING[field] for field in button if field in _SWITCHING), None)
    if name is None:
        return _kind_refusal(button, place)
    return bad_request(
        f"Can't use {name} button in a channel chat, because users will not be able to use the button without knowing "
        "bot's username"
    )


def reply_button_refusal(button: dict[str, Any] | str, place: MarkupPlace) -> ApiError | None:
    """Why a ``KeyboardButton`` cannot stand there, or None."""
    if place.is_private:
        return None
    asked = next((_PRIVATE_ONLY[field] for field in button if field in _PRIVATE_ONLY), None)
    return None if asked is None else bad_request(f"{asked} in private chats only")


def kept_buttons(rows: Sequence[Sequence[Button]]) -> list[list[Button]]:
    """The rows without buttons that show nothing, and without those that are too many; no row is empty."""
    kept: list[list[Button]] = []
    left = MAX_BUTTONS
    for row in rows:
        shown = [button for button in row if _shows_something(button)][: min(MAX_IN_ROW, left)]
        left -= len(shown)
        if shown:
            kept.append(shown)
    return kept


def _shows_something(button: dict[str, Any] | str) -> bool:
    if isinstance(button, str):
        return button != ""
    return button["text"] != "" or "icon_custom_emoji_id" in button
