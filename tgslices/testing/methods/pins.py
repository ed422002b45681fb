"""Pinning.

Source: tdlib/telegram-bot-api ``Client.cpp:14818-14905, 7040-7056``.
"""

from __future__ import annotations

from typing import Final

from tgslices.testing.actions.service_messages import pin
from tgslices.testing.errors import bad_request
from tgslices.testing.methods.deleting import standing
from tgslices.testing.methods.method import Method
from tgslices.testing.methods.outgoing import find_business_chat
from tgslices.testing.rules.access import Access
from tgslices.testing.rules.pinning import pin_refusal, pin_rights_refusal
from tgslices.testing.state.accounts import BotAccount
from tgslices.testing.state.chats import Chat
from tgslices.testing.state.world import World
from tgslices.testing.wire.arguments import Arguments


def _find_chat(world: World, bot: BotAccount, arguments: Arguments) -> Chat:
    connection_id = arguments.text("business_connection_id")
    if connection_id:
        return find_business_chat(world, world.connection(bot, connection_id), arguments)
    return world.reach(bot, arguments.text("chat_id"), Access.WRITE)


def pin_chat_message(world: World, bot: BotAccount, arguments: Arguments) -> bool:
    """Pin a message. The service message about it comes back to the bot as an update (C10)."""
    chat = _find_chat(world, bot, arguments)
    message = chat.find(bot.id, arguments.message_id())
    if message is None:
        raise bad_request("message to pin not found")
    refusal = pin_refusal(chat.type, message.kind, standing(chat, bot))
    if refusal is not None:
        raise refusal
    pin(world, message, chat.owner or bot)
    return True


def unpin_chat_message(world: World, bot: BotAccount, arguments: Arguments) -> bool:
    """Unpin one message, the newest pinned one if none is named; nothing is written about it."""
    chat = _find_chat(world, bot, arguments)
    number = arguments.message_id()
    message = chat.find(bot.id, number) if number else next(reversed(chat.pinned), None)
    if message is None:
        raise bad_request("message to unpin not found")
    refusal = pin_rights_refusal(chat.type, standing(chat, bot))
    if refusal is not None:
        raise refusal
    if message in chat.pinned:
        chat.pinned.remove(message)
    world.changes.notify()
    return True


def unpin_all_chat_messages(world: World, bot: BotAccount, arguments: Arguments) -> bool:
    """Unpin everything."""
    chat = world.reach(bot, arguments.text("chat_id"), Access.WRITE)
    refusal = pin_rights_refusal(chat.type, standing(chat, bot))
    if refusal is not None:
        raise refusal
    chat.pinned.clear()
    world.changes.notify()
    return True


METHODS: Final[dict[str, Method]] = {
    "pinChatMessage": pin_chat_message,
    "unpinChatMessage": unpin_chat_message,
    "unpinAllChatMessages": unpin_all_chat_messages,
}
