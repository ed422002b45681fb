"""Creation, changes and deletion of topics."""

from __future__ import annotations

from tgslices.testing.actions.delivery import announce
from tgslices.testing.state.accounts import User
from tgslices.testing.state.chats import Chat, Topic
from tgslices.testing.state.world import World
from tgslices.testing.wire.json_text import Json


def create_topic(
    world: World, chat: Chat, actor: User, name: str, icon_color: int, icon_custom_emoji_id: str = ""
) -> Topic:
    """Create a topic. It has the number of the service message about it."""
    icon: Json = {"icon_custom_emoji_id": icon_custom_emoji_id} if icon_custom_emoji_id else {}
    created = {"name": name, "icon_color": icon_color, **icon}
    message = world.store(chat, actor, "forum_topic_created", {"forum_topic_created": created})
    thread_id = message.message_id
    message.content |= {"message_thread_id": thread_id, "is_topic_message": True}
    topic = Topic(thread_id, name, icon_color, icon_custom_emoji_id or None)
    chat.topics[thread_id] = topic
    announce(world, message)
    return topic


def change_topic(world: World, chat: Chat, topic: Topic, actor: User, kind: str, changes: Json) -> None:
    """Write the service message about a change of a topic."""
    place = {"message_thread_id": topic.thread_id, "is_topic_message": True}
    announce(world, world.store(chat, actor, kind, {kind: changes, **place}))


def delete_topic(world: World, chat: Chat, topic: Topic) -> None:
    """Delete a topic with all its messages."""
    del chat.topics[topic.thread_id]
    world.remove([m for m in chat.messages.values() if m.content.get("message_thread_id") == topic.thread_id])
