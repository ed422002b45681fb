"""A block that holds fragments: they are loaded together when it is entered, and written when it ends."""

from __future__ import annotations

from collections.abc import Sequence
from types import TracebackType
from typing import Any

from tgslices.data.held import Wanted
from tgslices.data.holds import Holds, Taken


class DataBlock:
    """Holds fragments for the task that enters it; what that task has already is shared with the block around."""

    __slots__ = ("_holds", "_taken", "_wanted")

    def __init__(self, holds: Holds, wanted: Sequence[Wanted]) -> None:
        self._holds = holds
        self._wanted = wanted
        self._taken: Taken | None = None

    async def __aenter__(self) -> list[Any]:
        """Return the values, in the order in which they are wanted; the same object where one is wanted twice.

        Raises:
            DataBusy: somebody else has one of them for longer than ``patience``.
            DataRefused: what is stored of one cannot be read.
        """
        missing = {each.name: each for each in self._wanted if self._holds.value_of(each) is None}
        if missing:
            self._taken = await self._holds.take(list(missing.values()))
        return [self._holds.value_of(each) for each in self._wanted]

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Write what has changed, unless the block raised.

        Raises:
            DataRefused: a value cannot be kept; nothing was written.
            DataConflict: this process stood still for longer than a lease, and another has it now; nothing was written.
        """
        if self._taken is None:
            return
        if exc_type is None:
            await self._holds.write(self._taken)
        else:
            self._holds.give_back(self._taken)
