"""Reactions of the bot, and the removal of others' reactions.

Source: https://core.telegram.org/bots/api#setmessagereaction ff.
"""

from __future__ import annotations

from typing import Any, Final

from tgslices.testing.actions.reactions import set_reactions
from tgslices.testing.errors import bad_request
from tgslices.testing.methods.method import Call, Method
from tgslices.testing.rules.access import Access
from tgslices.testing.rules.kinds import is_service
from tgslices.testing.rules.reactions import is_reaction
from tgslices.testing.state.accounts import BotAccount
from tgslices.testing.state.chats import Chat
from tgslices.testing.wire.arguments import Arguments
from tgslices.testing.wire.json_text import Json

_KEYS: Final = {"emoji": "emoji", "custom_emoji": "custom_emoji_id"}
"""The types of reactions that a bot may set, and the field of each."""


def set_message_reaction(call: Call) -> bool:
    """React to a message with one emoji, or take the reaction away. No update tells of a bot's reactions."""
    given = call.arguments.json("reaction", "reaction types list") or []
    if not isinstance(given, list):
        raise bad_request("expected an Array of ReactionType")
    reactions = [_checked(item) for item in given]
    if len(reactions) > 1:
        raise bad_request("REACTIONS_TOO_MANY")
    message = call.message("react")
    if is_service(message.kind) and reactions:
        raise bad_request("message can't be reacted")
    set_reactions(call.world, message, call.bot.json(), reactions)
    return True


def _checked(item: Any) -> Json:
    kind = str(item.get("type")) if isinstance(item, dict) else ""
    if kind not in _KEYS or not item.get(_KEYS[kind]):
        raise bad_request("REACTION_INVALID")
    if kind == "emoji" and not is_reaction(str(item["emoji"])):
        raise bad_request("REACTION_INVALID")
    return {"type": kind, _KEYS[kind]: item[_KEYS[kind]]}


def delete_message_reaction(call: Call) -> bool:
    """Remove the reactions of one account to one message."""
    message = call.message("delete reaction from")
    _require_right(message.chat, call.bot)
    message.reactions.pop(_actor(call.arguments), None)
    call.world.changes.notify()
    return True


def delete_all_message_reactions(call: Call) -> bool:
    """Remove the reactions of one account to all messages of a chat."""
    chat = call.chat(Access.WRITE)
    _require_right(chat, call.bot)
    actor = _actor(call.arguments)
    for message in chat.messages.values():
        message.reactions.pop(actor, None)
    call.world.changes.notify()
    return True


def _actor(arguments: Arguments) -> int:
    number = arguments.integer("user_id") or arguments.integer("actor_chat_id")
    if number == 0:
        raise bad_request("user or chat that reacted is not specified")
    return number


def _require_right(chat: Chat, bot: BotAccount) -> None:
    if chat.type == "private" or "can_delete_messages" not in chat.rights_of(bot.id):
        raise bad_request("not enough rights to delete reactions")


METHODS: Final[dict[str, Method]] = {
    "setMessageReaction": set_message_reaction,
    "deleteMessageReaction": delete_message_reaction,
    "deleteAllMessageReactions": delete_all_message_reactions,
}
