"""What an error of a deletion request means. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
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

from tgslices.deletion.routes import Route


class Answer(Enum):
    """What the answer to one deletion request says about the messages in it."""

    ACCEPTED = auto()
    """All of them were accepted, or are gone already."""
    REFUSED = auto()
    """At least one of them cannot be deleted, so none was."""
    UNREACHABLE = auto()
    """The bot has no access to the chat: no other request for it can succeed now."""
    CHAT_GONE = auto()
    """The chat became a supergroup, or was deleted: no request for it will ever succeed."""
    NO_METHOD = auto()
    """The server is too old for the method."""
    FLOOD = auto()
    """Too many requests; the bot as a whole must pause."""
    FAULT = auto()
    """The network or the server failed; whether the work was done is unknown. Asking again is safe."""


@dataclass(frozen=True, slots=True)
class ReadAnswer:
    """An answer in the library's terms, and ``words``: in Telegram's, or the name of what failed on the way."""

    answer: Answer
    words: str = ""


_GONE: Final = re.compile(r"message (to delete )?not found|message identifier is not specified", re.IGNORECASE)
"""Answers to a request for one message that say that there is none.

Source: telegram-bot-api ``Client.cpp:13792``; tdesktop issue 31196 (id 0)
"""

_REFUSED: Final = re.compile(
    r"message can't be deleted|MESSAGE_DELETE_FORBIDDEN|BOT_ACCESS_FORBIDDEN|MESSAGE_ID_INVALID"
    r"|message identifiers? (specified|as a)",
    re.IGNORECASE,
)
"""Answers that concern messages and not the chat, ``message can't be deleted for everyone`` among them.

``BOT_ACCESS_FORBIDDEN`` answers a business request for one message too many: own ones may go where others may not.
Source: TDLib ``MessagesManager.cpp:8500-8509``; telegram-bot-api ``Client.cpp:149``, ``12403``
"""

_NO_CHAT: Final = re.compile(
    r"chat not found|chat_id is empty|upgraded to a supergroup|BOT_NOT_ADMIN|CHANNEL_PRIVATE|not enough rights",
    re.IGNORECASE,
)
"""Answers to a request for an ephemeral message that concern its chat. What concerns its receiver says nothing about
the messages of others.

Source: telegram-bot-api ``Client.cpp:8127-8195``
"""

_CHAT_GONE: Final = re.compile(r"upgraded to a supergroup|group chat was deleted|user is deactivated", re.IGNORECASE)
"""Answers after which a chat is never deleted from again.

Source: telegram-bot-api ``Client.cpp:8127-8195``
"""

_NO_METHOD: Final = re.compile(r"method not found", re.IGNORECASE)

_UNDERSTOOD: Final = (TelegramAPIError, ClientDecodeError, OSError)
"""What comes from Telegram or the network; OSError from HTTP clients that do not wrap it."""


def classify(error: Exception, route: Route, *, singly: bool = False) -> Answer:
    """Tell what an error means for the messages that were asked for.

    ``singly``: one ordinary message was asked for with ``deleteMessage``. Unlike a batch, that method reports a missing
    message as an error. It is as old as the Bot API's deletions, so that no server lacks it.

    Raises:
        Exception: the error itself, when it says nothing about the messages: a revoked token, an error of the caller's
            own request middleware.
    Source: https://core.telegram.org/bots/api#making-requests; telegram-bot-api ``Client.cpp:8127-8195``
    """
    if isinstance(error, TelegramUnauthorizedError) or not isinstance(error, _UNDERSTOOD):
        raise error
    if isinstance(error, TelegramRetryAfter):
        return Answer.FLOOD
    if isinstance(error, TelegramMigrateToChat):
        return Answer.CHAT_GONE
    if isinstance(error, TelegramForbiddenError):
        is_about_receiver = route is Route.EPHEMERAL and "user is deactivated" in error.message
        return Answer.REFUSED if is_about_receiver else _of_chat(error.message)
    if isinstance(error, TelegramNotFound):
        return _of_not_found(error, route, singly)
    if isinstance(error, TelegramBadRequest):
        return _of_bad_request(error.message, route, singly or route is Route.EPHEMERAL)
    return Answer.FAULT


def _of_not_found(error: TelegramNotFound, route: Route, singly: bool) -> Answer:
    if route is Route.ORDINARY:
        return Answer.FAULT if singly else Answer.NO_METHOD
    return Answer.NO_METHOD if names_no_method(error) else Answer.FAULT


def names_no_method(error: Exception) -> bool:
    """Tell whether the server itself says that it lacks the method, and not something on the way that it lacks all.

    Source: telegram-bot-api ``Client.cpp``, ``Not Found: method not found``
    """
    return isinstance(error, TelegramNotFound) and bool(_NO_METHOD.search(error.message))


def _of_bad_request(text: str, route: Route, one_message: bool) -> Answer:
    if _GONE.search(text):
        return Answer.ACCEPTED if one_message else Answer.REFUSED
    if _REFUSED.search(text):
        return Answer.REFUSED
    if route is Route.EPHEMERAL and not _NO_CHAT.search(text):
        return Answer.REFUSED
    return _of_chat(text)


def _of_chat(text: str) -> Answer:
    return Answer.CHAT_GONE if _CHAT_GONE.search(text) else Answer.UNREACHABLE
