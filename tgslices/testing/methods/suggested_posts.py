"""Suggested posts: what people propose in a channel's direct messages, approved or declined.

Source: https://core.telegram.org/bots/api#approvesuggestedpost, https://core.telegram.org/bots/api#declinesuggestedpost
and https://core.telegram.org/bots/api#suggestedpostinfo
"""

from __future__ import annotations

from typing import Final

from tgslices.testing.actions.delivery import announce
from tgslices.testing.actions.service_messages import post_service
from tgslices.testing.errors import bad_request
from tgslices.testing.methods.method import Call, Method
from tgslices.testing.rules.access import Access
from tgslices.testing.state.chats import Chat, StoredMessage
from tgslices.testing.wire.json_text import Json

_MAX_COMMENT: Final = 128
"""Source: https://core.telegram.org/bots/api#declinesuggestedpost"""

_OF_THE_CHAT: Final = frozenset(
    {"chat", "date", "direct_messages_topic", "from", "reply_markup", "sender_chat", "suggested_post_info"}
)


def _find(call: Call, right: str) -> tuple[StoredMessage, Chat]:
    """The pending post that is meant, and the channel."""
    chat = call.chat(Access.WRITE)
    if chat.parent is None:
        raise bad_request("chat must be a channel direct messages chat")
    if right not in chat.parent.rights_of(call.bot.id):
        raise bad_request("not enough rights to manage suggested posts")
    message = call.message_in(chat)
    if message.content.get("suggested_post_info", {}).get("state") != "pending":
        raise bad_request("message can't be approved or declined")
    return message, chat.parent


def _settle(call: Call, message: StoredMessage, state: str, told: Json) -> None:
    info = {**message.content["suggested_post_info"], "state": state}
    message.content = {**message.content, "suggested_post_info": info}
    told = {"suggested_post_message": message.bare_for(call.bot.id), **told}
    place = message.chat.topic_json(message.topic_id)
    kind = f"suggested_post_{state}"
    post_service(call.world, message.chat, call.bot, kind, {kind: told, **place})


def approve_suggested_post(call: Call) -> bool:
    """Publish a suggested post in the channel, at once: it is not kept for a later date."""
    message, channel = _find(call, "can_post_messages")
    moment = call.arguments.integer("send_date") or call.world.clock.unix_time()
    price = message.content["suggested_post_info"].get("price")
    _settle(call, message, "approved", {"send_date": moment} | ({"price": price} if price else {}))
    post = {name: value for name, value in message.content.items() if name not in _OF_THE_CHAT}
    announce(call.world, call.world.store(channel, call.bot, message.kind, post))
    return True


def decline_suggested_post(call: Call) -> bool:
    """Decline a suggested post, with a comment if one is given."""
    message, _ = _find(call, "can_manage_direct_messages")
    comment = call.arguments.text("comment")[:_MAX_COMMENT]
    _settle(call, message, "declined", {"comment": comment} if comment else {})
    return True


METHODS: Final[dict[str, Method]] = {
    "approveSuggestedPost": approve_suggested_post,
    "declineSuggestedPost": decline_suggested_post,
}
