"""Changes of a world, and waiting for them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import Final

ASK_EVERY: Final = timedelta(milliseconds=50)
"""The time between two looks at a condition while nothing changes; it may concern data outside of the world."""


class Changes:
    """The changes of a world: ``count`` of them so far, and the tasks that wait for one."""

    __slots__ = ("_waiters", "count")

    def __init__(self) -> None:
        self.count = 0
        self._waiters: dict[asyncio.Future[None], None] = {}  # in their order

    @property
    def waiting(self) -> int:
        """The number of waiting tasks."""
        return len(self._waiters)

    def notify(self) -> None:
        """Count a change and wake every waiting task."""
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
        """Wait without a limit until the condition holds. Every change has it asked again."""
        while not condition():
            await self.wait()

    async def within(self, seconds: float, condition: Callable[[], bool]) -> bool:
        """Whether the condition comes to hold in time. Every change, every `ASK_EVERY` and the end have it asked."""
        now = asyncio.get_running_loop().time
        end = now() + seconds
        while not condition():
            left = end - now()
            if left <= 0:
                return False
            with suppress(TimeoutError):
                await asyncio.wait_for(self.wait(), min(left, ASK_EVERY.total_seconds()))
        return True
