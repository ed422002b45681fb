"""Deletion of messages: rights and time limits.

Source: tdlib/td ``MessagesManager.cpp:8331-8450`` at 022d602, ``can_delete_channel_message``, ``can_delete_message``
and ``can_revoke_message``; the names here follow those.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from tgslices.testing.errors import ApiError, bad_request
from tgslices.testing.rules.kinds import DICE, SCREENSHOT, is_service

DELETION_WINDOW: Final = timedelta(days=2)
"""How long a bot may delete a message.

Source: https://core.telegram.org/bots/api#deletemessage and tdlib/td ``MessagesManager.cpp:8346, 8405``
"""

TEST_WINDOW: Final = timedelta(seconds=900)
"""The same in supergroups and channels of Telegram's test environment. Source: tdlib/td ``MessagesManager.cpp:8346``"""

DICE_WINDOW: Final = timedelta(days=1)
"""How long a dice in a private chat cannot be deleted.

Source: https://core.telegram.org/bots/api#deletemessage and tdlib/td ``MessagesManager.cpp:8409``
"""

UNDELETABLE_KINDS: Final = frozenset(
    {"migrate_from_chat_id", "channel_chat_created", "supergroup_chat_created", "forum_topic_created"}
)
"""What no administrator can delete from a supergroup or channel.

Source: tdlib/td ``MessagesManager.cpp:8355-8358`` (ChannelMigrateFrom, ChannelCreate, TopicCreate)
"""


@dataclass(frozen=True, slots=True)
class Candidate:
    """All that a decision about one existing message needs.

    ``outgoing``: this bot sent it. ``is_post``: it is a channel's post. ``kind`` is named as aiogram's ``ContentType``.
    ``is_direct``: it is one of a channel's direct messages. ``is_test_dc``: it is one of Telegram's test environment.
    """

    chat_type: str
    message_id: int
    kind: str
    outgoing: bool
    age: timedelta
    is_post: bool = False
    is_direct: bool = False
    is_test_dc: bool = False


@dataclass(frozen=True, slots=True)
class Standing:
    """What the bot is in the chat: its administrator rights by the Bot API's names, empty for a plain member."""

    is_administrator: bool = False
    rights: frozenset[str] = frozenset()


def can_delete_message(message: Candidate, bot: Standing) -> bool:
    """The first check: always passed in private chats and basic groups, by age and rights elsewhere.

    Source: tdlib/td ``MessagesManager.cpp:8331-8396``.
    """
    if message.chat_type in {"private", "group"}:
        return True
    if message.age >= (TEST_WINDOW if message.is_test_dc else DELETION_WINDOW):
        return False
    if message.message_id == 1 or message.kind in UNDELETABLE_KINDS:
        return False
    if ("can_manage_direct_messages" if message.is_direct else "can_delete_messages") in bot.rights:
        return True
    if not message.outgoing:
        return False
    if message.is_post or is_service(message.kind):
        return "can_post_messages" in bot.rights
    return True


def can_revoke_message(message: Candidate, bot: Standing) -> bool:
    """The second check: whether it may vanish for everybody, which is what bots ask for.

    Always passed in supergroups and channels. Source: tdlib/td ``MessagesManager.cpp:8398-8450``.
    """
    own = message.outgoing and not is_service(message.kind)
    if message.chat_type == "private":
        if message.kind == DICE and message.age < DICE_WINDOW:
            return False
        return (own or message.kind != SCREENSHOT) and message.age <= DELETION_WINDOW
    if message.chat_type == "group":
        return (own or bot.is_administrator) and message.age <= DELETION_WINDOW
    return True


def deletion_refusal(message: Candidate, bot: Standing) -> ApiError | None:
    """Why this message keeps its whole batch from being deleted, or None.

    Source: tdlib/td ``MessagesManager.cpp:8500-8509``.
    """
    if not can_delete_message(message, bot):
        return bad_request("Message can't be deleted")
    if not can_revoke_message(message, bot):
        return bad_request("Message can't be deleted for everyone")
    return None


def batch_refusal(
    messages: Iterable[Candidate],
    bot: Standing,
    refusal: Callable[[Candidate, Standing], ApiError | None] = deletion_refusal,
) -> ApiError | None:
    """All or nothing: the first existing message that cannot be deleted refuses the whole batch; none if all can.

    Missing messages are skipped before this is asked, so that an empty batch is accepted.
    Source: tdlib/td ``MessagesManager.cpp:8463-8465, 8500-8509`` and tdlib/telegram-bot-api ``Client.cpp:6750-6785``.
    """
    for message in messages:
        error = refusal(message, bot)
        if error is not None:
            return error
    return None
