"""Which methods of the Bot API make messages, change them, or merely return them."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from functools import cache
from types import MappingProxyType
from typing import Any, Final, get_args

from aiogram.methods import TelegramMethod
from aiogram.types import Message, MessageId


class Effect(Enum):
    """What a Bot API method that returns messages, or ids of messages, does."""

    CREATES = "makes messages that the bot can delete later"
    EDITS = "returns messages that existed before"
    READS = "returns messages of somebody else"
    UNDELETABLE = "makes messages, or what looks like them, that have no id a bot could delete by"


_EFFECTS: Final[Mapping[Effect, str]] = MappingProxyType(
    {
        Effect.CREATES: """
            sendAnimation sendAudio sendChecklist sendContact sendDice sendDocument sendGame sendInvoice sendLivePhoto
            sendLocation sendMediaGroup sendMessage sendPaidMedia sendPhoto sendPoll sendRichMessage sendSticker
            sendVenue sendVideo sendVideoNote sendVoice
            copyMessage copyMessages forwardMessage forwardMessages
        """,
        Effect.EDITS: """
            editMessageCaption editMessageChecklist editMessageLiveLocation editMessageMedia editMessageReplyMarkup
            editMessageText setGameScore stopMessageLiveLocation stopPoll
        """,
        Effect.READS: "getUserPersonalChatMessages",
        Effect.UNDELETABLE: """
            answerGuestQuery answerInlineQuery answerWebAppQuery editStory postStory repostStory
            savePreparedInlineMessage savePreparedKeyboardButton
        """,
    }
)

EFFECTS: Final[Mapping[str, Effect]] = MappingProxyType(
    {method: effect for effect, methods in _EFFECTS.items() for method in methods.split()}
)
"""Every method of the Bot API that returns messages or ids of messages, by its API name.

Source: https://core.telegram.org/bots/api#available-methods (return types, as of Bot API 10.3)
"""

_CREATING_PREFIXES: Final = ("send", "copy", "forward")


def creates_messages(method: TelegramMethod[Any]) -> bool:
    """Tell whether a method makes messages that are worth recording.

    A method that is newer than the table counts when its name says so and it returns messages; what it returned
    decides in the end.
    """
    return _creates_messages(type(method))


@cache
def _creates_messages(method: type[TelegramMethod[Any]]) -> bool:
    effect = EFFECTS.get(method.__api_method__)
    if effect is not None:
        return effect is Effect.CREATES
    return method.__api_method__.startswith(_CREATING_PREFIXES) and _names_messages(method.__returning__)


def _names_messages(returned: object) -> bool:
    return returned in (Message, MessageId) or any(_names_messages(part) for part in get_args(returned))
