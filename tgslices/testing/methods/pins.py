"""Pinned messages.

Source: tdlib/telegram-bot-api ``Client.cpp:14818-14905, 7040-7056``.
"""

from __future__ import annotations

from typing import Final

from tgslices.testing.actions.service_messages import pin
from tgslices.testing.errors import bad_request, check
from tgslices.testing.methods.deleting import standing
from tgslices.testing.methods.method import Call, Method
from tgslices.testing.methods.outgoing import find_business_chat
from tgslices.testing.rules.access import Access
from tgslices.testing.rules.pinning import pin_refusal, pin_rights_refusal
from tgslices.testing.state.chats import Chat


def _find_chat(call: Call) -> Chat:
    if call.arguments.text("business_connection_id"):
        return find_business_chat(call, call.connection())
    return call.chat(Access.WRITE)


def pin_chat_message(call: Call) -> bool:
    """Pin a message. The service message about it comes back to the bot as an update."""
    chat = _find_chat(call)
    message = call.message_in(chat, "pin")
    check(pin_refusal(chat.type, message.kind, standing(chat, call.bot)))
    pin(call.world, message, chat.owner or call.bot)
    return True


def unpin_chat_message(call: Call) -> bool:
    """Unpin one message, the newest pinned one unless another is named. No service message follows."""
    chat = _find_chat(call)
    number = call.arguments.message_id()
    message = chat.find(call.bot.id, number) if number else next(reversed(chat.pinned), None)
    if message is None:
        raise bad_request("message to unpin not found")
    check(pin_rights_refusal(chat.type, standing(chat, call.bot)))
    if message in chat.pinned:
        chat.pinned.remove(message)
    call.world.changes.notify()
    return True


def unpin_all_chat_messages(call: Call) -> bool:
    """Unpin all messages."""
    chat = call.chat(Access.WRITE)
    check(pin_rights_refusal(chat.type, standing(chat, call.bot)))
    chat.pinned.clear()
    call.world.changes.notify()
    return True


METHODS: Final[dict[str, Method]] = {
    "pinChatMessage": pin_chat_message,
    "unpinChatMessage": unpin_chat_message,
    "unpinAllChatMessages": unpin_all_chat_messages,
}
