"""Replies: to a message of this chat or another one, or to a part of it.

Source: tdlib/telegram-bot-api ``Client.cpp:8474-8545, 9363-9440`` and https://core.telegram.org/bots/api#replyparameters
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from tgslices.testing.content.wording import text_of
from tgslices.testing.errors import bad_request, check
from tgslices.testing.methods.method import Call
from tgslices.testing.rules import ephemeral
from tgslices.testing.rules.access import Access
from tgslices.testing.state.accounts import BotAccount
from tgslices.testing.state.chats import Chat, StoredMessage
from tgslices.testing.state.world import World
from tgslices.testing.text import marked_text
from tgslices.testing.text.quoting import kept_entities, quote_position, quote_refusal
from tgslices.testing.wire import identifiers
from tgslices.testing.wire.arguments import Arguments
from tgslices.testing.wire.fields import fields_of, flag_field, int_field, text_field
from tgslices.testing.wire.json_text import Json

_TO_A_MESSAGE: Final = ("reply_parameters", "reply_to_message_id")

_SHOWN: Final = frozenset(
    {
        "animation",
        "audio",
        "checklist",
        "contact",
        "dice",
        "document",
        "game",
        "giveaway",
        "giveaway_winners",
        "has_media_spoiler",
        "invoice",
        "link_preview_options",
        "live_photo",
        "location",
        "paid_media",
        "photo",
        "poll",
        "sticker",
        "story",
        "venue",
        "video",
        "video_note",
        "voice",
    }
)
"""Fields of a message that a reply from elsewhere repeats.

Source: https://core.telegram.org/bots/api#externalreplyinfo
"""


@dataclass(frozen=True, slots=True)
class Reply:
    """The target of a reply: a ``message`` of the same chat and topic, if any. ``fields`` belong to the new message."""

    message: StoredMessage | None = None
    fields: Json = field(default_factory=dict)


_NONE: Final = Reply()


def find_reply(
    call: Call,
    chat: Chat,
    *,
    topic_id: int = 0,
    is_ephemeral: bool = False,
    is_business: bool = False,
) -> Reply:
    """The reply of a new message in this chat. It is empty without a target, and if the target may be missing and is.

    Raises:
        ApiError: the target is missing, does not take such a reply, or lacks the quote.
    """
    if call.arguments.values.keys().isdisjoint(_TO_A_MESSAGE):
        return _NONE
    given = _parameters(call.arguments)
    if given.get("ephemeral_message_id"):
        number = identifiers.integer(str(given["ephemeral_message_id"]))
        return Reply(_find_ephemeral(call.world, chat, number, is_ephemeral=is_ephemeral))
    source = _source(call, chat, given, is_business=is_business)
    number = identifiers.message_id(str(given.get("message_id", "")))
    if number == 0 or source is None:
        return Reply()
    replied = source.find(call.bot.id, number)
    if replied is None:
        if is_business or flag_field(given, "allow_sending_without_reply"):
            return Reply()
        raise bad_request("message to be replied not found")
    fields = {} if is_ephemeral else _quote(given, replied) | _part(given)
    if source is chat and topic_id in {0, replied.topic_id}:
        return Reply(replied, fields)
    return Reply(None, fields | {"external_reply": _external(replied, call.bot)})


def _parameters(arguments: Arguments) -> Json:
    parameters = arguments.json("reply_parameters", "reply parameters")
    if parameters is None:
        return {
            "message_id": arguments.text("reply_to_message_id"),
            "allow_sending_without_reply": arguments.flag("allow_sending_without_reply"),
        }
    return fields_of(parameters, "Object expected as reply parameters")


def _source(call: Call, chat: Chat, given: Json, *, is_business: bool) -> Chat | None:
    """The chat of the target; None where a target in another chat is ignored."""
    reference = text_field(given, "chat_id")
    if not reference or reference == call.arguments.text("chat_id"):
        return chat
    return None if is_business else call.world.reach(call.bot, reference, Access.READ)


def _find_ephemeral(world: World, chat: Chat, number: int, *, is_ephemeral: bool) -> StoredMessage:
    world.expire(chat)
    replied = chat.ephemeral.get(number)
    if replied is None:
        raise bad_request("message to be replied not found")
    age = timedelta(seconds=world.clock.unix_time() - replied.date)
    check(ephemeral.reply_refusal(age, is_ephemeral=is_ephemeral))
    return replied


def _quote(given: Json, replied: StoredMessage) -> Json:
    mode = text_field(given, "quote_parse_mode")
    quote, entities = marked_text(text_field(given, "quote"), mode, given.get("quote_entities"))
    if not quote:
        return {}
    text, marks = text_of(replied)
    position = quote_position(text, marks, quote, entities, int_field(given, "quote_position"))
    check(quote_refusal(position))
    shown: Json = {"text": quote, "position": position, "is_manual": True}
    if kept := kept_entities(entities):
        shown["entities"] = kept
    return {"quote": shown}


def _part(given: Json) -> Json:
    """The task or poll option that is replied to."""
    task, option = int_field(given, "checklist_task_id"), text_field(given, "poll_option_id")
    return ({"reply_to_checklist_task_id": task} if task else {}) | (
        {"reply_to_poll_option_id": option} if option else {}
    )


def _external(replied: StoredMessage, bot: BotAccount) -> Json:
    """The Bot API's ``ExternalReplyInfo``."""
    shown: Json = {"origin": replied.origin_for(bot.id)}
    if replied.chat.type in {"supergroup", "channel"}:
        shown |= {"chat": replied.chat.json(), "message_id": replied.id_for(bot.id)}
    return shown | {name: value for name, value in replied.content.items() if name in _SHOWN}
