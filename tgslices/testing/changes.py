"""Telling those who wait that the world has changed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable


class Changes:
    """Wakes everybody who waits whenever something has changed."""

    __slots__ = ("_waiters", "count")

    def __init__(self) -> None:
        """Nobody waits. ``count`` is how many changes there were."""
        self.count = 0
        self._waiters: list[asyncio.Future[None]] = []

    def notify(self) -> None:
        """Wake everybody who waits now."""
        self.count += 1
        if self._waiters:
            waiters, self._waiters = self._waiters, []
            for waiter in waiters:
                if not waiter.done():
                    waiter.set_result(None)

    async def wait(self) -> None:
        """Wait for the next change."""
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiters.append(waiter)
        await waiter

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait, without a limit, until the condition holds; it is asked again after every change."""
        while not condition():
            await self.wait()
