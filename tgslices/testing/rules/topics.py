"""Topics of forums.

Source: tdlib/td ``ForumTopicManager.cpp:512-545, 960-1030, 1226-1253`` and tdlib/telegram-bot-api
``Client.cpp:8258-8292, 6818``.
"""

from __future__ import annotations

from typing import Final

from tgslices.testing.errors import ApiError, bad_request

GENERAL_TOPIC_ID: Final = 1
"""The topic that is always there and cannot be named by ``message_thread_id``. Source: ``Client.h``"""

MAX_NAME: Final = 128
"""Source: https://core.telegram.org/bots/api#createforumtopic"""


def creation_refusal(*, is_forum: bool, chat_type: str, rights: frozenset[str], name: str) -> ApiError | None:
    """Why no topic can be made, or None."""
    if not is_forum:
        return bad_request("The chat is not a forum")
    if chat_type == "supergroup" and "can_manage_topics" not in rights:
        return bad_request("Not enough rights to create a topic")
    return None if name.strip() else bad_request("Name must be non-empty")


def management_refusal(what: str, *, is_forum: bool, rights: frozenset[str], right: str) -> ApiError | None:
    """Why a topic cannot be changed, or None; ``what`` is "edit", "close or open" or "delete"."""
    if not is_forum:
        return bad_request("The chat is not a forum")
    return None if right in rights else bad_request(f"Not enough rights to {what} the topic")


def thread_refusal(thread_id: int, *, is_forum: bool, is_known: bool) -> ApiError | None:
    """Why nothing can be sent to this topic of a forum or private chat, or None. General cannot be named."""
    if not is_known or (is_forum and thread_id == GENERAL_TOPIC_ID):
        return bad_request("message thread not found")
    return None


def direct_messages_refusal(topic_id: int, *, is_run_by_bot: bool, is_known: bool) -> ApiError | None:
    """Why nothing can be sent to the direct messages of a channel, or None; there a topic must be named.

    Without the channel's right ``can_manage_direct_messages`` a bot cannot write there.
    Source: tdlib/td ``MessageTopic.cpp:176-184, 216-219``.
    """
    if not is_run_by_bot:
        return bad_request("Chat is not an administered channel direct messages chat")
    if topic_id == 0:
        return bad_request("Channel direct messages topic must be specified")
    return None if is_known else bad_request("Topic not found")


def closed_topic_refusal(*, is_closed: bool, rights: frozenset[str]) -> ApiError | None:
    """Why nothing can be sent to a closed topic, or None. ``TOPIC_CLOSED`` comes from the servers behind."""
    return bad_request("TOPIC_CLOSED") if is_closed and "can_manage_topics" not in rights else None
