"""The General topic of a forum, and the pins of whole topics.

Source: https://core.telegram.org/bots/api#editgeneralforumtopic ff.
"""

from __future__ import annotations

from typing import Final

from tgslices.testing.actions.service_messages import post_service
from tgslices.testing.errors import bad_request, check
from tgslices.testing.methods.method import Call, Method
from tgslices.testing.rules.access import Access
from tgslices.testing.rules.topics import MAX_NAME, management_refusal
from tgslices.testing.state.chats import Chat
from tgslices.testing.state.world import World
from tgslices.testing.wire.json_text import Json


def _forum(call: Call, what: str, right: str = "can_manage_topics") -> Chat:
    chat = call.chat(Access.WRITE)
    check(management_refusal(what, is_forum=chat.is_forum, rights=chat.rights_of(call.bot.id), right=right))
    return chat


def edit_general_forum_topic(call: Call) -> bool:
    """Rename the General topic. The service message about it comes back to the bot."""
    name = call.arguments.text("name").strip()[:MAX_NAME]
    if not name:
        raise bad_request("Name must be non-empty")
    chat = _forum(call, "edit")
    settings = chat.settings
    if settings.general_topic_name == name:
        raise bad_request("TOPIC_NOT_MODIFIED")
    settings.general_topic_name = name
    post_service(call.world, chat, call.bot, "forum_topic_edited", {"forum_topic_edited": {"name": name}})
    return True


def _switch(attribute: str, kind: str, *, on: bool) -> Method:
    what = "close or open" if attribute == "is_general_topic_closed" else "edit"

    def switch(call: Call) -> bool:
        chat = _forum(call, what)
        settings = chat.settings
        if getattr(settings, attribute) is on:
            raise bad_request("TOPIC_NOT_MODIFIED")
        setattr(settings, attribute, on)
        content: Json = {kind: {}}
        post_service(call.world, chat, call.bot, kind, content)
        return True

    return switch


def unpin_all_forum_topic_messages(call: Call) -> bool:
    """Unpin all messages of one topic."""
    chat = _forum(call, "unpin", "can_pin_messages")
    thread_id = call.arguments.integer("message_thread_id")
    if thread_id not in chat.topics:
        raise bad_request("TOPIC_ID_INVALID")
    return _unpin(call.world, chat, thread_id)


def unpin_all_general_forum_topic_messages(call: Call) -> bool:
    """Unpin all messages of the General topic."""
    return _unpin(call.world, _forum(call, "unpin", "can_pin_messages"), None)


def _unpin(world: World, chat: Chat, thread_id: int | None) -> bool:
    chat.pinned[:] = [m for m in chat.pinned if m.content.get("message_thread_id") != thread_id]
    world.changes.notify()
    return True


METHODS: Final[dict[str, Method]] = {
    "editGeneralForumTopic": edit_general_forum_topic,
    "closeGeneralForumTopic": _switch("is_general_topic_closed", "forum_topic_closed", on=True),
    "reopenGeneralForumTopic": _switch("is_general_topic_closed", "forum_topic_reopened", on=False),
    "hideGeneralForumTopic": _switch("is_general_topic_hidden", "general_forum_topic_hidden", on=True),
    "unhideGeneralForumTopic": _switch("is_general_topic_hidden", "general_forum_topic_unhidden", on=False),
    "unpinAllForumTopicMessages": unpin_all_forum_topic_messages,
    "unpinAllGeneralForumTopicMessages": unpin_all_general_forum_topic_messages,
}
