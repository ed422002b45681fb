"""The topic that a person writes into, however a test names it."""

from __future__ import annotations

from typing import TypeAlias

from tgslices.testing.rules.topics import GENERAL_TOPIC_ID
from tgslices.testing.state.chats import Chat, StoredMessage, Topic

TopicName: TypeAlias = Topic | int | str
"""A topic, its number (in a channel's direct messages that of the user who writes), or its name."""


def topic_number(chat: Chat, named: TopicName | None, replied: StoredMessage | None) -> int:
    """The number of the topic for a message: the named one, else that of what it replies to; 0 for none.

    Raises:
        AssertionError: the chat has no such topic; the text lists those that it has.
    """
    if named is None:
        said_in = 0 if replied is None or replied.chat is not chat else replied.topic_id
        return said_in if said_in in _names(chat) else 0
    if chat.is_forum and named in (GENERAL_TOPIC_ID, "", chat.settings.general_topic_name):
        return 0
    wanted = named.thread_id if isinstance(named, Topic) else named
    found = [number for number, name in _names(chat).items() if wanted in (number, name)]
    if not found:
        title = chat.title or (chat.bot.first_name if chat.bot is not None else "this chat")
        raise AssertionError(f"no topic {wanted!r} in {title!r}, which has {_names(chat)}")
    return found[-1]


def _names(chat: Chat) -> dict[int, str]:
    writers = {number: writer.first_name for number, writer in chat.writers.items()}
    return writers or {number: topic.name for number, topic in chat.topics.items()}
