"""How far the leases of a round have come, so that none walks over what those before it have done with."""

from __future__ import annotations

from typing import TypeAlias

Floor: TypeAlias = tuple[int, int]
"""The time and the number of a row in the order of an index."""


class Floors:
    """Where the next lease of each bot begins.

    A row that was leased or deleted stays in PostgreSQL's index while any transaction is open that began before, and
    each lease would walk over all of them. A round ends when a lease finds less than it asked for: then the next one
    begins at the first row again, where others may have put something meanwhile. SQLite keeps nothing, and has no need.
    """

    __slots__ = ("_floors", "_is_used")

    def __init__(self, *, is_used: bool) -> None:
        self._is_used = is_used
        self._floors: dict[int, Floor] = {}

    def get(self, bot_id: int) -> Floor | None:
        """Return behind what the next lease begins, or None."""
        return self._floors.get(bot_id)

    def note(self, bot_id: int, floor: Floor | None) -> None:
        """Note the last row of a lease; None if it found less than it asked for."""
        if floor is None:
            self._floors.pop(bot_id, None)
        elif self._is_used:
            self._floors[bot_id] = floor

    def lower(self, bot_id: int, time: int) -> None:
        """Begin anew if something comes at a time that the round has passed."""
        floor = self._floors.get(bot_id)
        if floor is not None and time <= floor[0]:
            del self._floors[bot_id]
