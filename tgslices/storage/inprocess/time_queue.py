"""Keys by a time each, the earliest first, of which any may be moved or dropped at any time."""

from __future__ import annotations

from collections.abc import Callable, Generator, Hashable
from contextlib import closing
from datetime import datetime
from heapq import heapify, heappop, heappush
from itertools import count
from typing import Final, Generic, TypeVar

K = TypeVar("K", bound=Hashable)

_MIN_ROOM: Final = 64
"""How many items that are out of date a heap may hold whatever its size."""


class TimeQueue(Generic[K]):
    """A heap. What was moved or dropped stays in it until it comes up, or until it outweighs the rest."""

    __slots__ = ("_heap", "_serial", "_there", "latest")

    def __init__(self) -> None:
        self._there: dict[K, tuple[datetime, int]] = {}
        self._heap: list[tuple[datetime, int, K]] = []
        self._serial = count()
        self.latest: datetime | None = None
        """No key has a later time. It falls only when the queue is empty, or on :meth:`find_latest`."""

    def __len__(self) -> int:
        return len(self._there)

    def get(self, key: K) -> datetime | None:
        """Return the time of a key, or None."""
        there = self._there.get(key)
        return None if there is None else there[0]

    def put(self, key: K, time: datetime) -> None:
        """Set the time of a key."""
        serial = next(self._serial)  # keys do not compare
        self._there[key] = time, serial
        heappush(self._heap, (time, serial, key))
        if self.latest is None or time > self.latest:
            self.latest = time
        self._compact()

    def drop(self, key: K) -> datetime | None:
        """Remove a key; return its time, or None."""
        there = self._there.pop(key, None)
        if not self._there:
            self._heap, self.latest = [], None
        return None if there is None else there[0]

    def first(self) -> datetime | None:
        """Return the earliest time."""
        while self._heap and self._is_stale(self._heap[0]):
            heappop(self._heap)
        return self._heap[0][0] if self._heap else None

    def take_until(self, time: datetime) -> list[tuple[datetime, K]]:
        """Remove the keys whose time is not later; return times and keys."""
        taken: list[tuple[datetime, K]] = []
        while self._heap and self._heap[0][0] <= time:
            at, serial, key = heappop(self._heap)
            if self._there.get(key, (None, None))[1] == serial:
                self.drop(key)
                taken.append((at, key))
        return taken

    def take_first(self, is_wanted: Callable[[K], bool], *, limit: int, of: int) -> list[tuple[datetime, K]]:
        """Remove the earliest keys that are wanted, among the first ``of`` at most; return times and keys."""
        taken: list[tuple[datetime, K]] = []
        others: list[tuple[datetime, int, K]] = []
        while self._heap and len(taken) < limit and len(taken) + len(others) < of:
            item = heappop(self._heap)
            if self._is_stale(item):
                continue
            if is_wanted(item[2]):
                taken.append((item[0], item[2]))
            else:
                others.append(item)
        for item in others:
            heappush(self._heap, item)
        for _, key in taken:
            self.drop(key)
        return taken

    def walking(self) -> Generator[tuple[datetime, K]]:
        """Yield times and keys, the earliest first. Nothing may be changed before the generator is closed."""
        with closing(self.numbered()) as walk:
            for time, _, key in walk:
                yield time, key

    def numbered(self) -> Generator[tuple[datetime, int, K]]:
        """Do the same, with a number for each key that orders those of one time."""
        walked: list[tuple[datetime, int, K]] = []
        try:
            while self._heap:
                item = heappop(self._heap)
                if not self._is_stale(item):
                    walked.append(item)
                    yield item
        finally:
            for item in walked:
                heappush(self._heap, item)

    def find_latest(self) -> datetime | None:
        """Return the latest time, by a look at every key."""
        self.latest = max((time for time, _ in self._there.values()), default=None)
        return self.latest

    def later_than(self, time: datetime) -> list[K]:
        """Return the keys whose time is later, the earliest first, by a look at every key."""
        late = sorted((there, key) for key, there in self._there.items() if there[0] > time)
        return [key for _, key in late]

    def _is_stale(self, item: tuple[datetime, int, K]) -> bool:
        there = self._there.get(item[2])
        return there is None or there[1] != item[1]

    def _compact(self) -> None:
        if len(self._heap) > 2 * len(self._there) + _MIN_ROOM:
            self._heap = [(time, serial, key) for key, (time, serial) in self._there.items()]
            heapify(self._heap)
