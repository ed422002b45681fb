"""Service messages, which the server itself writes into a chat."""

from __future__ import annotations

from tgslices.testing.actions.delivery import announce
from tgslices.testing.state.accounts import User
from tgslices.testing.state.chats import Chat, StoredMessage
from tgslices.testing.state.world import World
from tgslices.testing.wire.json_text import Json


def post_service(
    world: World, chat: Chat, actor: User, kind: str, content: Json, *, tell: bool = True
) -> StoredMessage:
    """Write a service message about a deed of ``actor``. With ``tell=False`` no bot is told."""
    message = world.store(chat, actor, kind, content)
    if tell:
        announce(world, message)
    return message


def pin(world: World, message: StoredMessage, actor: User) -> StoredMessage:
    """Pin a message; returns the service message about it."""
    chat = message.chat
    if message in chat.pinned:
        chat.pinned.remove(message)
    chat.pinned.append(message)
    notice = world.store(chat, actor, "pinned_message", {})
    notice.pinned = message
    announce(world, notice)
    return notice


def rename(world: World, chat: Chat, title: str, actor: User) -> StoredMessage:
    """Set a chat's title; returns the service message about it."""
    chat.title = title
    chat.touch()
    return post_service(world, chat, actor, "new_chat_title", {"new_chat_title": title})
