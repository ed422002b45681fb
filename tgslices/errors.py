"""Every error that the library raises on its own account.

One root, :class:`TgslicesError`; each error keeps what went wrong as data and ends its text with the remedy.
Refused deletions are not errors: they are entries of a :class:`~tgslices.results.ClearResult`.
"""

from __future__ import annotations

import inspect
import re
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Final

_MAX_QUOTED: Final = 80
_MAY_BE_SECRET: Final = re.compile(r"[:/]|[\w-]{33}")
"""What tokens and addresses with passwords contain, and no @username does."""


def quoted(value: object) -> str:
    """Return a value as an error text may quote it: never what may be a token or a password, never pages of fields."""
    if isinstance(value, datetime | Enum) or inspect.isroutine(value):
        return repr(value)
    if isinstance(value, type):
        return f"the class {value.__name__}"
    is_plain = type(value).__module__ == "builtins" and len(repr(value)) <= _MAX_QUOTED
    if is_plain and not _MAY_BE_SECRET.search(repr(value)):
        return repr(value)
    return (
        f"a text of {len(value)} characters" if isinstance(value, str) else f"an object of type {type(value).__name__}"
    )


def _article(noun: str) -> str:
    return "an" if noun.lower().startswith(tuple("aeiou")) else "a"


class TgslicesError(Exception):
    """The root of all errors of this library."""

    def __repr__(self) -> str:
        return f"{type(self).__name__}({str(self)!r})"


@dataclass(eq=False, repr=False)
class InvalidSessionKey(TgslicesError, ValueError):
    """A session key was asked for with a part that cannot be one. ``advice`` tells what was probably meant."""

    field: str
    value: object
    wanted: str
    advice: str | None = None

    def __str__(self) -> str:
        remedy = self.advice or f"Pass {_article(self.wanted)} {self.wanted} as {self.field}."
        return f"{self.field} of a session key is {quoted(self.value)}, which is no {self.wanted}. {remedy}"


@dataclass(eq=False, repr=False)
class InvalidTrackedMessage(TgslicesError, ValueError):
    """A tracked message was built with a part that no storage could keep."""

    field: str
    value: object
    wanted: str

    def __str__(self) -> str:
        return f"{self.field} of a tracked message is {quoted(self.value)}. Pass {self.wanted} instead."


@dataclass(eq=False, repr=False)
class NotAMessage(TgslicesError, TypeError):
    """Something was to be tracked that is no message which a bot could delete."""

    given: object
    why: str

    def __str__(self) -> str:
        return (
            f"{type(self.given).__name__} cannot be tracked, because {self.why}. "
            "Pass a Message, or an Update or event that carries one."
        )


@dataclass(eq=False, repr=False)
class PredicateFailed(TgslicesError, ValueError):
    """A predicate over tracked messages raised or cannot choose among them; nothing was changed."""

    predicate: object
    why: str

    def __str__(self) -> str:
        return (
            f"The predicate {quoted(self.predicate)} {self.why}; nothing was changed. "
            "Pass a plain function of one TrackedMessage, or aiogram's F."
        )


@dataclass(eq=False, repr=False)
class SessionUnavailable(TgslicesError, LookupError):
    """A handler requires a session where the update has no key for one.

    ``parameter`` is its name; None where the handler's flag, or an ``InSession`` around it, asks.
    """

    handler: str
    parameter: str | None
    event: str

    def __str__(self) -> str:
        asks, remedy = f"requires {self.parameter!r}", f"Annotate {self.parameter!r} as 'Session | None'"
        if self.parameter is None:
            asks, remedy = "runs inside a session", "Take the flag or InSession off it"
        return (
            f"{self.handler} {asks}, but there is no session, because the key strategy finds no key "
            f"in this {self.event} update. {remedy}, or do not handle {self.event} updates there."
        )


@dataclass(eq=False, repr=False)
class CannotSendThere(TgslicesError, TypeError):
    """A send wrapper was called whose method cannot reach the session's chat.

    ``tapped_in`` is the chat of the tap that an ephemeral message was to answer, where that is why.
    """

    method: str
    key: object
    tapped_in: int | None = None

    def __str__(self) -> str:
        if self.tapped_in is not None:
            return (
                f"{self.method} cannot reach the chat of {self.key}, because it answers a tap in chat "
                f"{self.tapped_in}. Send it through the session of the tap, sessions.of(tap), or with bot(...)."
            )
        return (
            f"{self.method} cannot reach the chat of {self.key}, because the Bot API sends it "
            "either only on business connections or never on one. "
            "Send it with bot(...) where it belongs, or use a session of the other kind of chat."
        )


@dataclass(eq=False, repr=False)
class ChatGiven(TgslicesError, TypeError):
    """A send wrapper was given a chat, although it sends into the session's own."""

    method: str
    given: object

    def __str__(self) -> str:
        return (
            f"{self.method} of a session was given {quoted(self.given)} as a chat, but it fills in the session's own. "
            f"Leave the chat out: session.{self.method}(...). "
            f"Write bot.{self.method}(...) to send elsewhere."
        )


@dataclass(eq=False, repr=False)
class ConfigurationError(TgslicesError, RuntimeError):
    """The library was wired in a way that cannot work. ``problem`` and ``remedy`` are whole sentences."""

    problem: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.problem} {self.remedy}"


@dataclass(eq=False, repr=False)
class InvalidStorage(TgslicesError, TypeError):
    """An object was given as a storage that does not fulfil the protocol. ``missing`` are methods that it lacks."""

    storage: object
    missing: tuple[str, ...]

    def __str__(self) -> str:
        name, missing = type(self.storage).__name__, ", ".join(self.missing)
        if isinstance(self.storage, str):
            return 'A text is no session storage. Open the storage of a URL: open_storage("sqlite:///slices.db").'
        if isinstance(self.storage, type):
            return f"{self.storage.__name__} is a class and no session storage. Pass an instance of it."
        if any(base.__module__.startswith("aiogram.fsm") for base in type(self.storage).__mro__):
            return (
                f"{name} keeps the states of aiogram's dispatcher and is no session storage. "
                "Leave it to Dispatcher(storage=...), and pass setup_sessions what open_storage(...) returns."
            )
        if all(method.endswith("_data") for method in self.missing):
            return (
                f"{name} keeps data only in part: it misses {missing}. Implement the whole of "
                "tgslices.storage.data_protocol.DataStorage, or nothing of it, to have data kept in memory."
            )
        if not {"add", "list", "remove", "clear"} & {*self.missing}:
            return (
                f"{name} is no durable session storage: it misses {missing}. Implement the whole of "
                "tgslices.storage.protocol.DurableSessionStorage, or only add, list, remove and clear, "
                "to have pending deletions kept in memory."
            )
        return (
            f"{name} is no session storage: it misses {missing}. "
            "Implement the four async methods of tgslices.SessionStorage: add, list, remove, clear."
        )


@dataclass(eq=False, repr=False)
class StorageError(TgslicesError, RuntimeError):
    """A storage could not be opened or used; what was recorded before is intact.

    ``problem`` and ``remedy`` are whole sentences; neither holds a password.
    """

    problem: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.problem} {self.remedy}"


class ValueRefused(StorageError, ValueError):
    """A storage refuses what was to be written, and would refuse it again; anything else can be written."""
