"""Waits that grow with each failure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

_MAX_DOUBLINGS: Final = 30
"""More would leave the range of a timedelta; every wait has reached its most by then."""


@dataclass(frozen=True, slots=True)
class Doubling:
    """Waits of which each is twice the one before: ``first`` is the shortest, ``most`` the longest."""

    first: timedelta
    most: timedelta

    def after(self, failures: int) -> timedelta:
        """Return how long to wait after so many failures in a row, at least one."""
        doubled: int = 2 ** min(failures - 1, _MAX_DOUBLINGS)
        return min(self.first * doubled, self.most)
