"""Values by small numbers, each for as long as a row refers to it.

Nearly every message is in its key's own chat and in no album. The places and albums of the others are kept here once,
and rows have their numbers.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import Final, Generic, TypeVar

V = TypeVar("V", bound=Hashable)

NOBODY: Final = 0
"""The number that no value gets."""


class Numbered(Generic[V]):
    """Values by number and back, with how often each is taken. Numbers of values that are gone are used again."""

    __slots__ = ("_free", "_numbers", "_taken", "_values")

    def __init__(self) -> None:
        self._numbers: dict[V, int] = {}
        self._values: dict[int, V] = {}
        self._taken: dict[int, int] = {}
        self._free: list[int] = []

    def __len__(self) -> int:
        """Return how many values there are; 0 for most bots at most times."""
        return len(self._values)

    def __getitem__(self, number: int) -> V:
        return self._values[number]

    def find(self, value: V) -> int | None:
        """Return the number of a value, or None."""
        return self._numbers.get(value)

    def take(self, value: V) -> int:
        """Take a value once more; return its number."""
        number = self._numbers.get(value)
        if number is None:
            number = self._free.pop() if self._free else len(self._values) + 1
            self._numbers[value] = number
            self._values[number] = value
            self._taken[number] = 0
        self._taken[number] += 1
        return number

    def leave(self, number: int) -> None:
        """Take the value of a number once less, if it is a value's."""
        if number == NOBODY:
            return
        self._taken[number] -= 1
        if not self._taken[number]:
            del self._taken[number], self._numbers[self._values.pop(number)]
            self._free.append(number)
        if not self._values:
            self._free.clear()
