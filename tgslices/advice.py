"""What somebody probably meant who wrote something else: the remedies of error texts that need a guess."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any, Final

from aiogram.types import Message, TelegramObject, Update, User
from magic_filter import MagicFilter

from tgslices.errors import ConfigurationError, InvalidSessionKey, quoted
from tgslices.model import SessionKey
from tgslices.predicates import asked_for


def advised(refused: InvalidSessionKey) -> InvalidSessionKey:
    """Return why ``sessions.get(...)`` refuses a part of the key, with what to write instead."""
    advice, value = None, refused.value
    if refused.field == "chat_id" and isinstance(value, User):
        advice = "A private chat has the number of its user: get(user.id, user)."
    elif refused.field in ("chat_id", "user_id") and isinstance(value, TelegramObject):
        advice = "Write of(event) for the session of an event."
    elif refused.field == "user_id" and isinstance(value, str) and not value.lstrip("-").isdecimal():
        advice = f"Name a qualifier: get(chat, qualifier={_shown(value)})."
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


def near_miss(key: SessionKey, open_keys: Iterable[SessionKey]) -> str | None:
    """Return the qualifier of an open session that a key without any entries was probably meant for.

    Names that differ in their digits alone are meant as they are: ``"step_1"`` and ``"step_2"``.
    """
    name = key.qualifier or ""
    qualifiers = [
        other.qualifier for other in open_keys if other.qualifier and _letters(other.qualifier) != _letters(name)
    ]
    return next(iter(get_close_matches(name, qualifiers, n=1, cutoff=_CLOSE)), None)


def _letters(name: str) -> str:
    return "".join(letter for letter in name if not letter.isdecimal())


_CLOSE: Final = 0.75
"""Of one letter missing, doubled or exchanged in a word of four."""


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
