"""A lock file that tells processes on one machine whether a database belongs to one of them or to several.

The operating system releases it when its holder ends, however that happens. Where there is no ``fcntl`` (Windows),
nothing is detected.
"""

from __future__ import annotations

import errno
import os
import stat
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any, Final, Self
from weakref import WeakSet

from tgslices.errors import StorageError

try:
    _fcntl: Any = import_module("fcntl")
except ImportError:  # pragma: no cover - Windows
    _fcntl = None

MAX_REMOVALS: Final = 10
"""How often the file may be removed by others while it is being locked."""


class FileLock:
    """Holds a lock file, alone or together with others, while its context is open."""

    def __init__(self, database: str, suffix: str, *, shared: bool) -> None:
        """Take nothing yet. The lock file stands beside the database, whose name it has with a suffix."""
        self._database = database
        self._path = Path(f"{database}-{suffix}")
        self._shared = shared
        self._file = -1

    def __enter__(self) -> Self:
        """Take the lock.

        Raises:
            StorageError: others hold it in a way that does not go together with this one, or there can be no file.
        """
        if _fcntl is not None:
            self._file = self._take()
            _HELD.add(self)
        return self

    def __exit__(self, *_: object) -> None:
        """Release it. The file stays, because another process may be about to lock it."""
        if self._file >= 0:
            with suppress(OSError):
                if not self._shared:
                    os.ftruncate(self._file, 0)
            self.let_go()

    def let_go(self) -> None:
        """Close the file and leave it as it is. A forked child does so, and its parent goes on holding the lock."""
        _HELD.discard(self)
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def require_held(self) -> None:
        """Check that the file is still the one that others would lock. One that was removed is made again.

        Raises:
            StorageError: another file is in its place, by which another process may have owned the database.
        """
        if self._file < 0 or self._is_in_place(self._file):
            return
        if os.path.lexists(self._path):
            raise StorageError(
                f"The lock file {self._path} was replaced, so another process may own the database as well.",
                "Stop whatever removes it, close the storage and start it again. Nothing was written.",
            )
        file = self._take()
        os.close(self._file)
        self._file = file

    def _take(self) -> int:
        """Return the locked file that is in its place, whoever removes it meanwhile."""
        for _ in range(MAX_REMOVALS):
            file = self._open()
            try:
                self._lock(file)
                if self._is_in_place(file):
                    self._sign(file)
                    return file
            except BaseException:
                os.close(file)
                raise
            os.close(file)
        raise StorageError(
            f"The lock file {self._path} is removed again and again.", "Stop whatever removes it: it belongs there."
        )

    def _open(self) -> int:
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
        mode = self._mode()
        try:
            file = os.open(self._path, flags, mode)
        except OSError as error:
            if error.errno in (errno.ELOOP, errno.EMLINK):
                raise self._no_plain_file() from None
            raise StorageError(
                f"The lock file {self._path} cannot be opened ({error.strerror}).",
                "Give this process the right to write in that directory, or name another file.",
            ) from error
        found = os.fstat(file)
        if not stat.S_ISREG(found.st_mode) or found.st_nlink > 1:
            os.close(file)
            raise self._no_plain_file()
        if stat.S_IMODE(found.st_mode) != mode:
            with suppress(OSError):  # it may be another user's
                os.fchmod(file, mode)
        return file

    def _mode(self) -> int:
        """Return the permissions of the file: whoever may write the database may lock it, and nobody else."""
        try:
            writers = os.stat(self._database).st_mode & 0o222  # noqa: PTH116 - the path is a text
        except OSError:
            writers = 0
        return 0o600 | writers | writers << 1

    def _lock(self, file: int) -> None:
        try:
            _fcntl.flock(file, (_fcntl.LOCK_SH if self._shared else _fcntl.LOCK_EX) | _fcntl.LOCK_NB)
        except OSError:
            raise self._refusal(file) from None

    def _is_in_place(self, file: int) -> bool:
        """Tell whether the path leads to this file, and not to another one or to nothing."""
        try:
            return os.path.samestat(os.fstat(file), os.lstat(self._path))
        except OSError:
            return False

    def _sign(self, file: int) -> None:
        """Write who the owner is, to tell others; the lock holds without it, on a full disk for example."""
        with suppress(OSError):
            os.ftruncate(file, 0)
            if not self._shared:
                os.pwrite(file, b"%d\n" % os.getpid(), 0)

    def _no_plain_file(self) -> StorageError:
        return StorageError(
            f"The lock file {self._path} is a link or no plain file, so it was left alone.",
            "Remove it, and see who may write in that directory.",
        )

    def _refusal(self, file: int) -> StorageError:
        database = self._database
        owner = os.pread(file, 32, 0).decode("ascii", "replace").strip()
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


_HELD: Final[WeakSet[FileLock]] = WeakSet()


def _let_go_in_child() -> None:
    """Keep a forked child from holding the locks of its parent, which would outlive the parent by it."""
    for lock in list(_HELD):
        lock.let_go()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_let_go_in_child)
