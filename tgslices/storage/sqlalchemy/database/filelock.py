"""A lock file that tells processes on one machine whether a database belongs to one of them or to several.

The operating system releases it when its holder ends, however that happens. Where there is no ``fcntl`` (Windows),
nothing is detected.
"""

from __future__ import annotations

import os
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any

from tgslices.errors import StorageError

try:
    _fcntl: Any = import_module("fcntl")
except ImportError:  # pragma: no cover - Windows
    _fcntl = None


class FileLock:
    """Holds a lock file, alone or together with others, while its context is open."""

    def __init__(self, database: str, suffix: str, *, shared: bool) -> None:
        """Take nothing yet. The lock file stands beside the database, whose name it has with a suffix."""
        self._database = database
        self._path = Path(f"{database}-{suffix}")
        self._shared = shared
        self._file = -1

    def __enter__(self) -> None:
        """Take the lock.

        Raises:
            StorageError: others hold it in a way that does not go together with this one, or there can be no file.
        """
        if _fcntl is None:  # pragma: no cover - Windows
            return
        try:
            self._file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except OSError as error:
            raise StorageError(
                f"The lock file {self._path} cannot be opened ({error.strerror}).",
                "Give this process the right to write in that directory, or name another file.",
            ) from error
        try:
            _fcntl.flock(self._file, (_fcntl.LOCK_SH if self._shared else _fcntl.LOCK_EX) | _fcntl.LOCK_NB)
        except OSError:
            refusal = self._refusal()
            os.close(self._file)
            raise refusal from None
        # Who the owner is only helps to tell others; the lock holds without it, on a full disk for example.
        with suppress(OSError):
            os.ftruncate(self._file, 0)
            if not self._shared:
                os.pwrite(self._file, b"%d\n" % os.getpid(), 0)

    def __exit__(self, *_: object) -> None:
        """Release it. The file stays, because another process may be about to lock it."""
        if self._file >= 0:
            with suppress(OSError):
                if not self._shared:
                    os.ftruncate(self._file, 0)
            os.close(self._file)
            self._file = -1

    def _refusal(self) -> StorageError:
        database = self._database
        owner = os.pread(self._file, 32, 0).decode("ascii", "replace").strip()
        if not owner and not self._shared:
            return StorageError(
                f"The database {database} is shared by other processes, so it cannot be owned alone.",
                "Pass shared=True here as well, or stop them.",
            )
        if not owner:
            who = "another process"
        else:
            who = "another storage of this process" if owner == str(os.getpid()) else f"process {owner}"
        return StorageError(
            f"The database {database} is owned alone by {who}, which would miss what is opened here.",
            "Use that storage, or close it first; several at once must all be given shared=True.",
        )
