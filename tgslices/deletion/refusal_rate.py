"""How likely a group of messages is to be accepted, judged by what was accepted and refused before it. Pure."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from typing import Final

REFUSED_BEFORE: Final = 0.3
ACCEPTED_BEFORE: Final = 4.0
"""What is believed before the first answer, as counts (a Beta prior): few messages are refused, but it is not certain.

With the memory below, these were chosen so that every bound of ``docs/deleting-messages.md`` holds with room to spare.
"""

MEMORY: Final = 20.0
"""How many messages back an answer still counts in full. Neighbours share their fate, so what is near tells more: runs
of refused messages cost up to a fifth less than with an endless memory, refused ones at random places no more."""


class RefusalRate:
    """Counts of accepted and refused messages, kept apart by stratum; a stratum is whatever may share its fate."""

    def __init__(self) -> None:
        self._counts: dict[Hashable, tuple[float, float]] = {}

    def note(self, stratum: Hashable, *, accepted: int = 0, refused: int = 0) -> None:
        """Count messages of one stratum whose fate is known now, those accepted first."""
        had_accepted, had_refused = self._counts.get(stratum, (0.0, 0.0))
        had_accepted, had_refused = _add(had_accepted, had_refused, accepted)
        had_refused, had_accepted = _add(had_refused, had_accepted, refused)
        self._counts[stratum] = had_accepted, had_refused

    def chances(self, strata: Iterable[Hashable], *, presumed: Iterable[Hashable] = ()) -> list[float]:
        """Return for every prefix of some messages how likely all of it is to be accepted, the shortest first.

        ``presumed`` names the strata of messages that are bound to be refused but are not found yet.
        """
        believed: dict[Hashable, tuple[float, float]] = {}
        for stratum in presumed:
            accepted, refused = believed.get(stratum) or self._belief(stratum)
            believed[stratum] = accepted, refused + 1
        chance = 1.0
        prefixes = []
        for stratum in strata:
            accepted, refused = believed.get(stratum) or self._belief(stratum)
            chance *= accepted / (accepted + refused)
            believed[stratum] = accepted + 1, refused
            prefixes.append(chance)
        return prefixes

    def _belief(self, stratum: Hashable) -> tuple[float, float]:
        accepted, refused = self._counts.get(stratum, (0.0, 0.0))
        return accepted + ACCEPTED_BEFORE, refused + REFUSED_BEFORE


def _add(these: float, others: float, more: int) -> tuple[float, float]:
    """Add to one count, one by one, and let both fade so that they never exceed the memory."""
    room = min(MEMORY - these - others, more)
    faded = others * (MEMORY / (MEMORY + 1)) ** (more - room)
    return (these + more if room == more else MEMORY - faded), faded
