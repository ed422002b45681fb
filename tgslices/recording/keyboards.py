"""What stands on the buttons under the bot's own messages, as far as this process has seen it lately."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple, TypeAlias

from aiogram.methods import StopPoll, TelegramMethod
from aiogram.types import InlineKeyboardMarkup, Message, MessageId

from tgslices.model import TrackedMessage
from tgslices.telegram_facts.chat_kind import chat_number

MAX_KEYBOARDS: Final = 10_000
"""How many messages are remembered; some three megabytes."""

Labels: TypeAlias = tuple[tuple[str, ...], ...]
"""The texts of buttons, row by row; empty where there is no button."""

_Name: TypeAlias = tuple[int, int, str | None]
"""Chat, id and business connection of a message."""

STORED_LASTS: Final = timedelta(minutes=1)
"""How long a storage is taken to have what it was told: another worker may tell it something else."""


class Edited(NamedTuple):
    """A message of the bot, and what is under it since an edit."""

    name: _Name
    markup: InlineKeyboardMarkup | None


def edited_by(method: TelegramMethod[Any], result: object) -> Edited | None:
    """Return what an edit left under a message of a chat; None where that is not known.

    The result of ``stopPoll`` is the poll alone: its keyboard is the one that was given, or none.
    Source: https://core.telegram.org/bots/api#stoppoll
    """
    if isinstance(result, Message):
        return Edited((result.chat.id, result.message_id, result.business_connection_id), result.reply_markup)
    return meant_by(method) if isinstance(method, StopPoll) else None


def meant_by(method: TelegramMethod[Any]) -> Edited | None:
    """Return what an edit is to leave under a message of a chat; None where it names no chat by its number."""
    asked = vars(method)
    chat_id, message_id = chat_number(asked.get("chat_id")), asked.get("message_id")
    if chat_id is None or not isinstance(message_id, int):
        return None
    given = asked.get("reply_markup")
    markup = given if isinstance(given, InlineKeyboardMarkup) and given.inline_keyboard else None
    return Edited((chat_id, message_id, asked.get("business_connection_id")), markup)


class Keyboards:
    """The labels of the newest keyboards. Telegram does not tell them again: no method reads a message."""

    __slots__ = ("_labels", "_stored")

    def __init__(self) -> None:
        self._labels: dict[_Name, Labels] = {}
        self._stored: dict[_Name, tuple[bool, datetime]] = {}

    def note(self, message: Message) -> None:
        """Remember what is under a message that was sent."""
        self.put((message.chat.id, message.message_id, message.business_connection_id), message.reply_markup)

    def note_sent(self, method: TelegramMethod[Any], result: object, chat_id: int | None) -> None:
        """Remember what is under a message that a method sent, or copied into a chat; what has no buttons is not."""
        markup = getattr(method, "reply_markup", None)
        if isinstance(result, Message) and result.reply_markup is not None:
            self.note(result)
        elif isinstance(result, MessageId) and chat_id is not None and isinstance(markup, InlineKeyboardMarkup):
            self.put((chat_id, result.message_id, None), markup)

    def put(self, name: tuple[int, int, str | None], markup: InlineKeyboardMarkup | None) -> None:
        """Remember what is under the message of this chat, id and business connection."""
        known = self._labels
        known.pop(name, None)
        rows = [] if markup is None else markup.inline_keyboard
        known[name] = tuple(tuple(button.text for button in row) for row in rows)
        if len(known) > MAX_KEYBOARDS:
            del known[next(iter(known))]

    def forget(self, name: _Name) -> None:
        """Forget what is under a message, and what the storage was told of it: an edit has no answer."""
        self._labels.pop(name, None)
        self._stored.pop(name, None)

    def is_stored(self, name: _Name, has_buttons: bool, now: datetime) -> bool:
        """Tell whether the storage was told a moment ago whether a message has buttons."""
        stored = self._stored.get(name)
        return stored is not None and stored[0] is has_buttons and abs(now - stored[1]) < STORED_LASTS

    def note_stored(self, name: _Name, has_buttons: bool, at: datetime) -> None:
        """Remember that the storage was told whether a message has buttons."""
        self._stored.pop(name, None)
        self._stored[name] = (has_buttons, at)
        if len(self._stored) > MAX_KEYBOARDS:
            del self._stored[next(iter(self._stored))]

    def under(self, message: TrackedMessage) -> Labels | None:
        """Return the labels under a message, empty where there are none; None where that is not known."""
        return self._labels.get((message.chat_id, message.message_id, message.business_connection_id))
