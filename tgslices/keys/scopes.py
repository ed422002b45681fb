"""Scopes: from an event to the place and the person that it comes from. Pure."""

from __future__ import annotations

from dataclasses import replace

from aiogram.types import (
    Chat,
    ChatBoostSourcePremium,
    ChatBoostUpdated,
    ErrorEvent,
    InaccessibleMessage,
    Message,
    TelegramObject,
    Update,
    User,
)
from aiogram.types.update import UpdateTypeLookupError

from tgslices.model import Scope, scope_unchecked
from tgslices.telegram_facts.message_origin import has_topics, is_direct_messages, topic_of, writer_of


def scope_of(event: TelegramObject, bot_id: int) -> Scope | None:
    """Return where an event comes from: an ``Update`` or any event in one; None where it has neither chat nor user.

    What has a user and no chat comes from the user's private chat, as in aiogram's own state machine. A request to join
    comes from the private chat in which it is answered.
    Source: ``FSMContextMiddleware.resolve_context`` of aiogram, https://core.telegram.org/bots/api#chatjoinrequest
    """
    if isinstance(event, Message):
        return scope_of_message(event, bot_id)
    if isinstance(event, ErrorEvent):
        return scope_of(event.update, bot_id)
    if isinstance(event, Update):
        brought = _brought_by(event)
        return None if brought is None else scope_of(brought, bot_id)
    tapped = getattr(event, "message", None)
    if isinstance(tapped, (Message, InaccessibleMessage)):
        return _scope_of_tap(tapped, _user_of(event), bot_id)
    private_chat_id: int | None = getattr(event, "user_chat_id", None)
    chat: Chat | None = getattr(event, "chat", None) or getattr(event, "voter_chat", None)
    if chat is None or private_chat_id is not None:
        return _private_scope(private_chat_id, _user_of(event), bot_id)
    return _scope_of_chat(event, chat, bot_id)


def scope_of_message(message: Message, bot_id: int) -> Scope:
    """Return where a message comes from. Its entry has the same user and topic."""
    chat, sender_chat = message.chat, message.sender_chat
    return scope_unchecked(
        bot_id,
        chat.id,
        chat.type,
        writer_of(message),
        topic_of(message),
        message.business_connection_id,
        None if sender_chat is None else sender_chat.id,
    )


def direct_topic_of(event: TelegramObject, bot_id: int) -> int | None:
    """Return the topic of a channel's direct messages to which an answer to an event goes; None in any other chat.

    The number of a topic is that of the person who wrote. Source: telegram-bot-api ``Client.cpp`` lines 3909-3917
    """
    chat = _chat_in(event)
    if chat is None or not is_direct_messages(chat):
        return None
    scope = scope_of(event, bot_id)
    return None if scope is None else scope.thread_id or scope.user_id


def _chat_in(event: TelegramObject) -> Chat | None:
    brought = _brought_by(event) if isinstance(event, Update) else event
    if isinstance(brought, Message):
        return brought.chat
    tapped: TelegramObject | None = getattr(brought, "message", None)
    chat: Chat | None = getattr(brought if tapped is None else tapped, "chat", None)
    return chat


def _brought_by(update: Update) -> TelegramObject | None:
    """Return the event in an update; None in one that this aiogram does not know."""
    if update.message is not None:
        return update.message
    try:
        return update.event
    except UpdateTypeLookupError:
        return None


def _user_of(event: TelegramObject) -> User | None:
    user: User | None = getattr(event, "from_user", None) or getattr(event, "user", None)
    # Other boosts name somebody, too, who is not who gave them.
    if isinstance(event, ChatBoostUpdated) and isinstance(event.boost.source, ChatBoostSourcePremium):
        return event.boost.source.user
    return user


def _scope_of_tap(tapped: Message | InaccessibleMessage, user: User | None, bot_id: int) -> Scope:
    user_id = None if user is None else user.id
    if isinstance(tapped, Message):
        return replace(scope_of_message(tapped, bot_id), user_id=user_id, sender_chat_id=None)
    chat = tapped.chat
    return Scope(bot_id, chat.id, chat.type, user_id, is_topic_untold=has_topics(chat))


def _private_scope(chat_id: int | None, user: User | None, bot_id: int) -> Scope | None:
    if user is None:
        return None
    return Scope(bot_id, user.id if chat_id is None else chat_id, "private", user.id)


def _scope_of_chat(event: TelegramObject, chat: Chat, bot_id: int) -> Scope:
    user, actor = _user_of(event), getattr(event, "actor_chat", None)
    actor_id: int | None = None if actor is None else actor.id
    thread_id: int | None = getattr(event, "message_thread_id", None)
    return Scope(
        bot_id,
        chat.id,
        chat.type,
        actor_id if user is None else user.id,
        thread_id,
        getattr(event, "business_connection_id", None),
        actor_id,
        is_topic_untold=thread_id is None and has_topics(chat),
    )
