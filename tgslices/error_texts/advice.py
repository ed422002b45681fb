"""What somebody probably meant who wrote something else: the remedies of error texts that need a guess."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from inspect import iscoroutine
from typing import Any, Final

from aiogram import Bot
from aiogram.methods import TelegramMethod
from aiogram.types import Chat, Message, TelegramObject, Update, User
from magic_filter import MagicFilter

from tgslices.errors import ConfigurationError, InvalidSessionKey, quoted
from tgslices.keys.qualifier import SessionQualifier
from tgslices.model import Direction, SessionKey
from tgslices.predicates import asked_for


def advised(refused: InvalidSessionKey) -> InvalidSessionKey:
    """Return why ``sessions.get(...)`` refuses a part of the key, with what to write instead."""
    advice, value = None, refused.value
    if refused.field == "qualifier" and isinstance(value, SessionQualifier):
        advice = f"Pass its name: qualifier={_shown(value.name)}."
    elif refused.field == "chat_id" and isinstance(value, User):
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


def require_event(event: object, *more: object) -> None:
    """Refuse what ``sessions.of`` cannot find a session for, and would say None to.

    Raises:
        ConfigurationError: it is no event, or more than the event was given by position.
    """
    if more:
        raise ConfigurationError(
            f"of takes an event by position, and was given {quoted(more[0])} as well.",
            f"Name what it is: of(event, qualifier={_shown(more[0])}).",
        )
    if isinstance(event, Chat):
        remedy = "Write get(chat), or get(chat, user)."
    elif isinstance(event, User):
        remedy = "Write get(user.id, user) for the private chat, or get(chat, user)."
    elif isinstance(event, TelegramObject):
        return
    else:
        remedy = "Pass a Message, an Update or another event of aiogram's, or write get(chat_id, user_id)."
    raise ConfigurationError(f"{quoted(event)} is no event that a session belongs to.", remedy)


def require_flags(**flags: object) -> None:
    """Refuse what is neither True nor False: a message given as ``include_current`` would count as True.

    Raises:
        ConfigurationError: one is neither.
    """
    for name, value in flags.items():
        if not isinstance(value, bool):
            raise ConfigurationError(f"{name} is {quoted(value)}.", f"Pass True or False as {name}.")


def require_method(method: object) -> None:
    """Refuse what cannot be sent through a session.

    Raises:
        ConfigurationError: it is no method of the Bot API. A call of the bot's is ended, so that nothing is sent.
    """
    if isinstance(method, TelegramMethod):
        return
    if iscoroutine(method):
        method.close()
        raise ConfigurationError(
            f"session(...) was given the call {method.__qualname__}(...), which has sent nothing.",
            "Write session.send_message(...), session(SendMessage(...)), or session(message.answer(...)).",
        )
    raise ConfigurationError(
        f"session(...) was given {quoted(method)}, which is no method of the Bot API.",
        "Write session.send_message(...), session(SendMessage(...)), or session(message.answer(...)).",
    )


def require_bot(bot: object) -> None:
    """Refuse what is no bot.

    Raises:
        ConfigurationError: it is none.
    """
    if not isinstance(bot, Bot):
        raise ConfigurationError(f"{quoted(bot)} is no bot.", "Pass a bot: message.bot in a handler.")


def why_no_message(given: object) -> str:
    """Return why something that is no Telegram object cannot be tracked or kept, with what was probably meant."""
    if isinstance(given, Direction):
        return f"a direction is given by name, as direction={given!r}"
    if isinstance(given, Iterable) and not isinstance(given, str | bytes):
        return "messages are given one by one, with a star before a list: *messages"
    return "it is no Telegram object"


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
