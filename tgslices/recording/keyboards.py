"""What stands on the buttons under the bot's own messages, as far as this process has seen it lately."""

from __future__ import annotations

from typing import Any, Final, TypeAlias

from aiogram.methods import TelegramMethod
from aiogram.types import InlineKeyboardMarkup, Message, MessageId

from tgslices.model import TrackedMessage

MAX_KEYBOARDS: Final = 10_000
"""How many messages are remembered; some three megabytes."""

Labels: TypeAlias = tuple[tuple[str, ...], ...]
"""The texts of buttons, row by row; empty where there is no button."""

_Name: TypeAlias = tuple[int, int, str | None]


class Keyboards:
    """The labels of the newest keyboards. Telegram does not tell them again: no method reads a message."""

    __slots__ = ("_labels",)

    def __init__(self) -> None:
        self._labels: dict[_Name, Labels] = {}

    def note(self, message: Message) -> None:
        """Remember what is under a message that was sent or edited."""
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

    def under(self, message: TrackedMessage) -> Labels | None:
        """Return the labels under a message, empty where there are none; None where that is not known."""
        return self._labels.get((message.chat_id, message.message_id, message.business_connection_id))
