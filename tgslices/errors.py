"""Every error that the library raises on its own account.

One root, :class:`TgslicesError`; each error keeps what went wrong as data and ends its text with the remedy.
Refused deletions are not errors: they are entries of a :class:`~tgslices.model.ClearResult`.
"""

from __future__ import annotations


class TgslicesError(Exception):
    """The root of all errors of this library."""


class InvalidSessionKey(TgslicesError, ValueError):
    """A session key was asked for with a part that cannot be one."""

    def __init__(self, field: str, value: object, wanted: str) -> None:
        """Keep the name of the part, what was given, and what it must be."""
        super().__init__(field, value, wanted)
        self.field = field
        self.value = value
        self.wanted = wanted

    def __str__(self) -> str:
        """Name the part, what was given, and the remedy."""
        article = "an" if self.wanted.startswith(tuple("aeiou")) else "a"
        return (
            f"{self.field} of a session key is {self.value!r}, which is no {self.wanted}. "
            f"Pass {article} {self.wanted} as {self.field}."
        )


class InvalidTrackedMessage(TgslicesError, ValueError):
    """A tracked message was built with a part that no storage could keep."""

    def __init__(self, field: str, value: object, wanted: str) -> None:
        """Keep the name of the part, what was given, and what it must be."""
        super().__init__(field, value, wanted)
        self.field = field
        self.value = value
        self.wanted = wanted

    def __str__(self) -> str:
        """Name the part, what was given, and the remedy."""
        return f"{self.field} of a tracked message is {self.value!r}. Pass {self.wanted} instead."


class NotAMessage(TgslicesError, TypeError):
    """Something was to be tracked that is no message which a bot could delete."""

    def __init__(self, given: object, why: str) -> None:
        """Keep what was given and why it cannot be tracked."""
        super().__init__(given, why)
        self.given = given
        self.why = why

    def __str__(self) -> str:
        """Say what was given, why it does not work, and the remedy."""
        return (
            f"{type(self.given).__name__} cannot be tracked, because {self.why}. "
            "Pass a Message, or an Update or event that carries one."
        )


class PredicateFailed(TgslicesError, ValueError):
    """A predicate over tracked messages raised or is no plain callable; nothing was changed."""

    def __init__(self, predicate: object, why: str) -> None:
        """Keep the predicate and what was wrong with it."""
        super().__init__(predicate, why)
        self.predicate = predicate
        self.why = why

    def __str__(self) -> str:
        """Say what was wrong and the remedy."""
        return (
            f"The predicate {self.predicate!r} {self.why}; nothing was changed. "
            "Pass a plain function of one TrackedMessage, or aiogram's F."
        )


class SessionUnavailable(TgslicesError, LookupError):
    """A handler requires a session where the update has no key for one."""

    def __init__(self, handler: str, parameter: str | None, event: str) -> None:
        """Keep the handler's name, its parameter's name (None where its flag asks), and the kind of event."""
        super().__init__(handler, parameter, event)
        self.handler = handler
        self.parameter = parameter
        self.event = event

    def __str__(self) -> str:
        """Name the cause and the remedy."""
        asks = "runs inside a session by its flag" if self.parameter is None else f"requires {self.parameter!r}"
        remedy = (
            "Take the flag off it" if self.parameter is None else f"Annotate {self.parameter!r} as 'Session | None'"
        )
        return (
            f"{self.handler} {asks}, but there is no session, because the key strategy finds no key "
            f"in this {self.event} update. {remedy}, or do not handle {self.event} updates there."
        )


class CannotSendThere(TgslicesError, TypeError):
    """A send wrapper was called whose method cannot reach the session's chat."""

    def __init__(self, method: str, key: object) -> None:
        """Keep the method's name and the session's key."""
        super().__init__(method, key)
        self.method = method
        self.key = key

    def __str__(self) -> str:
        """Name the cause and the remedy."""
        return (
            f"{self.method} cannot reach the chat of {self.key}, because the Bot API sends it "
            "either only on business connections or never on one. "
            "Send it with bot(...) where it belongs, or use a session of the other kind of chat."
        )


class ConfigurationError(TgslicesError, RuntimeError):
    """The library was wired in a way that cannot work."""

    def __init__(self, problem: str, remedy: str) -> None:
        """Keep the problem and the remedy, both as whole sentences."""
        super().__init__(problem, remedy)
        self.problem = problem
        self.remedy = remedy

    def __str__(self) -> str:
        """Name the problem and the remedy."""
        return f"{self.problem} {self.remedy}"


class InvalidStorage(TgslicesError, TypeError):
    """An object was given as a storage that does not fulfil the protocol."""

    def __init__(self, storage: object, missing: tuple[str, ...]) -> None:
        """Keep the object and the names of the methods that it misses."""
        super().__init__(storage, missing)
        self.storage = storage
        self.missing = missing

    def __str__(self) -> str:
        """Name the missing methods and the remedy."""
        if isinstance(self.storage, type):
            return f"{self.storage.__name__} is a class and no session storage. Pass an instance of it."
        name, missing = type(self.storage).__name__, ", ".join(self.missing)
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


class StorageError(TgslicesError, RuntimeError):
    """A storage could not be opened or used; what was recorded before is intact."""

    def __init__(self, problem: str, remedy: str) -> None:
        """Keep the problem and the remedy, both as whole sentences; neither holds a password."""
        super().__init__(problem, remedy)
        self.problem = problem
        self.remedy = remedy

    def __str__(self) -> str:
        """Name the problem and the remedy."""
        return f"{self.problem} {self.remedy}"


class ValueRefused(StorageError, ValueError):
    """A storage refuses what was to be written, and would refuse it again; anything else can be written."""
