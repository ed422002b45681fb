"""The numbers and tokens of bots."""

from __future__ import annotations

import re
import secrets
from typing import Final

MIN_BOT_ID: Final = 7_000_000_001
"""Numbers of new bots need more than 32 bits."""

MAX_USER_ID: Final = 2**40 - 1
"""Source: tdlib/td ``UserId.h``, ``MAX_USER_ID``."""

MAX_BOTS_OF_ONE_WORLD: Final = 10_000
"""The bots of a world are numbered in turn, from a random number.

A storage keeps sessions by the bot's number. One that outlives a world must not hand them to a bot of the next.
"""

_TOKEN: Final = re.compile(r"([1-9]\d{0,12}):[\w-]+", re.ASCII)


def random_bot_id() -> int:
    """The number of a world's first bot."""
    return MIN_BOT_ID + secrets.randbelow(MAX_USER_ID - MIN_BOT_ID - MAX_BOTS_OF_ONE_WORLD)


def new_token(bot_id: int) -> str:
    """A random token that aiogram takes for well formed."""
    return f"{bot_id}:AA{secrets.token_urlsafe(25)[:33]}"


def bot_id_in(token: str) -> int:
    """The bot's number in a token.

    Raises:
        ValueError: the token is malformed.
    """
    match = _TOKEN.fullmatch(token)
    if match is None or int(match[1]) > MAX_USER_ID:
        raise ValueError("this is no token: write it like 42:secret, a number, a colon, and letters, digits, _ or -")
    return int(match[1])
