"""Errors in one line of a log, without tokens and passwords."""

from __future__ import annotations

import re
from typing import Final

from aiogram.exceptions import AiogramError, TelegramAPIError, TelegramNetworkError

from tgslices.errors import TgslicesError

_TOKEN: Final = re.compile(r"\d+(?::|%3A)[A-Za-z0-9_-]{30,}|(?<=/bot)\d+(?::|%3A)[^/\s\"'<>]+", re.IGNORECASE)
"""What looks like a bot token, or stands in a URL where one does.

Source: https://core.telegram.org/bots/api#authorizing-your-bot
"""

_MAX_LENGTH: Final = 300
"""A proxy may answer with a whole page."""


_CREDENTIALS: Final = re.compile(r"(?<=://)[^/@\s]+(?=@)")
"""The user and the password of a URL."""


def without_secrets(text: str) -> str:
    """Return a text in one line of at most 300 characters, with a mark for every bot token and password in a URL."""
    line = " ".join(_CREDENTIALS.sub("***", _TOKEN.sub("[token]", text)).split())
    return line if len(line) <= _MAX_LENGTH else f"{line[: _MAX_LENGTH - 1]}…"


def words_of(error: TelegramAPIError) -> str:
    """Return Telegram's own description of an error, without what aiogram adds to it."""
    return without_secrets(error.message.rpartition("Original description: ")[2])


def described(error: BaseException) -> str:
    """Return an error's type, with the description that Telegram or this library gave.

    Nothing else of an error is told: aiogram quotes the URLs of redirects and the pages of proxies, which may hold the
    token. An error of the network names the type of its cause instead.
    """
    name, cause = type(error).__name__, error.__cause__
    if isinstance(error, TelegramAPIError) and not isinstance(error, TelegramNetworkError):
        return f"{name}: {words_of(error)}"
    if isinstance(error, TgslicesError):
        return f"{name}: {without_secrets(str(error))}"
    if isinstance(error, AiogramError) and cause is not None:
        return f"{name} ({type(cause).__name__})"
    return name


def reason_of(error: BaseException) -> str:
    """Return why a request failed: Telegram's own words where it answered, else what :func:`described` says."""
    if isinstance(error, TelegramAPIError) and not isinstance(error, TelegramNetworkError):
        return words_of(error)
    return described(error)


def said(error: BaseException) -> str:
    """Return an error's type and its own words: for those of storages, which quote no page of a proxy."""
    words = without_secrets(str(error))
    return f"{type(error).__name__}: {words}" if words else type(error).__name__
