"""Topics of forums.

Source: https://core.telegram.org/bots/api#createforumtopic ff. and tdlib/td ``ForumTopicManager.cpp:505-1030``.
"""

from __future__ import annotations

from typing import Final

from tgslices.testing.actions.topics import change_topic, create_topic, delete_topic
from tgslices.testing.errors import bad_request
from tgslices.testing.methods.method import Method
from tgslices.testing.rules.access import Access
from tgslices.testing.rules.topics import MAX_NAME, creation_refusal, management_refusal
from tgslices.testing.state.accounts import BotAccount
from tgslices.testing.state.chats import Chat, Topic
from tgslices.testing.state.world import World
from tgslices.testing.wire.arguments import Arguments
from tgslices.testing.wire.json_text import Json

_BLUE: Final = 0x6FB9F0


def create_forum_topic(world: World, bot: BotAccount, arguments: Arguments) -> Json:
    """Make a topic. Its creation message comes back to the bot and cannot be deleted (C3, C10)."""
    name = arguments.text("name").strip()[:MAX_NAME]
    chat = world.reach(bot, arguments.text("chat_id"), Access.WRITE)
    refusal = creation_refusal(is_forum=chat.is_forum, chat_type=chat.type, rights=chat.rights_of(bot.id), name=name)
    if refusal is not None:
        raise refusal
    color = arguments.integer("icon_color", _BLUE)
    return create_topic(world, chat, bot, name, color, arguments.text("icon_custom_emoji_id")).json()


def _find(world: World, bot: BotAccount, arguments: Arguments, what: str, right: str) -> tuple[Chat, Topic]:
    chat = world.reach(bot, arguments.text("chat_id"), Access.WRITE)
    rights = chat.rights_of(bot.id) if chat.type == "supergroup" else frozenset({right})
    refusal = management_refusal(what, is_forum=chat.is_forum, rights=rights, right=right)
    if refusal is not None:
        raise refusal
    topic = chat.topics.get(arguments.integer("message_thread_id"))
    if topic is None:
        raise bad_request("TOPIC_ID_INVALID")
    return chat, topic


def edit_forum_topic(world: World, bot: BotAccount, arguments: Arguments) -> bool:
    """Give a topic another name or icon."""
    chat, topic = _find(world, bot, arguments, "edit", "can_manage_topics")
    fields = ("name", "icon_custom_emoji_id")
    changes: Json = {name: arguments.text(name) for name in fields if name in arguments.values}
    if all(getattr(topic, name) == value for name, value in changes.items()):
        raise bad_request("TOPIC_NOT_MODIFIED")
    for name, value in changes.items():
        setattr(topic, name, value)
    change_topic(world, chat, topic, bot, "forum_topic_edited", changes)
    return True


def _toggle(world: World, bot: BotAccount, arguments: Arguments, *, closed: bool) -> bool:
    chat, topic = _find(world, bot, arguments, "close or open", "can_manage_topics")
    if topic.is_closed is closed:
        raise bad_request("TOPIC_NOT_MODIFIED")
    topic.is_closed = closed
    change_topic(world, chat, topic, bot, "forum_topic_closed" if closed else "forum_topic_reopened", {})
    return True


def close_forum_topic(world: World, bot: BotAccount, arguments: Arguments) -> bool:
    """Close a topic: members cannot write there any more."""
    return _toggle(world, bot, arguments, closed=True)


def reopen_forum_topic(world: World, bot: BotAccount, arguments: Arguments) -> bool:
    """Open a closed topic."""
    return _toggle(world, bot, arguments, closed=False)


def delete_forum_topic(world: World, bot: BotAccount, arguments: Arguments) -> bool:
    """Delete a topic with all its messages."""
    chat, topic = _find(world, bot, arguments, "delete", "can_delete_messages")
    delete_topic(world, chat, topic)
    return True


METHODS: Final[dict[str, Method]] = {
    "createForumTopic": create_forum_topic,
    "editForumTopic": edit_forum_topic,
    "closeForumTopic": close_forum_topic,
    "reopenForumTopic": reopen_forum_topic,
    "deleteForumTopic": delete_forum_topic,
}
