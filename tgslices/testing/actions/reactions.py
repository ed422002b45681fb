"""Reactions to messages, and the updates about them.

Source: https://core.telegram.org/bots/api#messagereactionupdated
"""

from __future__ import annotations

from collections import Counter

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
    is_anonymous = message.chat.type == "channel"
    told: Json = _counted(message) if is_anonymous else {"user": actor, "old_reaction": old, "new_reaction": reactions}
    for bot in _listeners(message.chat):
        place = {"chat": message.chat.json(), "message_id": message.id_for(bot.id), "date": world.clock.unix_time()}
        name = "message_reaction_count" if is_anonymous else "message_reaction"
        bot.updates.put(name, {**place, **told}, queue_key=message.chat.id)


def _counted(message: StoredMessage) -> Json:
    """The reactions of a channel's post, which tells of numbers and not of people; Telegram gathers them for a while.

    Source: https://core.telegram.org/bots/api#messagereactioncountupdated
    """
    given = [(tuple(sorted(reaction.items())), reaction) for each in message.reactions.values() for reaction in each]
    counts = Counter(key for key, _ in given)
    types = dict(given)
    return {"reactions": [{"type": types[key], "total_count": count} for key, count in counts.items()]}


def _listeners(chat: Chat) -> list[BotAccount]:
    """The bots that hear of reactions: the bot of a private chat, or administrators."""
    return [
        member.user
        for member in chat.members.values()
        if isinstance(member.user, BotAccount) and (chat.type == "private" or member.is_administrator)
    ]
