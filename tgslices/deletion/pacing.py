"""What all deletions of one bot share: how many requests are in flight, and the pause that a flood answer demands."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import datetime, timedelta
from typing import Final

from tgslices.doubling import Doubling

BACKOFF: Final = Doubling(first=timedelta(milliseconds=500), most=timedelta(seconds=8))
"""How long to wait before a request that failed is repeated."""


class Patience:
    """How much time one run may lose to floods and faults. Time that several requests lose together counts once.

    It is counted by the waits themselves and not by a clock, so that it ends even where a test holds the clock.
    """

    def __init__(self, total: timedelta) -> None:
        """Allow ``total`` in all."""
        self._left = total
        self._losing: list[timedelta] = []

    @contextmanager
    def losing(self, time: timedelta) -> Iterator[bool]:
        """Lose some time inside the block; yields False, and it must not be spent, when not that much is left."""
        cost = max(time - max(self._losing, default=timedelta()), timedelta())
        if cost > self._left:
            yield False
            return
        self._left -= cost
        self._losing.append(time)
        try:
            yield True
        finally:
            self._losing.remove(time)


class Pacing:
    """Lets ``in_flight`` requests of the bot run at once, and none while the bot is paused."""

    def __init__(
        self, in_flight: int, *, clock: Callable[[], datetime], sleep: Callable[[float], Awaitable[None]]
    ) -> None:
        """Count time with ``clock`` and wait with ``sleep``."""
        self.in_flight = in_flight
        self._clock = clock
        self._sleep = sleep
        self._paused_until: datetime | None = None
        self._slots: tuple[asyncio.AbstractEventLoop, asyncio.Semaphore] | None = None

    @property
    def paused_until(self) -> datetime | None:
        """When the bot may go on; None while it is not paused."""
        if self._paused_until is not None and self._paused_until <= self._clock():
            self._paused_until = None
        return self._paused_until

    def pause(self, wait: timedelta) -> None:
        """Let no request start for a while. The longest pause wins.

        Source: https://core.telegram.org/bots/api#responseparameters (``retry_after``)
        """
        until = self._clock() + wait
        if self._paused_until is None or until > self._paused_until:
            self._paused_until = until

    async def wait(self, wait: timedelta) -> None:
        """Sleep for a while."""
        await self._sleep(max(wait, timedelta()).total_seconds())

    @asynccontextmanager
    async def slot(self, patience: Patience) -> AsyncIterator[bool]:
        """Hold one of the slots, once there is one and the bot is not paused.

        Yields False, and no request may be made, when the pause takes longer than the patience. A pause is waited out
        without a slot: otherwise every clear would wait for the waiting of those before it, and lose their time too.
        """
        while await self._outlast_pause(patience):
            async with self._semaphore():
                if self.paused_until is None:
                    yield True
                    return
        yield False

    async def _outlast_pause(self, patience: Patience) -> bool:
        while (until := self.paused_until) is not None:
            wait = until - self._clock()
            with patience.losing(wait) as affordable:
                if not affordable:
                    return False
                await self.wait(wait)
            if self._paused_until == until:
                self._paused_until = None
        return True

    def _semaphore(self) -> asyncio.Semaphore:
        """Return the slots of the running event loop; an executor may outlive a loop."""
        loop = asyncio.get_running_loop()
        if self._slots is None or self._slots[0] is not loop:
            self._slots = loop, asyncio.Semaphore(self.in_flight)
        return self._slots[1]
