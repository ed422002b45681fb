"""Deleting messages by the ordinary route.

Source: tdlib/telegram-bot-api ``Client.cpp:13788-13825``.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from tgslices.testing.errors import bad_request
from tgslices.testing.methods.method import Method
from tgslices.testing.rules.access import Access
from tgslices.testing.rules.deletion import Candidate, Standing, batch_refusal
from tgslices.testing.state.accounts import BotAccount
from tgslices.testing.state.chats import Chat, StoredMessage
from tgslices.testing.state.world import World
from tgslices.testing.wire.arguments import Arguments


def delete_message(world: World, bot: BotAccount, arguments: Arguments) -> bool:
    """Delete one message; a missing one is an error (C2)."""
    number = arguments.message_id()
    if not arguments.text("chat_id"):
        raise bad_request("Chat identifier is not specified")
    if number == 0:
        raise bad_request("Message identifier is not specified")
    chat = world.reach(bot, arguments.text("chat_id"), Access.WRITE)
    message = chat.find(bot.id, number)
    if message is None:
        raise bad_request("message to delete not found")
    _delete(world, bot, chat, [message])
    return True


def delete_messages(world: World, bot: BotAccount, arguments: Arguments) -> bool:
    """Delete 1-100 messages or none of them; missing ones are skipped (C1)."""
    numbers = arguments.message_ids()
    if not numbers:
        raise bad_request("Message identifiers are not specified")
    chat = world.reach(bot, arguments.text("chat_id"), Access.WRITE)
    found = (chat.find(bot.id, number) for number in dict.fromkeys(numbers))
    _delete(world, bot, chat, [message for message in found if message is not None])
    return True


def _delete(world: World, bot: BotAccount, chat: Chat, messages: Sequence[StoredMessage]) -> None:
    now = world.clock.unix_time()
    asked = (candidate(message, bot, now, is_test_dc=world.is_test_dc) for message in messages)
    refusal = batch_refusal(asked, standing(chat, bot))
    if refusal is not None:
        raise refusal
    world.remove(messages)


def candidate(message: StoredMessage, bot: BotAccount, now: int, *, is_test_dc: bool = False) -> Candidate:
    """What the rules ask about a message; ``now`` is Unix time."""
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
    """What the rules ask about the bot."""
    member = chat.members.get(bot.id)
    if member is None:
        return Standing()
    return Standing(member.is_administrator, member.rights)


METHODS: Final[dict[str, Method]] = {"deleteMessage": delete_message, "deleteMessages": delete_messages}
