"""What an error of a request that copies says about the copies. Pure."""

from __future__ import annotations

import re
from enum import Enum, auto
from typing import Final

from aiogram.exceptions import (
    ClientDecodeError,
    TelegramAPIError,
    TelegramBadRequest,
    TelegramForbiddenError,
    TelegramMigrateToChat,
    TelegramNotFound,
    TelegramRetryAfter,
    TelegramUnauthorizedError,
)
from aiohttp import ClientConnectorError

from tgslices.deletion.answers import names_no_method


class ReplayAnswer(Enum):
    """What an answer says."""

    FLOOD = auto()
    """Too many requests; the bot as a whole must pause, and nothing was sent."""
    NOT_CONNECTED = auto()
    """The request never left: nothing was sent."""
    UNKNOWN = auto()
    """Some of it, or all, may have been sent. Asking again might send it twice."""
    REFUSED = auto()
    """Nothing was sent, and these messages never will be."""
    PROTECTED = auto()
    """Nothing was sent, and nothing else of the chat will be: it is protected as a whole."""
    MOVED = auto()
    """Nothing was sent: the target became a supergroup."""
    NO_ACCESS = auto()
    """Nothing was sent, and nothing else can be: the bot may not write to the target, or not read the source."""


_PARTLY: Final = re.compile(r"failed to send message #|group send failed", re.IGNORECASE)
"""Source: telegram-bot-api ``Client.cpp:12587-12612``, ``on_message_send_failed``"""

_PROTECTED: Final = re.compile(r"message has protected content", re.IGNORECASE)
"""Source: TDLib ``MessagesManager.cpp:24341-24345``"""

_NO_ACCESS: Final = re.compile(
    r"chat not found|chat_id is empty|no rights to send a message|not enough rights to send text"
    r"|need administrator rights|message thread not found|user not found|have no write access"
    r"|direct messages topic must be specified|PEER_ID_INVALID|CHAT_RESTRICTED"
    r"|CHAT_WRITE_FORBIDDEN|CHAT_ADMIN_REQUIRED|CHANNEL_PRIVATE|TOPIC_CLOSED|TOPIC_DELETED|USER_IS_BLOCKED",
    re.IGNORECASE,
)
"""Source: telegram-bot-api ``Client.cpp:8127-8195``"""

_UNDERSTOOD: Final = (TelegramAPIError, ClientDecodeError, OSError)


def classify(error: Exception, *, is_whole: bool) -> ReplayAnswer:
    """Tell what an error means. ``is_whole``: all of what was asked for is sent, or none of it.

    A flood answer to several messages may come after some of them were sent: each is a message of its own for
    Telegram, and the server passes the error of one on as that of all.

    Raises:
        Exception: the error itself, when it says nothing about the messages: a revoked token, an error of the caller's
            own request middleware.
    Source: telegram-bot-api ``Client.cpp:12593`` (``is_special_error_code``)
    """
    if isinstance(error, TelegramUnauthorizedError) or not isinstance(error, _UNDERSTOOD):
        raise error
    if isinstance(error, TelegramRetryAfter):
        return ReplayAnswer.FLOOD if is_whole else ReplayAnswer.UNKNOWN
    if isinstance(error, TelegramMigrateToChat):
        return ReplayAnswer.MOVED
    if isinstance(error, TelegramForbiddenError):
        return ReplayAnswer.NO_ACCESS
    if isinstance(error, TelegramBadRequest):
        return _of_bad_request(error.message)
    if isinstance(error, TelegramNotFound) and names_no_method(error):
        return ReplayAnswer.REFUSED
    reasons = (error, error.__cause__, error.__context__)  # aiogram 3.20 names no cause
    is_unsent = any(isinstance(reason, ClientConnectorError) for reason in reasons)
    return ReplayAnswer.NOT_CONNECTED if is_unsent else ReplayAnswer.UNKNOWN


def _of_bad_request(text: str) -> ReplayAnswer:
    if _PARTLY.search(text):
        return ReplayAnswer.UNKNOWN
    if _PROTECTED.search(text):
        return ReplayAnswer.PROTECTED
    return ReplayAnswer.NO_ACCESS if _NO_ACCESS.search(text) else ReplayAnswer.REFUSED
