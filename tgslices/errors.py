"""Every error that the library raises on its own account.

One root, :class:`TgslicesError`; each error keeps what went wrong as data and ends its text with the remedy.
Refused deletions are not errors: they are entries of a :class:`~tgslices.results.ClearResult`.

Past 300 lines, because a reader looks for every error in one place.
"""

from __future__ import annotations

import inspect
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Final

_MAX_QUOTED: Final = 80
_MAY_BE_SECRET: Final = re.compile(r"[:/]|[\w-]{33}")
"""What tokens and addresses with passwords contain, and no @username does."""


def quoted(value: object) -> str:
    """Return a value as an error text may quote it: never what may be a token or a password, never pages of fields."""
    if isinstance(value, Enum):
        return f"{type(value).__name__}.{value.name}"
    if isinstance(value, type):
        return f"the class {value.__name__}"
    if inspect.ismethod(value):  # its own text has that of its object, which may be anything
        return f"the method {value.__qualname__}"
    if isinstance(value, datetime | timedelta) or inspect.isroutine(value):
        return repr(value)
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
    remedy: str = "Session | None"
    """The annotation of a parameter that may be without one."""

    def __str__(self) -> str:
        asks = f"requires {self.parameter!r}"
        remedy = f"Annotate {self.parameter!r} as '{self.remedy}'"
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
class UnknownMark(TgslicesError, LookupError):
    """A session was to go back to a mark that it does not have; nothing was changed. ``marks`` are those it has."""

    name: str
    marks: tuple[str, ...]

    def __str__(self) -> str:
        known = f"it has {', '.join(map(repr, self.marks))}" if self.marks else "it has none"
        return (
            f"The session has no mark {self.name!r}; {known}. Set it with session.mark({self.name!r}) before; "
            "clear(), close() and going back to an earlier mark drop marks."
        )


@dataclass(eq=False, repr=False)
class DataRefused(TgslicesError, ValueError):
    """A value of session data cannot be kept, or what is stored cannot be read; what is stored stays as it is.

    ``path`` is the way to the part that is refused, as Python would write it; empty for the whole.
    """

    fragment: str
    path: str
    why: str
    is_stored: bool = False

    def __str__(self) -> str:
        part = f"its part {self.path}" if self.path else "it"
        if self.is_stored:
            return (
                f"What is stored as {self.fragment} was refused: {part} {self.why}. It stays as it is. "
                "Raise the version of its SessionData and give an upgrade, or write another value."
            )
        return (
            f"{self.fragment} was refused: {part} {self.why}. Nothing was written. "
            "Change the value, or the type of its SessionData."
        )


class DataTooNew(DataRefused):
    """Session data was written by a newer version of the bot; it stays as it is."""

    def __init__(self, fragment: str, stored: int, known: int) -> None:
        super().__init__(fragment, "", f"has version {stored}, and this code knows {known}", is_stored=True)
        self.stored = stored
        self.known = known

    def __str__(self) -> str:
        return (
            f"What is stored as {self.fragment} has version {self.stored}, but this code knows versions up to "
            f"{self.known}. It stays as it is. Run the newer version of the bot."
        )


@dataclass(eq=False, repr=False)
class DataConflict(TgslicesError, RuntimeError):
    """Session data went to another holder, because a handler had it for longer than its lease, or was erased.

    Nothing of that session was written; of others that were held with it, something may be.
    """

    fragments: tuple[str, ...]
    key: object

    def __str__(self) -> str:
        return (
            f"{' and '.join(self.fragments)} of {self.key} went to another holder before the change was written, "
            "because this process stood still for too long, or the person was erased meanwhile. Nothing of it was "
            "written. Load it anew and change it again, or use session.data(...).update(function), which does so."
        )


@dataclass(eq=False, repr=False)
class DataBusy(TgslicesError, TimeoutError):
    """Session data was held by somebody else for as long as ``patience`` allows; nothing was changed."""

    fragments: tuple[str, ...]
    key: object
    patience: timedelta

    def __str__(self) -> str:
        return (
            f"{' and '.join(self.fragments)} of {self.key} was held by another handler for {self.patience}. "
            "Hold data for a short time, pass it to tasks that you start and wait for, "
            "and take several fragments as parameters of one handler, which never wait in a circle."
        )

    def __reduce__(self) -> tuple[type[DataBusy], tuple[object, ...]]:
        return DataBusy, (self.fragments, self.key, self.patience)  # an OSError would be made anew without arguments


@dataclass(eq=False, repr=False)
class StorageError(TgslicesError, RuntimeError):
    """A storage could not be opened or used; what was recorded before is intact.

    ``problem`` and ``remedy`` are whole sentences; neither holds a password.
    """

    problem: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.problem} {self.remedy}"


class OtherSchema(StorageError):
    """A storage was written by another release, whose schema this one does not use as it is. Nothing was changed."""


class ValueRefused(StorageError, ValueError):
    """A storage refuses what was to be written, and would refuse it again; anything else can be written."""
