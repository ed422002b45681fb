"""How long a tap on a button can be answered.

Source: https://core.telegram.org/bots/api#answercallbackquery and tdlib/telegram-bot-api ``Client.cpp:143-145``, where
one text stands for a query that is too old and for one that there never was. Neither says how long it waits: the minute
is this kit's, and longer than what users report. A further answer is accepted, as aiogram's scenes rely on.
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Final

from tgslices.testing.errors import ApiError, bad_request

ANSWER_WINDOW: Final = timedelta(minutes=1)

MAX_NOTICE: Final = 200
"""Characters of an answer. Source: https://core.telegram.org/bots/api#answercallbackquery"""


_TELEGRAM: Final = re.compile(r"(?:https?://)?(?:t\.me|telegram\.me|telegram\.dog)/|tg:", re.IGNORECASE)


def url_refusal(url: str, *, is_game: bool) -> ApiError | None:
    """Why a tap cannot be answered with this link, or None: any may be a game's, others lead to Telegram.

    The text is MTProto's. Source: https://core.telegram.org/bots/api#answercallbackquery (``url``)
    """
    return None if not url or is_game or _TELEGRAM.match(url) else bad_request("URL_INVALID")


def answer_refusal(age: timedelta | None, text: str) -> ApiError | None:
    """Why a tap of this age cannot be answered so, or None; the age of an unknown one is None."""
    if age is None or age > ANSWER_WINDOW:
        return bad_request("query is too old and response timeout expired or query ID is invalid")
    return bad_request("MESSAGE_TOO_LONG") if len(text) > MAX_NOTICE else None
