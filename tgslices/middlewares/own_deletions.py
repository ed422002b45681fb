"""Which messages a deletion by the bot's own code takes away."""

from __future__ import annotations

from typing import Any, Final

from aiogram.exceptions import TelegramAPIError, TelegramNetworkError, TelegramServerError
from aiogram.methods import TelegramMethod
from aiogram.types import Message

from tgslices.model import Gone
from tgslices.telegram_facts.message_origin import receiver_of, since

DELETIONS: Final = frozenset(
    {"deleteMessage", "deleteMessages", "deleteBusinessMessages", "deleteEphemeralMessage", "deleteForumTopic"}
)
"""The methods that delete messages."""


def gone_by(method: TelegramMethod[Any], chat_id: int) -> tuple[Gone, bool]:
    """Return what a deletion that Telegram answered with True took away from a chat, and whether that is certain.

    ``True`` for ordinary messages proves acceptance and not disappearance, so they are asked for once more. An
    ephemeral id may be another message's at once.
    Source: telegram-bot-api ``Client.cpp`` lines 6760-6770; https://core.telegram.org/bots/api#deleteephemeralmessage
    """
    argument: dict[str, Any] = vars(method)
    if method.__api_method__ == "deleteForumTopic":
        return Gone(chat_id, None, thread_id=argument["message_thread_id"]), False
    if method.__api_method__ == "deleteEphemeralMessage":
        ids = frozenset({argument["ephemeral_message_id"]})
        return Gone(chat_id, ids, receiver_user_id=argument["receiver_user_id"]), True
    ids = frozenset(argument["message_ids"] if "message_ids" in argument else {argument["message_id"]})
    return Gone(chat_id, ids), False


def may_be_done(error: BaseException) -> bool:
    """Tell whether a call may have been carried out although it failed: its answer was lost, or nobody waits for it."""
    is_answer = isinstance(error, TelegramAPIError)
    return not is_answer or isinstance(error, (TelegramNetworkError, TelegramServerError))


def gone_before(result: object) -> Gone | None:
    """Return the ephemeral message whose id a new one has got; None where what was made has no such id.

    Telegram gives an id again once its message is gone, whoever deleted it.
    Source: https://core.telegram.org/bots/api#message (``ephemeral_message_id``)
    """
    if not isinstance(result, Message):
        return None
    ephemeral_id, receiver_id = since(result, "ephemeral_message_id"), receiver_of(result)
    if not ephemeral_id or receiver_id is None:
        return None
    return Gone(result.chat.id, frozenset({ephemeral_id}), receiver_user_id=receiver_id)
