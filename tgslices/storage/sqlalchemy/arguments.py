"""What a storage may be made with, checked where types cannot, or where nobody checks types."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final, Literal, TypeAlias, get_args

from sqlalchemy import MetaData

from tgslices.errors import StorageError, quoted

Synchronous: TypeAlias = Literal["OFF", "NORMAL", "FULL", "EXTRA"]


_TYPES: Final = (
    ("shared", bool | None, "True, False or None", "Leave it out, or pass shared=True for several workers."),
    ("reads_only", bool, "True or False", "Leave it out, or pass reads_only=True to look and change nothing."),
    ("create", bool, "True or False", "Pass create=False to make the tables yourself."),
    ("prefix", str, "a text", "Leave it out, or pass one like 'my_bot_'."),
    ("schema", str | None, "a text or None", "Leave it out, or name a schema of the database."),
    ("metadata", MetaData | None, "a MetaData of SQLAlchemy", "Leave it out, or pass your Base.metadata."),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Arguments:
    """The arguments of a storage but for its URL.

    Raises:
        StorageError: one of them cannot be used.
    """

    shared: bool | None
    create: bool
    prefix: str
    schema: str | None
    metadata: MetaData | None
    timeout: timedelta
    synchronous: Synchronous
    reads_only: bool = False

    def __post_init__(self) -> None:
        """Refuse what types would refuse."""
        for name, types, wanted, remedy in _TYPES:
            value = getattr(self, name)
            if not isinstance(value, types):
                # Named by its type, because a value in the wrong place may be a secret.
                raise StorageError(f"{name} of a storage is no {type(value).__name__} but {wanted}.", remedy)
        if not isinstance(self.timeout, timedelta) or self.timeout <= timedelta(0):
            raise StorageError(
                f"The timeout of a storage is {quoted(self.timeout)}, which is no length of time.",
                "Pass timedelta(seconds=5).",
            )
        if self.synchronous not in get_args(Synchronous):
            raise StorageError(
                f"synchronous of a storage is {quoted(self.synchronous)}, which SQLite does not know.",
                f"Pass one of {', '.join(get_args(Synchronous))}.",
            )
