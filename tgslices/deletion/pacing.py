"""What all deletions of one bot share: how many requests are in flight, and the pause that a flood answer demands."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from tgslices.event_loop.growing_waits import Doubling

BACKOFF: Final = Doubling(first=timedelta(milliseconds=500), most=timedelta(seconds=8))
"""How long to wait before a request that failed is repeated."""

NEWS: Final = timedelta(seconds=1)
"""By how much a pause must be longer than the one before it to be worth telling: several requests meet one flood."""


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


@dataclass(frozen=True, slots=True, eq=False)
class _Pause:
    """The end of a pause by two clocks. The earlier one counts: a clock that is put back never makes it longer."""

    by_clock: datetime
    by_monotonic: timedelta


class Pacing:
    """Lets ``in_flight`` requests of the bot run at once, and none while the bot is paused."""

    def __init__(
        self,
        in_flight: int,
        *,
        clock: Callable[[], datetime],
        monotonic: Callable[[], float],
        sleep: Callable[[float], Awaitable[None]],
    ) -> None:
        """Measure waits by ``monotonic``, whose seconds never go back; ``sleep`` waits so many seconds."""
        self.in_flight = in_flight
        self._clock = clock
        self._monotonic = monotonic
        self._sleep = sleep
        self.on_pause: Callable[[], None] | None = None
        """Is told of each pause that is news."""
        self._pause: _Pause | None = None
        self._slots: tuple[asyncio.AbstractEventLoop, asyncio.Semaphore] | None = None

    @property
    def paused_until(self) -> datetime | None:
        """When the bot may go on, by the clock as it is now; None while it is not paused."""
        left = self._left()
        return self._clock() + left if left else None

    def pause(self, wait: timedelta) -> bool:
        """Let no request start for a while. The longest pause wins; return whether it is news.

        Source: https://core.telegram.org/bots/api#responseparameters (``retry_after``)
        """
        left = self._left()
        if wait > left:
            self._pause = _Pause(self._clock() + wait, self.elapsed() + wait)
        is_news = wait > left + NEWS or not left
        if is_news and self.on_pause is not None:
            self.on_pause()
        return is_news

    def elapsed(self) -> timedelta:
        """Return the time since some moment that never changes."""
        return timedelta(seconds=self._monotonic())

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
                if not self._left():
                    yield True
                    return
        yield False

    def _left(self) -> timedelta:
        """Return how much of the pause is left; zero while the bot is not paused."""
        if self._pause is None:
            return timedelta()
        left = min(self._pause.by_clock - self._clock(), self._pause.by_monotonic - self.elapsed())
        if left <= timedelta():
            self._pause = None
        return max(left, timedelta())

    async def _outlast_pause(self, patience: Patience) -> bool:
        while left := self._left():
            pause = self._pause
            with patience.losing(left) as affordable:
                if not affordable:
                    return False
                await self.wait(left)
            if self._pause is pause:
                self._pause = None
        return True

    def _semaphore(self) -> asyncio.Semaphore:
        """Return the slots of the running event loop; an executor may outlive a loop."""
        loop = asyncio.get_running_loop()
        if self._slots is None or self._slots[0] is not loop:
            self._slots = loop, asyncio.Semaphore(self.in_flight)
        return self._slots[1]
