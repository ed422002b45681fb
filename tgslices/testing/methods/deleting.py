"""Deletion of messages by the ordinary route.

Source: tdlib/telegram-bot-api ``Client.cpp:13788-13825``.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from tgslices.testing.errors import bad_request, check
from tgslices.testing.methods.method import Call, Method
from tgslices.testing.rules.access import Access
from tgslices.testing.rules.deletion import Candidate, Standing, batch_refusal
from tgslices.testing.state.accounts import BotAccount
from tgslices.testing.state.chats import Chat, StoredMessage


def delete_message(call: Call) -> bool:
    """Delete one message; a missing one is an error."""
    if not call.arguments.text("chat_id"):
        raise bad_request("Chat identifier is not specified")
    if call.arguments.message_id() == 0:
        raise bad_request("Message identifier is not specified")
    message = call.message("delete")
    _delete(call, message.chat, [message])
    return True


def delete_messages(call: Call) -> bool:
    """Delete 1-100 messages or none of them; missing ones are skipped."""
    numbers = call.arguments.message_ids()
    if not numbers:
        raise bad_request("Message identifiers are not specified")
    chat = call.chat(Access.WRITE)
    found = (chat.find(call.bot.id, number) for number in dict.fromkeys(numbers))
    _delete(call, chat, [message for message in found if message is not None])
    return True


def _delete(call: Call, chat: Chat, messages: Sequence[StoredMessage]) -> None:
    now = call.world.clock.unix_time()
    asked = (candidate(message, call.bot, now, is_test_dc=call.world.is_test_dc) for message in messages)
    check(batch_refusal(asked, standing(chat, call.bot)))
    call.world.remove(messages)


def candidate(message: StoredMessage, bot: BotAccount, now: int, *, is_test_dc: bool = False) -> Candidate:
    """The facts that the rules of deletion ask for; ``now`` is Unix time."""
    return Candidate(
        chat_type=message.chat.type,
        message_id=message.id_for(bot.id),
        kind=message.kind,
        outgoing=message.sender_id == bot.id,
        age=timedelta(seconds=now - message.date),
        is_post=message.chat.type == "channel",
        is_direct=message.chat.parent is not None,
        is_test_dc=is_test_dc,
    )


def standing(chat: Chat, bot: BotAccount) -> Standing:
    """The bot's standing in a chat, as the rules ask for it."""
    member = chat.members.get(bot.id)
    if member is None:
        return Standing()
    return Standing(member.is_administrator, member.rights)


METHODS: Final[dict[str, Method]] = {"deleteMessage": delete_message, "deleteMessages": delete_messages}
