"""Topics of forums.

Source: https://core.telegram.org/bots/api#createforumtopic ff. and tdlib/td ``ForumTopicManager.cpp:505-1030``.
"""

from __future__ import annotations

from typing import Final

from tgslices.testing.actions.topics import change_topic, create_topic, delete_topic
from tgslices.testing.errors import bad_request, check
from tgslices.testing.methods.method import Call, Method
from tgslices.testing.rules.access import Access
from tgslices.testing.rules.topics import MAX_NAME, creation_refusal, management_refusal
from tgslices.testing.state.chats import Chat, Topic
from tgslices.testing.wire.json_text import Json

_BLUE: Final = 0x6FB9F0
_COLORS: Final = range(0x1000000)


def create_forum_topic(call: Call) -> Json:
    """Create a topic. Its creation message comes back to the bot and cannot be deleted."""
    name = call.arguments.text("name").strip()[:MAX_NAME]
    chat = call.chat(Access.WRITE)
    check(
        creation_refusal(is_forum=chat.has_topics, chat_type=chat.type, rights=chat.rights_of(call.bot.id), name=name)
    )
    color = call.arguments.integer("icon_color", _BLUE)
    if color not in _COLORS:
        raise bad_request("Invalid icon color specified")
    return create_topic(call.world, chat, call.bot, name, color, call.arguments.text("icon_custom_emoji_id")).json()


def _find(call: Call, what: str, right: str) -> tuple[Chat, Topic]:
    chat = call.chat(Access.WRITE)
    rights = chat.rights_of(call.bot.id) if chat.type == "supergroup" else frozenset({right})
    check(management_refusal(what, is_forum=chat.has_topics, rights=rights, right=right))
    topic = chat.topics.get(call.arguments.integer("message_thread_id"))
    if topic is None:
        raise bad_request("TOPIC_ID_INVALID")
    return chat, topic


def edit_forum_topic(call: Call) -> bool:
    """Change a topic's name or icon."""
    chat, topic = _find(call, "edit", "can_manage_topics")
    fields = ("name", "icon_custom_emoji_id")
    changes: Json = {name: call.arguments.text(name) for name in fields if name in call.arguments.values}
    if all(getattr(topic, name) == value for name, value in changes.items()):
        raise bad_request("TOPIC_NOT_MODIFIED")
    for name, value in changes.items():
        setattr(topic, name, value)
    change_topic(call.world, chat, topic, call.bot, "forum_topic_edited", changes)
    return True


def _toggle(call: Call, *, closed: bool) -> bool:
    chat, topic = _find(call, "close or open", "can_manage_topics")
    if topic.is_closed is closed:
        raise bad_request("TOPIC_NOT_MODIFIED")
    topic.is_closed = closed
    change_topic(call.world, chat, topic, call.bot, "forum_topic_closed" if closed else "forum_topic_reopened", {})
    return True


def close_forum_topic(call: Call) -> bool:
    """Close a topic to plain members."""
    return _toggle(call, closed=True)


def reopen_forum_topic(call: Call) -> bool:
    """Open a closed topic."""
    return _toggle(call, closed=False)


def delete_forum_topic(call: Call) -> bool:
    """Delete a topic with all its messages."""
    chat, topic = _find(call, "delete", "can_delete_messages")
    delete_topic(call.world, chat, topic)
    return True


METHODS: Final[dict[str, Method]] = {
    "createForumTopic": create_forum_topic,
    "editForumTopic": edit_forum_topic,
    "closeForumTopic": close_forum_topic,
    "reopenForumTopic": reopen_forum_topic,
    "deleteForumTopic": delete_forum_topic,
}
