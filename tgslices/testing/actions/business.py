"""Business accounts: connections of bots, and deletions in their chats."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Final

from tgslices.testing.state.accounts import BotAccount, BusinessConnection, User
from tgslices.testing.state.chats import StoredMessage
from tgslices.testing.state.world import World

ALL_BUSINESS_RIGHTS: Final = frozenset(
    {"can_reply", "can_read_messages", "can_delete_sent_messages", "can_delete_all_messages"}
    | {"can_edit_name", "can_edit_username", "can_edit_bio", "can_edit_profile_photo"}
)
"""Source: https://core.telegram.org/bots/api#businessbotrights, as far as messages and looks are concerned"""


def connect(world: World, owner: User, bot: BotAccount, rights: frozenset[str]) -> BusinessConnection:
    """Connect a bot to the private chats of an account. The bot is told."""
    name = hashlib.sha256(f"{owner.id}:{bot.id}:{world.next_serial()}".encode()).hexdigest()[:22]
    connection = BusinessConnection(name, owner, bot, world.clock.unix_time(), rights)
    world.connections[connection.id] = connection
    world.private_chat(owner, bot)
    announce_connection(connection)
    return connection


def announce_connection(connection: BusinessConnection) -> None:
    """Tell the bot of a new or changed connection."""
    connection.bot.updates.put("business_connection", connection.json(), queue_key=connection.owner.id)


def delete_in_business_chat(world: World, messages: Iterable[StoredMessage]) -> None:
    """Delete messages of one chat and tell the connected bots, the deleting bot included.

    Whether the server tells a bot of its own deletions is not verified.
    Source: https://core.telegram.org/bots/api#businessmessagesdeleted
    """
    gone = list(messages)
    world.remove(gone)
    if not gone:
        return
    chat = gone[0].chat
    for connection in world.connections.values():
        if connection.owner is chat.owner and connection.is_enabled:
            payload = {
                "business_connection_id": connection.id,
                "chat": chat.json(),
                "message_ids": [message.id_for(connection.bot.id) for message in gone],
            }
            connection.bot.updates.put("deleted_business_messages", payload, queue_key=("business", chat.id))
