"""Key strategies: from the scope of an event to a session key. Pure."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import Final, TypeAlias

from tgslices.errors import ConfigurationError, quoted
from tgslices.model import Scope, SessionKey

KeyStrategy: TypeAlias = Callable[[Scope], SessionKey | None]
"""What decides which session an update belongs to: a :class:`SessionKeyStrategy` or any function of a scope."""


class SessionKeyStrategy(Enum):
    """The built-in strategies. Every one keeps bot, chat and business connection in the key.

    A strategy of topics gives no key where the update does not tell the topic of its chat. One of users gives none
    where an update of a group has no user: without it a key means everybody. In a private chat the user is the chat's
    own person.
    """

    CHAT_USER = "chat and user, or the chat alone in channels"
    CHAT = "chat"
    AUTO = "the chat in private chats, chat and user elsewhere"
    CHAT_USER_TOPIC = "chat, user and topic"
    CHAT_TOPIC = "chat and topic"

    def __call__(self, scope: Scope) -> SessionKey | None:
        """Return the unqualified key of a scope; None where it needs a topic or a user that is not told."""
        by_topic = self is _CHAT_TOPIC or self is _CHAT_USER_TOPIC
        if scope.is_topic_untold and by_topic:
            return None
        private = scope.chat_type == "private"
        user_id = scope.chat_id if private and scope.user_id is None else scope.user_id
        by_user = self is _CHAT_USER or self is _CHAT_USER_TOPIC or (self is _AUTO and not private)
        if by_user and user_id is None and scope.chat_type in ("group", "supergroup"):
            return None
        return SessionKey(
            bot_id=scope.bot_id,
            chat_id=scope.chat_id,
            user_id=user_id if by_user else None,
            thread_id=scope.thread_id if by_topic else None,
            business_connection_id=scope.business_connection_id,
        )


_AUTO: Final = SessionKeyStrategy.AUTO  # looking up a member of an enum costs as much as making a key
_CHAT_USER: Final = SessionKeyStrategy.CHAT_USER
_CHAT_TOPIC: Final = SessionKeyStrategy.CHAT_TOPIC
_CHAT_USER_TOPIC: Final = SessionKeyStrategy.CHAT_USER_TOPIC


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
            f"The key strategy {quoted(strategy)} returned {key if isinstance(key, SessionKey) else quoted(key)} "
            f"for an update of bot {scope.bot_id}.",
            "Return a SessionKey with the scope's own bot_id, or None.",
        )
    return key if qualifier is None else key.qualified(qualifier)
