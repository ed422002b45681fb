"""When things expire, kept in process memory in the order of their times."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from datetime import datetime
from heapq import heapify, heappop, heappush
from itertools import count
from typing import Final, Generic, TypeVar

T = TypeVar("T", bound=Hashable)

SLACK: Final = 64
"""How many outdated entries a small heap may have before it is built anew."""


class Expiries(Generic[T]):
    """Things by the time when they expire. What expires no more leaves less than twice its size behind."""

    __slots__ = ("_heap", "_serial", "_times")

    def __init__(self) -> None:
        self._times: dict[T, datetime] = {}
        self._heap: list[tuple[datetime, int, T]] = []
        self._serial = count()

    def __len__(self) -> int:
        return len(self._times)

    def set(self, thing: T, at: datetime | None) -> None:
        """Let a thing expire at a time, or not at all."""
        if self._times.get(thing) == at:
            return
        if at is None:
            del self._times[thing]
        else:
            self._times[thing] = at
            heappush(self._heap, (at, next(self._serial), thing))
        if len(self._heap) > 2 * len(self._times) + SLACK:
            self._heap = [(at, next(self._serial), thing) for thing, at in self._times.items()]
            heapify(self._heap)

    def expired(self, now: datetime, *, limit: int, unless: Callable[[T], bool]) -> list[T]:
        """Take out up to ``limit`` things that have expired, earliest first, and return them."""
        found: list[T] = []
        kept: list[tuple[datetime, int, T]] = []
        while self._heap and self._heap[0][0] <= now and len(found) < limit:
            entry = heappop(self._heap)
            at, _, thing = entry
            if self._times.get(thing) != at:
                continue
            if unless(thing):
                kept.append(entry)
            else:
                del self._times[thing]
                found.append(thing)
        for entry in kept:
            heappush(self._heap, entry)
        return found
