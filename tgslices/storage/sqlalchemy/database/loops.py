"""A storage lives in one event loop from when it is opened until it is closed."""

from __future__ import annotations

from tgslices.errors import StorageError


def other_loop() -> StorageError:
    """Return what is said to a caller in another event loop than the one in which the storage is open."""
    return StorageError(
        "The storage is open in another event loop, which its connections belong to.",
        "Await its aclose() before that loop ends, or make a storage for each loop.",
    )
