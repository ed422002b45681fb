"""How far the leases of a round have come, so that none walks over what those before it have done with."""

from __future__ import annotations

from datetime import timedelta
from typing import Final, NamedTuple, TypeAlias

from tgslices.model import MAX_WAIT

Floor: TypeAlias = tuple[int, int]
"""The time and the number of a row in the order of an index."""

_MAX_WAIT: Final = MAX_WAIT // timedelta(microseconds=1)

NO_FLOOR: Final[Floor] = (-(2**63), 0)
"""Is before every row."""


class Floors:
    """Where the next lease of each bot begins.

    What was leased stays in the order for a while. On PostgreSQL it is a dead row of the index, for as long as any
    transaction is open that began before. Sessions go by their limits, and stay on every database. Each lease would
    walk over all of it. A round ends when a lease finds less than it asked for, and when the first of its leases is
    over: what was leased may be due again then, and other workers may have put something before the floor. It ends when
    the clock steps back, too: a hold may be later then than any that counts.
    """

    __slots__ = ("_is_used", "_rounds")

    def __init__(self, *, is_used: bool = True) -> None:
        self._is_used = is_used
        self._rounds: dict[int, _Round] = {}

    def get(self, bot_id: int, now: int) -> Floor:
        """Return behind what the next lease begins."""
        there = self._rounds.get(bot_id)
        return there.floor if there is not None and there.latest <= now < there.ends_at else NO_FLOOR

    def note(self, bot_id: int, floor: Floor | None, now: int, until: int) -> None:
        """Note the last row of a lease; None if it found less than it asked for, or holds nothing."""
        there = self._rounds.pop(bot_id, None)
        if self._is_used and floor is not None and now < until <= now + _MAX_WAIT:
            ends_at = until if there is None or there.ends_at <= now else min(there.ends_at, until)
            self._rounds[bot_id] = _Round(floor, ends_at, now)

    def forget(self, bot_id: int) -> None:
        """Begin anew."""
        self._rounds.pop(bot_id, None)

    def lower(self, bot_id: int, time: int) -> None:
        """Begin anew if something comes at a time that the round has passed."""
        there = self._rounds.get(bot_id)
        if there is not None and time <= there.floor[0]:
            del self._rounds[bot_id]


class _Round(NamedTuple):
    floor: Floor
    ends_at: int
    latest: int
