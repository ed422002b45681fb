"""Reading ``reply_markup``."""

from __future__ import annotations

import json
from typing import Any, Final

from tgslices.testing.accounts import Json
from tgslices.testing.arguments import Arguments
from tgslices.testing.errors import bad_request

_MAX_DATA: Final = 64
"""Bytes of ``callback_data``. Source: https://core.telegram.org/bots/api#inlinekeyboardbutton"""

_ACTIONS: Final = {
    "url",
    "callback_data",
    "web_app",
    "login_url",
    "switch_inline_query",
    "switch_inline_query_current_chat",
    "switch_inline_query_chosen_chat",
    "copy_text",
    "callback_game",
    "pay",
}


def read_markup(arguments: Arguments) -> tuple[Json | None, Json | None]:
    """The inline keyboard and, apart from it, any other markup; None for what is not there.

    Raises:
        ApiError: the markup is none.

    Source: tdlib/telegram-bot-api ``Client.cpp:9575-9790``.
    """
    text = arguments.text("reply_markup")
    if not text:
        return None, None
    try:
        markup = json.loads(text)
    except ValueError:
        raise bad_request("Can't parse reply keyboard markup JSON object") from None
    if not isinstance(markup, dict):
        raise bad_request("Object expected as reply markup")
    if "inline_keyboard" not in markup:
        return None, markup or None
    rows = markup["inline_keyboard"]
    if not isinstance(rows, list) or not all(isinstance(row, list) for row in rows):
        raise bad_request('Field "inline_keyboard" must be an Array of Arrays')
    kept = [[_checked_button(button) for button in row] for row in rows if row]
    return ({"inline_keyboard": kept} if kept else None), None


def _checked_button(button: Any) -> Json:
    problem = None
    if not isinstance(button, dict):
        problem = "InlineKeyboardButton must be an Object"
    elif _ACTIONS.isdisjoint(button):
        problem = "Text buttons are unallowed in the inline keyboard"
    if problem is not None:
        raise bad_request(f"Can't parse inline keyboard button: {problem}")
    if len(str(button.get("callback_data", "")).encode()) > _MAX_DATA:
        raise bad_request("BUTTON_DATA_INVALID")
    return dict(button)
