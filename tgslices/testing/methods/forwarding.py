"""Copies and forwards.

Source: tdlib/telegram-bot-api ``Client.cpp:13238-13377``.
"""

from __future__ import annotations

from typing import Final

from tgslices.testing.content.markup import place_in, put_under, read_markup
from tgslices.testing.content.text import read_text
from tgslices.testing.errors import bad_request, check
from tgslices.testing.methods.method import Call, Method
from tgslices.testing.methods.outgoing import deliver, find_destination, send_all
from tgslices.testing.methods.polls import copied_poll
from tgslices.testing.rules.access import Access
from tgslices.testing.rules.forwarding import Source, batch_refusal, can_forward, single_refusal
from tgslices.testing.state.accounts import BotAccount
from tgslices.testing.state.chats import Chat, StoredMessage
from tgslices.testing.state.world import World
from tgslices.testing.wire.json_text import Json

_NOT_CARRIED: Final = frozenset(
    {
        "chat",
        "date",
        "direct_messages_topic",
        "edit_date",
        "effect_id",
        "external_reply",
        "from",
        "has_protected_content",
        "is_topic_message",
        "media_group_id",
        "message_thread_id",
        "quote",
        "reply_to_checklist_task_id",
        "reply_to_poll_option_id",
        "sender_business_bot",
        "sender_chat",
    }
)
_OF_COPIES: Final = frozenset({"forward_origin", "reply_markup", "via_bot"})


def copy_message(call: Call) -> Json:
    """Copy one message, with another caption if one is given; returns the ``MessageId``."""
    message = _single(call, is_copy=True)
    markup = read_markup(call.arguments)
    destination = find_destination(call, message.kind)
    _check_single(message, is_copy=True)
    inline, other = put_under(markup, place_in(call.world, call.bot, destination.chat, message.kind))
    content = _copied(call.world, message)
    if "caption" in call.arguments.values:
        content = {name: value for name, value in content.items() if name not in {"caption", "caption_entities"}}
        content |= read_text(call.arguments, "caption", "caption_entities")
    if inline is not None:
        content["reply_markup"] = inline
    if call.arguments.flag("protect_content"):
        content["has_protected_content"] = True
    return {"message_id": deliver(call, destination, message.kind, content, other).id_for(call.bot.id)}


def forward_message(call: Call) -> Json:
    """Forward one message; returns the ``Message``."""
    message = _single(call, is_copy=False)
    destination = find_destination(call, message.kind)
    _check_single(message, is_copy=False)
    content = _forwarded(message, call.bot)
    if call.arguments.flag("protect_content"):
        content["has_protected_content"] = True
    return deliver(call, destination, message.kind, content, None).json_for(call.bot.id)


def _single(call: Call, *, is_copy: bool) -> StoredMessage:
    return call.message_in(_from_chat(call), "copy" if is_copy else "forward")


def _from_chat(call: Call) -> Chat:
    if not call.arguments.text("from_chat_id"):
        raise bad_request('Parameter "from_chat_id" is required')
    return call.world.reach(call.bot, call.arguments.text("from_chat_id"), Access.READ)


def _check_single(message: StoredMessage, *, is_copy: bool) -> None:
    check(single_refusal(_source(message), is_chat_protected=message.chat.protected, is_copy=is_copy))


def copy_messages(call: Call) -> list[Json]:
    """Copy 1-100 messages. The result leaves out messages that are missing or cannot be copied."""
    return _send_many(call, is_copy=True)


def forward_messages(call: Call) -> list[Json]:
    """Forward 1-100 messages. The result leaves out messages that are missing or cannot be forwarded."""
    return _send_many(call, is_copy=False)


def _send_many(call: Call, *, is_copy: bool) -> list[Json]:
    if not call.arguments.text("from_chat_id"):
        raise bad_request('Parameter "from_chat_id" is required')
    numbers = call.arguments.message_ids()
    if not numbers:
        raise bad_request("Message identifiers are not specified")
    destination = find_destination(call, "text")
    chat = _from_chat(call)
    found = [(number, message) for number in numbers if (message := chat.find(call.bot.id, number)) is not None]
    taken = [message for _, message in found if can_forward(_source(message), is_copy=is_copy)]
    check(
        batch_refusal(
            [number for number, _ in found], taken=len(taken), is_chat_protected=chat.protected, is_copy=is_copy
        )
    )
    items = _contents(call, taken, is_copy=is_copy, without_captions=call.arguments.flag("remove_caption"))
    if call.arguments.flag("protect_content"):
        for _, content in items:
            content["has_protected_content"] = True
    return [{"message_id": message.id_for(call.bot.id)} for message in send_all(call, destination, items)]


def _contents(
    call: Call, messages: list[StoredMessage], *, is_copy: bool, without_captions: bool
) -> list[tuple[str, Json]]:
    albums: dict[str, str] = {}
    items = []
    for message in messages:
        content = _copied(call.world, message) if is_copy else _forwarded(message, call.bot)
        if without_captions and is_copy:
            content = {name: value for name, value in content.items() if name not in {"caption", "caption_entities"}}
        album = message.content.get("media_group_id")
        if album is not None:
            content["media_group_id"] = albums.setdefault(album, call.world.next_album())
        items.append((message.kind, content))
    return items


def _source(message: StoredMessage) -> Source:
    poll = message.content.get("poll", {})
    return Source(
        message.kind,
        is_protected=message.chat.protected or bool(message.content.get("has_protected_content")),
        is_unknown_quiz=poll.get("type") == "quiz" and "correct_option_ids" not in poll,
    )


def _copied(world: World, message: StoredMessage) -> Json:
    skipped = _NOT_CARRIED | _OF_COPIES
    content = {name: value for name, value in message.content.items() if name not in skipped}
    if message.kind == "poll" and "poll" in content:
        content["poll"] = copied_poll(world, content["poll"])
    return content


def _forwarded(message: StoredMessage, bot: BotAccount) -> Json:
    content = {name: value for name, value in message.content.items() if name not in _NOT_CARRIED}
    content.pop("reply_markup", None)
    content["forward_origin"] = message.origin_for(bot.id)
    return content


METHODS: Final[dict[str, Method]] = {
    "copyMessage": copy_message,
    "copyMessages": copy_messages,
    "forwardMessage": forward_message,
    "forwardMessages": forward_messages,
}
