"""Business accounts: the connection, and deleting in its chats.

Source: tdlib/telegram-bot-api ``Client.cpp:14440-14478`` and tdlib/td ``BusinessConnectionManager.cpp:573-600,
1942-1954``.
"""

from __future__ import annotations

from typing import Final

from tgslices.testing.actions.business import delete_in_business_chat
from tgslices.testing.errors import bad_request, check
from tgslices.testing.methods.method import Call, Method
from tgslices.testing.methods.outgoing import find_business_chat
from tgslices.testing.rules.business import deletion_refusal
from tgslices.testing.wire.json_text import Json


def get_business_connection(call: Call) -> Json:
    """The ``BusinessConnection``."""
    return call.connection().json()


def delete_business_messages(call: Call) -> bool:
    """Delete all of up to 100 messages of one chat, or none of them. Missing ones are skipped, an empty list is fine.

    The age of a message does not matter. The account numbers all its chats in one row, so numbers name the chat.
    """
    numbers = call.arguments.message_ids()
    connection = call.connection()
    chats = [chat for (owner_id, _), chat in call.world.business_chats.items() if owner_id == connection.owner.id]
    wanted = dict.fromkeys(numbers)
    found = [message for chat in chats for number in wanted if (message := chat.find(call.bot.id, number)) is not None]
    if not found:
        return True
    check(
        deletion_refusal(
            is_enabled=connection.is_enabled,
            rights=connection.rights,
            sent_by_bot=[message.is_from(call.bot.id) for message in found],
            chats=len({message.chat.id for message in found}),
        )
    )
    delete_in_business_chat(call.world, found)
    return True


def read_business_message(call: Call) -> bool:
    """Mark a message as read for the account. Nothing shows it."""
    connection = call.connection()
    chat = find_business_chat(call, connection)
    if chat.find(call.bot.id, call.arguments.message_id()) is None:
        raise bad_request("MESSAGE_ID_INVALID")
    return True


METHODS: Final[dict[str, Method]] = {
    "getBusinessConnection": get_business_connection,
    "deleteBusinessMessages": delete_business_messages,
    "readBusinessMessage": read_business_message,
}
