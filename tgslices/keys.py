"""From an event to its scope, and from a scope to a session key: pure decisions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import Enum
from typing import TypeAlias

from aiogram.types import (
    BusinessConnection,
    CallbackQuery,
    ChatBoostSourcePremium,
    ChatBoostUpdated,
    ErrorEvent,
    Message,
    PollAnswer,
    TelegramObject,
    Update,
)
from aiogram.types.update import UpdateTypeLookupError

from tgslices.errors import ConfigurationError, InvalidSessionKey
from tgslices.model import Scope, SessionKey, scope_unchecked

KeyStrategy: TypeAlias = Callable[[Scope], SessionKey | None]
"""What decides which session an update belongs to: a :class:`SessionKeyStrategy` or any function of a scope."""


class SessionKeyStrategy(Enum):
    """The built-in strategies. Every one keeps bot, chat and business connection in the key."""

    CHAT_USER = "chat and user, or the chat alone where there is no user"
    CHAT = "chat"
    AUTO = "the chat in private chats, chat and user elsewhere"
    CHAT_USER_TOPIC = "chat, user and topic"
    CHAT_TOPIC = "chat and topic"

    def __call__(self, scope: Scope) -> SessionKey:
        """Return the unqualified key of a scope."""
        private = scope.chat_type == "private"
        by_user = self in _BY_USER or (self is SessionKeyStrategy.AUTO and not private)
        return SessionKey(
            bot_id=scope.bot_id,
            chat_id=scope.chat_id,
            user_id=scope.user_id if by_user else None,
            thread_id=scope.thread_id if self in _BY_TOPIC else None,
            business_connection_id=scope.business_connection_id,
        )


_BY_USER = frozenset({SessionKeyStrategy.CHAT_USER, SessionKeyStrategy.CHAT_USER_TOPIC})
_BY_TOPIC = frozenset({SessionKeyStrategy.CHAT_TOPIC, SessionKeyStrategy.CHAT_USER_TOPIC})


@dataclass(frozen=True, slots=True)
class SessionQualifier:
    """Names the session that a handler's parameter or flag means: ``Annotated[Session, SessionQualifier("order")]``.

    Raises:
        InvalidSessionKey: the name is no string.
    """

    name: str | None = None

    def __post_init__(self) -> None:
        """Refuse what could not be a qualifier."""
        if self.name is not None and not isinstance(self.name, str):
            raise InvalidSessionKey("qualifier", self.name, "string")


def key_of(scope: Scope, strategy: KeyStrategy, qualifier: str | None) -> SessionKey | None:
    """Return the qualified key that a strategy gives a scope; None where it gives none.

    Raises:
        ConfigurationError: a custom strategy returned something else than a key of this scope's bot, or None.
        InvalidSessionKey: the qualifier is no string.
    """
    key = strategy(scope)
    if key is None:
        return None
    if not isinstance(key, SessionKey) or key.bot_id != scope.bot_id:
        raise ConfigurationError(
            f"The key strategy {strategy!r} returned {key!r} for an update of bot {scope.bot_id}.",
            "Return a SessionKey with the scope's own bot_id, or None.",
        )
    return key if qualifier is None else replace(key, qualifier=qualifier)


def scope_of(event: TelegramObject, bot_id: int) -> Scope | None:
    """Return where an event comes from: an ``Update`` or any event in one; None where it has no chat.

    It agrees with aiogram's own event context on chat, user, topic and business connection.
    Source: ``UserContextMiddleware.resolve_event_context`` of aiogram
    """
    if isinstance(event, Message):
        return scope_of_message(event, bot_id)
    if isinstance(event, ErrorEvent):
        return scope_of(event.update, bot_id)
    if isinstance(event, Update):
        try:
            return scope_of(event.event, bot_id)
        except UpdateTypeLookupError:
            return None
    if isinstance(event, CallbackQuery):
        return _scope_of_tap(event, bot_id)
    if isinstance(event, BusinessConnection):
        return None
    return _scope_of_other(event, bot_id)


def scope_of_message(message: Message, bot_id: int) -> Scope:
    """Return where a message comes from."""
    chat = message.chat
    user = message.from_user
    return scope_unchecked(
        bot_id,
        chat.id,
        chat.type,
        None if user is None else user.id,
        message.message_thread_id if message.is_topic_message else None,
        message.business_connection_id,
    )


def _scope_of_tap(tap: CallbackQuery, bot_id: int) -> Scope | None:
    message = tap.message
    if message is None:
        return None
    if isinstance(message, Message):
        return replace(scope_of_message(message, bot_id), user_id=tap.from_user.id)
    return Scope(bot_id, message.chat.id, message.chat.type, tap.from_user.id)


def _scope_of_other(event: TelegramObject, bot_id: int) -> Scope | None:
    chat = event.voter_chat if isinstance(event, PollAnswer) else getattr(event, "chat", None)
    if chat is None:
        return None
    user = getattr(event, "from_user", None) or getattr(event, "user", None)
    if isinstance(event, ChatBoostUpdated) and isinstance(event.boost.source, ChatBoostSourcePremium):
        user = event.boost.source.user
    return Scope(
        bot_id,
        chat.id,
        chat.type,
        None if user is None else user.id,
        getattr(event, "message_thread_id", None),
        getattr(event, "business_connection_id", None),
    )
