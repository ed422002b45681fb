"""The task that finishes pending deletions by itself: at the start, when something was left, and when it is due."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Final

from tgslices.doubling import Doubling
from tgslices.recording.tracker import Clock

log = logging.getLogger("tgslices")

SHORTEST_WAIT: Final = timedelta(seconds=1)

RETRY: Final = Doubling(first=timedelta(seconds=2), most=timedelta(seconds=64))
"""How long to wait after settling has failed."""


class Settler:
    """Runs a settling function whenever a pending deletion is due.

    Started, it runs until stopped, and looks at the storage once in a while, because another worker may have died and
    left something. Merely woken, it ends as soon as nothing is pending.
    """

    def __init__(
        self,
        settle: Callable[[], Awaitable[object]],
        next_due: Callable[[], Awaitable[datetime | None]],
        *,
        clock: Clock,
        look_every: timedelta,
    ) -> None:
        """Settle with ``settle`` whenever ``next_due`` has come."""
        self._settle = settle
        self._next_due = next_due
        self._clock = clock
        self._look_every = look_every
        self._woken = asyncio.Event()
        self._staying = False
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Run until :meth:`stop`."""
        self._staying = True
        self.wake()

    def wake(self) -> None:
        """Look again now; run until nothing is pending."""
        self._woken.set()
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run(), name="tgslices-settler")

    async def stop(self) -> None:
        """Stop; what is pending stays pending. Harmless when repeated."""
        self._staying = False
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.wait([task])

    async def _run(self) -> None:
        failures = 0
        while True:
            self._woken.clear()
            try:
                due = await self._next_due()
                if due is not None and due <= self._clock():
                    await self._settle()
                    due = await self._next_due()
                failures = 0
            except Exception:
                log.exception("Pending deletions could not be settled and will be tried again")
                failures += 1
                due = self._clock() + RETRY.after(failures)
            if due is None and not (self._staying or self._woken.is_set()):
                return
            await self._wait(self._look_every if due is None else due - self._clock())

    async def _wait(self, wait: timedelta) -> None:
        seconds = min(max(wait, SHORTEST_WAIT), self._look_every).total_seconds()
        try:
            await asyncio.wait_for(self._woken.wait(), seconds)
        except TimeoutError:
            return
