"""A block that holds fragments: they are loaded together when it is entered, and written when it ends."""

from __future__ import annotations

from collections.abc import Sequence
from types import TracebackType
from typing import Any

from tgslices.data.declaration import require_one_type
from tgslices.data.held_fragment import Wanted
from tgslices.data.process_holds import Holds, Taken


def value_of_this_task(holds: Holds, wanted: Wanted) -> Any:
    """Return the value that the running task has of a fragment; None if it has none.

    Raises:
        ConfigurationError: it has one of another type under this name.
    """
    mine = holds.of_this_task(wanted)
    if mine is None or mine[1] is None:
        return None
    require_one_type(mine[1].wanted.fragment, wanted.fragment)
    return mine[1].value


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
            ConfigurationError: a block around has it under this name as another type.
        """
        wanted = self._wanted
        had = [value_of_this_task(self._holds, each) for each in wanted]
        if len(wanted) == 1 and had[0] is None:  # as mostly, without the detour
            self._taken = taken = await self._holds.take(wanted)
            return [taken.holds[0].helds[0].value]
        missing = {each.name: each for each, value in zip(wanted, had, strict=True) if value is None}
        if not missing:
            return had
        self._taken = taken = await self._holds.take(list(missing.values()))
        values = {held.wanted.name: held.value for hold in taken.holds for held in hold.helds}
        return [values[each.name] if value is None else value for each, value in zip(wanted, had, strict=True)]

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
