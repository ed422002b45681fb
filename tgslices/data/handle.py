"""A session's data by hand: ``session.data(FORM)``."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Any, Generic, TypeVar

from tgslices.data.block import DataBlock, value_of_this_task
from tgslices.data.declaration import SessionData
from tgslices.data.held_fragment import DataPlace, Held, Wanted
from tgslices.data.process_holds import Holds
from tgslices.data.shapes import become
from tgslices.errors import ConfigurationError, DataConflict, DataTooNew
from tgslices.event_loop.async_callables import is_async
from tgslices.storage.data_protocol import StoredData

T = TypeVar("T")


class DataHandle(Generic[T]):
    """One fragment of one session: to hold during a block, to look at, to write, to update and to drop.

    Every method raises whatever the storage raises when it is down, and changes nothing then.
    """

    def __init__(
        self,
        holds: Holds,
        place: DataPlace,
        fragment: SessionData[T],
        *,
        after_drop: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        """``after_drop`` forgets what else is kept of the fragment, when it was dropped."""
        self._after_drop = after_drop
        self._holds = holds
        self._wanted = Wanted(place, fragment)
        self._entered: list[tuple[asyncio.Task[Any] | None, DataBlock]] = []

    def __repr__(self) -> str:
        return f"DataHandle({self._fragment.name!r} of {self._wanted.place.key})"

    @property
    def _fragment(self) -> SessionData[T]:
        return self._wanted.fragment

    async def __aenter__(self) -> T:
        """Hold the data until the block is left, and return the value, to be changed in place.

        What has changed is written when the block ends, and not when it raises. A block inside one of the same task
        gets the same value, which the outer one writes.

        Raises:
            DataBusy: somebody else holds it for longer than ``patience``.
            DataRefused: what is stored cannot be read.
        """
        block = DataBlock(self._holds, [self._wanted])
        (value,) = await block.__aenter__()
        self._entered.append((asyncio.current_task(), block))
        return value  # type: ignore[no-any-return]  # of the fragment's type

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Write what has changed, unless the block raised.

        Raises:
            DataRefused: the value cannot be kept; nothing was written.
            DataConflict: this process stood still for longer than a lease, and another has it now; nothing was written.
        """
        task = asyncio.current_task()
        mine = [at for at, (entered_by, _) in enumerate(self._entered) if entered_by is task]
        block = self._entered.pop(mine[-1] if mine else -1)[1]
        await block.__aexit__(exc_type, exc, traceback)

    async def read(self) -> T:
        """Return a copy of the value, to look at; a new one where nothing is stored. Waits for nobody.

        Raises:
            DataRefused: what is stored cannot be read.
        """
        mine: T | None = value_of_this_task(self._holds, self._wanted)
        if mine is not None:
            return self._fragment.coding.copy(mine)
        name = self._fragment.name
        found = await self._holds.places.read(self._wanted.place, (name,))
        return self._fragment.value_of(found.get(name))

    async def write(self, value: T) -> None:
        """Keep a value in place of what is stored, at once. Waits as a block does.

        Raises:
            DataRefused: the value cannot be kept; nothing was written.
            DataTooNew: a newer version of the code has written what is stored, which stays; drop it first.
            DataBusy: somebody else holds it for longer than ``patience``.
            DataConflict: this process stood still for longer than a lease; nothing was written.
        """
        text = self._fragment.coding.encode_surely(value)
        held = await self._write(self._fragment.stored(text, self._holds.clock()))
        if held is not None and held.value is not value:
            held.become(self._fragment.coding.copy(value))

    async def drop(self) -> None:
        """Forget what is stored, at once, and what marks of the session remember of it. Waits as a block does.

        A block around keeps its value, and writes what is changed later.

        Raises:
            DataBusy: somebody else holds it for longer than ``patience``.
            DataConflict: this process stood still for longer than a lease; nothing was written.
        """
        await self._write(None)
        if self._after_drop is not None:
            await self._after_drop()

    async def update(self, function: Callable[[T], T | None]) -> T:
        """Read, change and write in one short step; return what is stored then, which nobody else has.

        ``function`` changes the value in place, or returns another one. It is called again when another holder came
        between; inside a block of the same task it changes the block's value.

        Raises:
            DataRefused: what is stored cannot be read, or the value cannot be kept; nothing was written.
            DataBusy: others hold it for longer than ``patience``.
            ConfigurationError: the function is asynchronous.
        """
        if is_async(function):
            raise ConfigurationError(
                f"The update of {self._fragment.name} is an asynchronous function.",
                "Pass a plain one, or write async with session.data(...) as value.",
            )
        mine: T | None = value_of_this_task(self._holds, self._wanted)
        if mine is not None:
            return self._update_of_block(function, mine)
        deadline = asyncio.get_running_loop().time() + self._holds.patience.total_seconds()
        while True:
            try:
                async with self as value:
                    self._apply(function, value)
            except DataConflict:
                if asyncio.get_running_loop().time() > deadline:
                    raise
            else:
                return value

    def _update_of_block(self, function: Callable[[T], T | None], value: T) -> T:
        """Change the value of a block around; a function that raises half-way leaves it as it was."""
        before = self._fragment.coding.copy(value)
        try:
            self._apply(function, value)
        except BaseException:
            become(value, before)
            raise
        return self._fragment.coding.copy(value)

    def _apply(self, function: Callable[[T], T | None], value: T) -> None:
        result = function(value)
        if result is not None and result is not value:
            become(value, self._fragment.coding.copy(result))

    async def _write(self, stored: StoredData | None) -> Held | None:
        """Write at once, by the hold of this task or by one of its own; return what this task had loaded."""
        change = {self._fragment.name: stored}
        mine = self._holds.of_this_task(self._wanted)
        if mine is None:
            taken = await self._holds.take([self._wanted], load=False)
            try:
                self._require_no_newer(stored, taken.holds[0].found.get(self._fragment.name))
            except DataTooNew:
                self._holds.give_back(taken)
                raise
            await self._holds.write_changes(taken, [change])
            return None
        hold, held = mine
        # Before the storage is waited for, because what changes meanwhile is not what was written.
        text = None if held is None else held.text_now()
        if not await self._holds.places.write(hold, change, release=False):
            raise DataConflict((self._fragment.name,), hold.place.key)
        if held is not None:
            held.regard_as_written(text)
        return held

    def _require_no_newer(self, given: StoredData | None, there: StoredData | None) -> None:
        """Leave what a newer version of the code has written alone; who wants it gone drops it."""
        if given is not None and there is not None and there.version > given.version:
            raise DataTooNew(self._fragment.name, there.version, given.version)
