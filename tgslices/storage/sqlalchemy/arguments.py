"""What a storage may be made with, checked where types cannot, or where nobody checks types."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal, TypeAlias, get_args

from sqlalchemy import MetaData

from tgslices.errors import StorageError

Synchronous: TypeAlias = Literal["OFF", "NORMAL", "FULL", "EXTRA"]


def require_arguments(
    *,
    shared: object,
    create: object,
    prefix: object,
    schema: object,
    metadata: object,
    timeout: object,
    synchronous: object,
) -> None:
    """Check the arguments of a storage.

    Raises:
        StorageError: an argument cannot be used.
    """
    if not (shared is None or isinstance(shared, bool)):
        raise _wrong("shared", shared, "True, False or None", "Leave it out, or pass shared=True for several workers.")
    if not isinstance(create, bool):
        raise _wrong("create", create, "True or False", "Pass create=False to make the tables yourself.")
    if not isinstance(prefix, str):
        raise _wrong("prefix", prefix, "a text", "Leave it out, or pass one like 'my_bot_'.")
    if not (schema is None or isinstance(schema, str)):
        raise _wrong("schema", schema, "a text or None", "Leave it out, or name a schema of the database.")
    if not (metadata is None or isinstance(metadata, MetaData)):
        raise _wrong("metadata", metadata, "a MetaData of SQLAlchemy", "Leave it out, or pass your Base.metadata.")
    if not isinstance(timeout, timedelta) or timeout <= timedelta(0):
        raise StorageError(
            f"The timeout of a storage is {timeout!r}, which is no length of time.", "Pass timedelta(seconds=5)."
        )
    if synchronous not in get_args(Synchronous):
        raise StorageError(
            f"synchronous of a storage is {synchronous!r}, which SQLite does not know.",
            f"Pass one of {', '.join(get_args(Synchronous))}.",
        )


def _wrong(name: str, value: object, wanted: str, remedy: str) -> StorageError:
    # Named by its type, because a value in the wrong place may be a secret.
    return StorageError(f"{name} of a storage is no {type(value).__name__} but {wanted}.", remedy)
