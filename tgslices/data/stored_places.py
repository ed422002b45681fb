"""What is stored of a session's data, wherever it is: the key of a place changes when its chat migrates."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Protocol

from tgslices.clock import Clock
from tgslices.data.held_fragment import DataPlace, Hold
from tgslices.data.renewal import LEASE
from tgslices.model import SessionKey
from tgslices.storage.data_protocol import DataStorage, StoredData


class Moves(Protocol):
    """What tells of chats that migrate."""

    @property
    def moving(self) -> Collection[object]:
        """The migrations at work; always the same object."""

    async def outlast_moves(self) -> bool:
        """Wait until the places have the new keys; tell whether there was anything to wait for."""


class StoredPlaces:
    """Asks a storage for data under the key that a place has, and once more when that was another one by then.

    What the storage had moved already is not found under the old key: what was changed there would be lost.
    """

    def __init__(self, storage: DataStorage, clock: Clock, moves: Moves | None) -> None:
        self._storage = storage
        self._clock = clock
        self._moves = moves

    async def hold(self, hold: Hold) -> Mapping[str, StoredData] | None:
        """Hold fragments, and return what is stored of them; None where somebody else has one."""
        while True:
            now, told = self._clock(), hold.told()
            found = await self._storage.hold_data(told, now=now, until=now + LEASE)
            if not await self._may_have_moved(hold.place, told.key):
                return found

    async def read(self, place: DataPlace, names: Collection[str]) -> Mapping[str, StoredData]:
        """Return what is stored of fragments. Waits for nobody who holds them."""
        while True:
            key = place.key
            found = await self._storage.read_data(key, names, now=self._clock())
            if not await self._may_have_moved(place, key):
                return found

    async def write(self, hold: Hold, changes: Mapping[str, StoredData | None], *, release: bool = True) -> bool:
        """Write fragments that are held; return False where another holder has taken one since."""
        told = hold.told()
        is_written = await self._storage.write_data(told, changes, release=release)
        if not await self._may_have_moved(hold.place, told.key):
            return is_written
        # Under the old key a drop, or a mere release, has nothing to do and says that it is done.
        return await self.write(hold, changes, release=release) or is_written

    async def _may_have_moved(self, place: DataPlace, key: SessionKey) -> bool:
        """Tell whether data of a place went to another key, or came to this one, while the storage was asked."""
        if self._moves is not None and self._moves.moving and await self._moves.outlast_moves():
            return True
        return place.key != key
