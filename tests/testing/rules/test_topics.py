"""What can be done to topics, and in closed ones."""

from __future__ import annotations

from tests.testing.refusals import text_of
from tests.testing.rules.chat_types import SUPERGROUP
from tgslices.testing.rules import topics


def test_topics() -> None:
    """ForumTopicManager.cpp:512-530 and Client.cpp:8258-8292."""
    manager = frozenset({"can_manage_topics"})

    def made(*, forum: bool = True, rights: frozenset[str] = manager, name: str = "News") -> str | None:
        return text_of(topics.creation_refusal(is_forum=forum, chat_type=SUPERGROUP, rights=rights, name=name))

    assert made() is None
    assert made(forum=False) == "Bad Request: the chat is not a forum"
    assert made(rights=frozenset()) == "Bad Request: not enough rights to create a topic"
    assert made(name=" ") == "Bad Request: name must be non-empty"
    assert topics.thread_refusal(1, is_forum=False, is_known=True) is None
    assert topics.thread_refusal(5, is_forum=True, is_known=True) is None
    for thread in (5, topics.GENERAL_TOPIC_ID):
        refusal = topics.thread_refusal(thread, is_forum=True, is_known=thread == topics.GENERAL_TOPIC_ID)
        assert text_of(refusal) == "Bad Request: message thread not found"
