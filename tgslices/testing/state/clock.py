"""The emulator's time, which runs like the real one and can be moved."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta


class Clock:
    """The time of messages and of their ages.

    It starts at the real time and goes on like it; `move` adds to it and `freeze` stops it.
    """

    __slots__ = ("_frozen_at", "_offset", "on_move")

    def __init__(self) -> None:
        self.on_move: Callable[[], None] = lambda: None
        self._offset = 0.0
        self._frozen_at: float | None = None

    def timestamp(self) -> float:
        """Seconds since the epoch, with fractions."""
        base = time.time() if self._frozen_at is None else self._frozen_at
        return base + self._offset

    def unix_time(self) -> int:
        """Whole seconds since the epoch, as Telegram dates messages."""
        return int(self.timestamp())

    def now(self) -> datetime:
        """The present moment, aware and in UTC."""
        return datetime.fromtimestamp(self.timestamp(), UTC)

    def move(self, by: timedelta) -> None:
        """Go forward by this much, or back if it is negative; what happens at a time happens then.

        Raises:
            TypeError: it is no ``timedelta``.
        """
        if not isinstance(by, timedelta):
            raise TypeError(f"the clock is moved by a timedelta, not by {by!r}: move(timedelta(hours=1))")
        self._offset += by.total_seconds()
        self.on_move()

    def freeze(self) -> None:
        """Stop the clock, so that only `move` changes it: for tests of exact ages."""
        if self._frozen_at is None:
            self._frozen_at = float(int(time.time()))
