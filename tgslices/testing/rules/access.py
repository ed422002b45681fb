"""Whether a bot may look into a chat, edit there, or write there; asked before any message is looked at.

Source: tdlib/telegram-bot-api ``Client.cpp:8127-8195`` at 01a3679, ``check_chat_access``.
"""

from __future__ import annotations

from enum import IntEnum
from typing import NamedTuple

from tgslices.testing.errors import ApiError, bad_request, forbidden, migrated

_NAMES = {"group": "group chat", "supergroup": "supergroup chat", "channel": "channel chat"}


class Access(IntEnum):
    """The access to a chat that a method needs. Source: tdlib/telegram-bot-api ``Client.h``, ``AccessRights``."""

    READ = 0
    EDIT = 1
    WRITE = 2


class ChatFacts(NamedTuple):
    """The facts about a chat and about the bot in it.

    ``status`` is the Bot API's ``ChatMember.status``; ``is_public`` means that the chat has a username.
    """

    chat_type: str
    status: str = "member"
    is_public: bool = False
    user_deactivated: bool = False
    migrated_to: int | None = None
    deleted: bool = False


def access_refusal(chat: ChatFacts, access: Access) -> ApiError | None:
    """The error that the server answers, or None if the bot gets in.

    A group that became a supergroup lets its old messages be read and edited, but refuses to send and to delete.
    A bot that the user has blocked is not refused here.
    """
    if chat.chat_type == "private":
        refused = chat.user_deactivated and access >= Access.EDIT
        return forbidden("user is deactivated") if refused else None
    if chat.chat_type == "group":
        return _group_refusal(chat, access)
    return _supergroup_refusal(chat, access)


def _group_refusal(chat: ChatFacts, access: Access) -> ApiError | None:
    if chat.migrated_to is not None:
        return migrated(chat.migrated_to) if access >= Access.WRITE else None
    if chat.deleted:
        return forbidden("the group chat was deleted") if access >= Access.WRITE else None
    if access >= Access.EDIT:
        return _membership_refusal(chat)
    return None


def _supergroup_refusal(chat: ChatFacts, access: Access) -> ApiError | None:
    if chat.status == "kicked":
        return _membership_refusal(chat)
    if access >= (Access.EDIT if chat.is_public else Access.READ):
        return _membership_refusal(chat)
    return None


def _membership_refusal(chat: ChatFacts) -> ApiError | None:
    name = _NAMES[chat.chat_type]
    if chat.status == "kicked":
        return forbidden(f"bot was kicked from the {name}")
    if chat.status == "left":
        return forbidden(f"bot is not a member of the {name}")
    return None


def unknown_chat() -> ApiError:
    """The error for an identifier that the bot has never met. Source: ``Client.cpp:6571``."""
    return bad_request("chat not found")
