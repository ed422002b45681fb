"""Which buttons to take from messages that cannot be deleted, and by which call. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from enum import Enum, auto
from typing import Any, Final, TypeAlias

from aiogram import types
from aiogram.exceptions import (
    ClientDecodeError,
    TelegramAPIError,
    TelegramBadRequest,
    TelegramForbiddenError,
    TelegramNotFound,
    TelegramRetryAfter,
    TelegramUnauthorizedError,
)
from aiogram.methods import EditMessageCaption, EditMessageReplyMarkup, EditMessageText, TelegramMethod
from aiogram.types import InlineKeyboardButton, InlineKeyboardMarkup

from tgslices.deletion.button_wishes import Neutralise
from tgslices.deletion.likely_refusals import is_own
from tgslices.deletion.message_fates import MIGRATED
from tgslices.deletion.routes import Route, route_of
from tgslices.errors import ConfigurationError, quoted
from tgslices.model import TrackedMessage
from tgslices.results import ClearResult
from tgslices.telegram_facts.message_kind import MessageKind

Labels: TypeAlias = tuple[tuple[str, ...], ...]
KeyboardOf: TypeAlias = Callable[[TrackedMessage], Labels | None]
"""Tells what stands on the buttons under a message, empty where there are none; None where that is not known."""

WishOf: TypeAlias = Callable[[TrackedMessage], Neutralise]
"""Tells what is wished for the buttons of a message; False where nothing is."""

CAPTIONED: Final = frozenset(
    {
        MessageKind.ANIMATION,
        MessageKind.AUDIO,
        MessageKind.DOCUMENT,
        MessageKind.LIVE_PHOTO,
        MessageKind.PAID_MEDIA,
        MessageKind.PHOTO,
        MessageKind.VIDEO,
        MessageKind.VOICE,
    }
)
"""Content that may have a caption. Source: TDLib ``MessageContentType.cpp``, ``can_have_message_content_caption``"""

_KNOWS_DISABLED: Final = "disabled" in InlineKeyboardButton.model_fields


class EditAnswer(Enum):
    """What an answer says about the buttons of one message."""

    DONE = auto()
    """They are gone, or the message is."""
    FLOOD = auto()
    """Too many requests; the bot as a whole must pause."""
    FAULT = auto()
    """The network or the server failed. Asking again is safe."""
    TEXT_REFUSED = auto()
    """The text was not taken; the buttons alone may be."""
    REFUSED = auto()
    """This message cannot be edited."""
    NO_ACCESS = auto()
    """No message of the chat can be edited."""
    REVOKED = auto()
    """No message at all can be edited: the bot's token is of no use."""


_DONE: Final = re.compile(r"message is not modified|message to edit not found|MESSAGE_ID_INVALID", re.IGNORECASE)
"""Source: telegram-bot-api ``Client.cpp:117-120``"""

_NOT_EDITABLE: Final = re.compile(r"message can't be edited|MESSAGE_EDIT_TIME_EXPIRED", re.IGNORECASE)
_NO_CHAT: Final = re.compile(r"chat not found|CHAT_WRITE_FORBIDDEN|CHANNEL_PRIVATE", re.IGNORECASE)


def require_neutralise(neutralise: object) -> None:
    """Refuse what is neither yes, no nor a text.

    Raises:
        ConfigurationError: it is none of them, or an empty text.
    """
    if neutralise == "" or not isinstance(neutralise, bool | str):
        raise ConfigurationError(
            f"neutralise is {quoted(neutralise)}.", "Pass True, or the text that replaces that of the messages."
        )


def to_neutralise(
    result: ClearResult, bot_id: int, *, wish_of: WishOf, keyboard_of: KeyboardOf
) -> Iterator[TrackedMessage]:
    """Yield what stays in its chat for good with buttons that are to go and that the bot may take: its own messages.

    Those of a group that became a supergroup can be edited, though not deleted.
    Source: telegram-bot-api ``Client.cpp:8149-8156``; TDLib ``ChatManager.cpp:2766-2786``
    """
    migrated = (entry for entry in result.unreachable if result.reason(entry) == MIGRATED.reason)
    for entry in (*result.refused, *result.expired, *migrated):
        is_editable = route_of(entry) in {Route.ORDINARY, Route.BUSINESS} and is_own(entry, bot_id)
        labels = keyboard_of(entry)
        if is_editable and wish_of(entry) and (entry.has_buttons if labels is None else labels):
            yield entry


def request_for(message: TrackedMessage, text: str | None, labels: Labels | None) -> TelegramMethod[Any]:
    """Return the call that takes the buttons of a message, and replaces its text or caption if a text is given.

    Buttons whose labels are known stay as disabled ones, where the installed aiogram has those.
    Source: https://core.telegram.org/bots/api#editmessagereplymarkup, https://core.telegram.org/bots/api#disabledbutton
    """
    where: dict[str, Any] = {
        "chat_id": message.chat_id,
        "message_id": message.message_id,
        "business_connection_id": message.business_connection_id,
        "reply_markup": _disabled(labels) if labels and _KNOWS_DISABLED else None,
    }
    if text is not None and message.kind is MessageKind.TEXT:
        return EditMessageText(text=text, **where)
    if text is not None and message.kind in CAPTIONED:
        return EditMessageCaption(caption=text, **where)
    return EditMessageReplyMarkup(**where)


def has_text(message: TrackedMessage) -> bool:
    """Tell whether a message has a text or a caption that can be replaced."""
    return message.kind is MessageKind.TEXT or message.kind in CAPTIONED


def classify(error: Exception, *, with_text: bool) -> EditAnswer:
    """Tell what an error means for the buttons. ``with_text``: a text was to be replaced, too.

    Raises:
        Exception: the error itself, when it says nothing about the messages.
    """
    if isinstance(error, TelegramRetryAfter):
        return EditAnswer.FLOOD
    if isinstance(error, TelegramUnauthorizedError):
        return EditAnswer.REVOKED
    if isinstance(error, TelegramForbiddenError):
        return EditAnswer.NO_ACCESS
    if isinstance(error, TelegramNotFound):
        return EditAnswer.REFUSED
    if isinstance(error, TelegramBadRequest):
        return _of_bad_request(error.message, with_text=with_text)
    if isinstance(error, TelegramAPIError | ClientDecodeError | OSError):
        return EditAnswer.FAULT
    raise error


def _of_bad_request(text: str, *, with_text: bool) -> EditAnswer:
    if _DONE.search(text):
        return EditAnswer.DONE
    if _NO_CHAT.search(text):
        return EditAnswer.NO_ACCESS
    return EditAnswer.TEXT_REFUSED if with_text and not _NOT_EDITABLE.search(text) else EditAnswer.REFUSED


def _disabled(labels: Iterable[Iterable[str]]) -> InlineKeyboardMarkup:
    nothing = types.DisabledButton()
    rows = [[InlineKeyboardButton(text=label, disabled=nothing) for label in row] for row in labels]
    return InlineKeyboardMarkup(inline_keyboard=rows)
