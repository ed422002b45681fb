"""Which messages a deletion by the bot's own code takes away."""

from __future__ import annotations

from typing import Any, Final

from aiogram.methods import TelegramMethod

from tgslices.model import Gone

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
