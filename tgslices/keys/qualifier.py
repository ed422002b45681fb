"""The qualifier of the session that a handler's parameter or flag means."""

from __future__ import annotations

from dataclasses import dataclass

from tgslices.errors import ConfigurationError, InvalidSessionKey, quoted


@dataclass(frozen=True, slots=True)
class SessionQualifier:
    """Names the session that a handler's parameter or flag means: ``Annotated[Session, SessionQualifier("order")]``.

    With ``collect=False`` it is a handle that never opens the session: it looks, clears, tracks and sends.

    Raises:
        InvalidSessionKey: the name is no string.
        ConfigurationError: ``collect`` is neither True nor False.
    """

    name: str | None = None
    collect: bool = True

    def __post_init__(self) -> None:
        """Refuse what could not be a qualifier."""
        if self.name is not None and not isinstance(self.name, str):
            raise InvalidSessionKey("qualifier", self.name, "string")
        if not isinstance(self.collect, bool):
            raise ConfigurationError(f"collect is {quoted(self.collect)}.", "Pass True or False as collect.")
