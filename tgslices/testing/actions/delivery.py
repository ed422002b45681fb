"""Updates about messages and taps, for the queues of the bots that get them."""

from __future__ import annotations

from datetime import timedelta

from tgslices.testing.rules.delivery import is_delivered, is_public_to_private_bot
from tgslices.testing.rules.kinds import is_service
from tgslices.testing.rules.senders import SERVICE_ACCOUNT
from tgslices.testing.state.accounts import BotAccount, User
from tgslices.testing.state.chats import Chat, StoredMessage
from tgslices.testing.state.taps import Tap
from tgslices.testing.state.world import World


def announce(world: World, message: StoredMessage, *, edited: bool = False) -> int:
    """Queue the update about a new or edited message for every bot that gets it; returns the number of these bots."""
    if message.receiver_id is not None:
        return _announce_ephemeral(world, message)
    if message.chat.owner is not None:
        return _announce_business(world, message, edited=edited)
    name = "channel_post" if message.chat.type == "channel" else "message"
    if message.chat.type == "channel" and message.chat.discussion is not None and not edited:
        _bring_to_discussion(world, message, message.chat.discussion)
    told = 0
    for bot in _listeners(message.chat):
        if _sees(world, bot, message, edited=edited):
            told += bot.updates.put(
                f"edited_{name}" if edited else name, message.json_for(bot.id), queue_key=message.chat.id
            )
    return told


def _bring_to_discussion(world: World, post: StoredMessage, group: Chat) -> None:
    """Forward a post into the group where it is discussed, as Telegram does by itself.

    Source: https://core.telegram.org/bots/api#message (``is_automatic_forward``)
    """
    if is_service(post.kind):
        return
    kept = {name: value for name, value in post.content.items() if name not in {"chat", "date", "reply_markup"}}
    channel = post.chat.json()
    fields = {"from": SERVICE_ACCOUNT, "sender_chat": channel, "forward_origin": post.origin_for(post.sender_id)}
    account = User(SERVICE_ACCOUNT["id"], SERVICE_ACCOUNT["first_name"])
    announce(world, world.store(group, account, post.kind, {**kept, **fields, "is_automatic_forward": True}))


def _listeners(chat: Chat) -> list[BotAccount]:
    if chat.bot is not None:
        return [chat.bot]
    return [
        member.user
        for member in chat.members.values()
        if isinstance(member.user, BotAccount)
        and member.is_inside
        and (chat.type != "channel" or member.is_administrator)
        and (chat.parent is None or chat.is_run_by(member.user.id))
    ]


def _sees(world: World, bot: BotAccount, message: StoredMessage, *, edited: bool) -> bool:
    chat = message.chat
    author = None if "sender_chat" in message.content else message.content.get("from")
    outgoing = message.sender_id == bot.id
    from_other_bot = bool(author and author["is_bot"] and author["id"] != bot.id and not is_service(message.kind))
    age = _age(world, message, edited=edited)
    if not is_delivered(outgoing=outgoing, kind=message.kind, age=age, from_other_bot=from_other_bot):
        return False
    if chat.type in {"private", "channel"} or bot.reads_all_group_messages or chat.members[bot.id].is_administrator:
        return True
    return _is_public(bot, message)


def _age(world: World, message: StoredMessage, *, edited: bool) -> timedelta:
    """The age of the message, or of its edit."""
    moment = message.content.get("edit_date", message.date) if edited else message.date
    return timedelta(seconds=world.clock.unix_time() - moment)


def _is_public(bot: BotAccount, message: StoredMessage) -> bool:
    text = message.content.get("text", "")
    return is_public_to_private_bot(
        is_service=is_service(message.kind),
        is_command=any(entity["type"] == "bot_command" for entity in message.content.get("entities", ())),
        replies_to_bot=message.reply_to is not None and message.reply_to.sender_id == bot.id,
        mentions_bot=f"@{bot.username}".lower() in text.lower(),
    )


def _announce_ephemeral(world: World, message: StoredMessage) -> int:
    """Queue an ephemeral message for the bot that is its receiver, if any."""
    bot = world.bot_by_id(message.receiver_id or 0)
    if bot is None:
        return 0
    return bot.updates.put("message", message.json_for(bot.id), queue_key=message.chat.id)


def _announce_business(world: World, message: StoredMessage, *, edited: bool) -> int:
    owner = message.chat.owner
    age = _age(world, message, edited=edited)
    told = 0
    for connection in world.connections.values():
        if connection.owner is not owner or not connection.is_enabled:
            continue
        own = message.is_from(connection.bot.id)
        if is_delivered(outgoing=own, kind=message.kind, age=age, in_business_chat=True):
            payload = message.json_for(connection.bot.id, connection.id)
            name = "edited_business_message" if edited else "business_message"
            told += connection.bot.updates.put(name, payload, queue_key=("business", message.chat.id))
    return told


def announce_tap(tap: Tap) -> bool:
    """Queue the callback query of a tap; returns whether the bot asked for such updates."""
    return tap.bot.updates.put("callback_query", tap.json(), queue_key=tap.message.chat.id)
