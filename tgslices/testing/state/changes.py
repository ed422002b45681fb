"""Telling those who wait that the world has changed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import Final

ASK_EVERY: Final = timedelta(milliseconds=50)
"""How often a condition is asked while nothing changes: it may be about something that is not of this world."""


class Changes:
    """Wakes everybody who waits whenever something has changed."""

    __slots__ = ("_waiters", "count")

    def __init__(self) -> None:
        """Nobody waits. ``count`` is how many changes there were."""
        self.count = 0
        self._waiters: dict[asyncio.Future[None], None] = {}  # in their order

    @property
    def waiting(self) -> int:
        """How many wait now."""
        return len(self._waiters)

    def notify(self) -> None:
        """Wake everybody who waits now."""
        self.count += 1
        if self._waiters:
            waiters, self._waiters = self._waiters, {}
            for waiter in waiters:
                if not waiter.done():
                    waiter.set_result(None)

    async def wait(self) -> None:
        """Wait for the next change."""
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiters[waiter] = None
        try:
            await waiter
        finally:
            self._waiters.pop(waiter, None)

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait, without a limit, until the condition holds; it is asked again after every change."""
        while not condition():
            await self.wait()

    async def within(self, seconds: float, condition: Callable[[], bool]) -> bool:
        """Whether the condition comes to hold in time; it is asked after every change, each `ASK_EVERY`, and last."""
        now = asyncio.get_running_loop().time
        end = now() + seconds
        while not condition():
            left = end - now()
            if left <= 0:
                return False
            with suppress(TimeoutError):
                await asyncio.wait_for(self.wait(), min(left, ASK_EVERY.total_seconds()))
        return True
