"""What somebody probably meant who wrote something else: the remedies of error texts that need a guess."""

from __future__ import annotations

from typing import Any

from aiogram.types import Message, TelegramObject, Update, User
from magic_filter import MagicFilter

from tgslices.errors import ConfigurationError, InvalidSessionKey, quoted
from tgslices.predicates import asked_for


def advised(refused: InvalidSessionKey) -> InvalidSessionKey:
    """Return why ``sessions.get(...)`` refuses a part of the key, with what to write instead."""
    advice, value = None, refused.value
    if refused.field == "chat_id" and isinstance(value, User):
        advice = "A private chat has the number of its user: get(user.id, user)."
    elif refused.field in ("chat_id", "user_id") and isinstance(value, TelegramObject):
        advice = "Write of(event) for the session of an event."
    elif refused.field in ("chat_id", "user_id") and isinstance(value, str) and value.lstrip("-").isdecimal():
        advice = f"Pass an integer identifier as {refused.field}, not a text."
    elif refused.field == "user_id" and isinstance(value, str):
        advice = f"Name a qualifier: get(chat, qualifier={_shown(value)})."
    elif refused.field == "chat_id" and isinstance(value, str) and value.startswith("@"):
        advice = f"Pass the number of the chat, (await bot.get_chat({_shown(value)})).id."
    return InvalidSessionKey(refused.field, value, refused.wanted, advice)


def too_many(more: tuple[Any, ...]) -> ConfigurationError:
    """Return why ``sessions.get(chat, user, "order")`` is refused."""
    name = "qualifier" if isinstance(more[0], str) else "thread_id"
    return ConfigurationError(
        f"get takes a chat and a user by position, and was given {quoted(more[0])} as well.",
        f"Name what it is: get(chat, user, {name}={_shown(more[0])}).",
    )


def _shown(value: object) -> str:
    text = quoted(value)
    return text if text == repr(value) else "..."


def require_update_fields(predicate: object) -> None:
    """Refuse a predicate over updates that asks them for what only messages have: it would never match.

    Raises:
        ConfigurationError: it does.
    """
    names = asked_for(predicate) if isinstance(predicate, MagicFilter) else ()
    for name in names:
        if name in Message.model_fields and not hasattr(Update, name) and name not in Update.model_fields:
            raise ConfigurationError(
                f"A predicate over updates asks for {name}, which updates do not have.", f"Write F.message.{name}."
            )
