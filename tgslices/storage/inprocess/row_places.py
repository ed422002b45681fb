"""The places of messages that are not where their key is, by number, each for as long as a row is there.

Nearly every message is in its key's own chat. The others are in another chat or business connection, or they are
ephemeral and have a place of their own each.
"""

from __future__ import annotations

from tgslices.storage.inprocess.packed_rows import HOME, Place, check_place


class Places:
    """Places by number and back, with the number of rows at each. The number of home is nobody's."""

    __slots__ = ("_last", "_numbers", "_places", "_rows")

    def __init__(self) -> None:
        """Start without any place."""
        self._numbers: dict[Place, int] = {}
        self._places: dict[int, Place] = {}
        self._rows: dict[int, int] = {}
        self._last = HOME

    def __len__(self) -> int:
        """Return how many places there are; 0 for most bots at most times."""
        return len(self._places)

    def __getitem__(self, number: int) -> Place:
        """Return the place of a number."""
        return self._places[number]

    def find(self, place: Place) -> int | None:
        """Return the number of a place where rows are, or None."""
        return self._numbers.get(place)

    def take(self, place: Place) -> int:
        """Count one more row at a place; return its number.

        Raises:
            InvalidTrackedMessage: the place has an id that is no 64-bit integer.
        """
        number = self._numbers.get(place)
        if number is None:
            check_place(place)
            number = self._last = self._last + 1
            self._numbers[place] = number
            self._places[number] = place
            self._rows[number] = 0
        self._rows[number] += 1
        return number

    def leave(self, number: int) -> None:
        """Count one row less at the place of a number, if it is not home."""
        if number == HOME:
            return
        self._rows[number] -= 1
        if not self._rows[number]:
            del self._rows[number], self._numbers[self._places.pop(number)]
        if not self._places:
            self._last = HOME
