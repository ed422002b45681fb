"""Reactions to messages, and the updates about them.

Source: https://core.telegram.org/bots/api#messagereactionupdated
"""

from __future__ import annotations

from tgslices.testing.state.accounts import BotAccount
from tgslices.testing.state.chats import Chat, StoredMessage
from tgslices.testing.state.world import World
from tgslices.testing.wire.json_text import Json


def set_reactions(world: World, message: StoredMessage, actor: Json, reactions: list[Json]) -> None:
    """Set the reactions of an account (a ``User``) to a message, and tell the bots that hear of them.

    An empty list takes the reaction away. Source: https://core.telegram.org/bots/api#messagereactionupdated
    """
    shown = message.reactions
    old = shown.pop(actor["id"], [])
    if reactions:
        shown[actor["id"]] = reactions
    world.changes.notify()
    if old == reactions or actor["is_bot"]:
        return
    for bot in _listeners(message.chat):
        payload: Json = {
            "chat": message.chat.json(),
            "message_id": message.id_for(bot.id),
            "date": world.clock.unix_time(),
            "user": actor,
            "old_reaction": old,
            "new_reaction": reactions,
        }
        bot.updates.put("message_reaction", payload, queue_key=message.chat.id)


def _listeners(chat: Chat) -> list[BotAccount]:
    """The bots that hear of reactions: the bot of a private chat, or administrators."""
    return [
        member.user
        for member in chat.members.values()
        if isinstance(member.user, BotAccount) and (chat.type == "private" or member.is_administrator)
    ]
