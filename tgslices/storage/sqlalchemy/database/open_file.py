"""The file of a database, watched: one that was removed or replaced is written to in silence otherwise."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Final

from tgslices.errors import StorageError

_REMEDY: Final = (
    "Put it back, or close the storage and start it again with the file that is there. Nothing was written."
)


@dataclass(frozen=True, slots=True)
class OpenFile:
    """A file as it was when its connections were opened; ``found`` is None if nobody could look."""

    path: str
    found: os.stat_result | None

    @classmethod
    def at(cls, path: str) -> OpenFile:
        """Return the file that is there now."""
        try:
            return cls(path, os.stat(path))  # noqa: PTH116 - the path is a text
        except OSError:
            return cls(path, None)

    def require_in_place(self) -> None:
        """Check that the path leads to this file still. Costs about two microseconds.

        Raises:
            StorageError: the file was removed or replaced, so that nobody would find what is written there.
        """
        if self.found is None:
            return
        try:
            now = os.stat(self.path)  # noqa: PTH116 - the path is a text
        except FileNotFoundError:
            raise StorageError(f"The database {self.path} was removed while it was open.", _REMEDY) from None
        except OSError:
            return  # what can still be written says itself what is wrong
        if not os.path.samestat(now, self.found):
            raise StorageError(f"The database {self.path} was replaced while it was open.", _REMEDY)
