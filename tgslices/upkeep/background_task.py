"""The one background task of a manager: it does what is due, at the start, when something was left, and in time."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Final

from tgslices.clock import Clock
from tgslices.error_texts.without_secrets import described
from tgslices.event_loop.cancellation import require_not_cancelled
from tgslices.event_loop.growing_waits import Doubling

log = logging.getLogger("tgslices")

MIN_WAIT: Final = timedelta(seconds=1)
TIDY_EVERY: Final = timedelta(hours=1)
"""How often records of messages that are gone are dropped."""

CANCEL_AGAIN_AFTER: Final = timedelta(seconds=1)

RETRY: Final = Doubling(first=timedelta(seconds=2), most=timedelta(seconds=64))
"""How long to wait after settling has failed."""


class UpkeepTask:
    """Runs ``work`` whenever something is due.

    Started, it runs until stopped, and looks at the storage once in a while, because another worker may have died and
    left something. Merely woken, it ends as soon as nothing is pending.
    """

    def __init__(
        self,
        work: Callable[[], Awaitable[object]],
        next_due: Callable[[], Awaitable[datetime | None]],
        *,
        tidy: Callable[[], Awaitable[object]] | None = None,
        clock: Clock,
        look_every: timedelta,
    ) -> None:
        """Call ``work`` whenever ``next_due`` has come, and ``tidy`` now and then.

        ``look_every``: after how long the storage is looked at although nothing is known to be due.
        """
        self._work = work
        self._next_due = next_due
        self._tidy = tidy
        self._tidied_at: datetime | None = None
        self._clock = clock
        self._look_every = look_every
        self.is_staying = False
        """Whether this runs until it is stopped."""
        self._is_over = False
        self._task: asyncio.Task[None] | None = None
        self._woken: asyncio.Event | None = None

    def start(self) -> None:
        """Run until :meth:`stop`."""
        self.is_staying = True
        self.wake()

    def keep_up(self) -> None:
        """Run because something will be due, unless this runs already, or was stopped; until nothing is pending."""
        if not self._is_over and not self._runs_here():
            self.wake()

    def wake(self) -> None:
        """Look again now; run until nothing is pending."""
        self._is_over = False
        if self._runs_here() and self._woken is not None:
            self._woken.set()
            return
        self._woken = asyncio.Event()  # a new one, because an event belongs to the loop that waits for it
        self._task = asyncio.create_task(self._run(self._woken), name="tgslices-upkeep")

    async def stop(self) -> None:
        """Stop; what is pending stays pending. Harmless when repeated, and in another event loop."""
        self.is_staying, self._is_over = False, True
        here, task, self._task = self._runs_here(), self._task, None
        # Again and again, because a wait that ends at the same moment may swallow a cancellation.
        while here and task is not None and not task.done():
            task.cancel()
            await asyncio.wait([task], timeout=CANCEL_AGAIN_AFTER.total_seconds())

    def _runs_here(self) -> bool:
        task = self._task
        return task is not None and not task.done() and task.get_loop() is asyncio.get_running_loop()

    async def _run(self, woken: asyncio.Event) -> None:
        failures = 0
        while True:
            woken.clear()
            try:
                due = await self._next_due()
                if due is not None and due <= self._clock():
                    await self._work()
                    due = await self._next_due()
                await self._tidy_up()
                failures = 0
            except (Exception, asyncio.CancelledError) as error:  # noqa: BLE001  # whatever a storage or a request middleware raises
                require_not_cancelled(error)
                log.error("What is due could not be done and will be tried again: %s", described(error))  # noqa: TRY400  # a traceback may show a token
                failures += 1
                due = self._clock() + RETRY.after(failures)
            if due is None and not (self.is_staying or woken.is_set()):
                return
            await self._wait(woken, self._look_every if due is None else due - self._clock())

    async def _tidy_up(self) -> None:
        now = self._clock()
        if self._tidy is not None and (self._tidied_at is None or abs(now - self._tidied_at) >= TIDY_EVERY):
            await self._tidy()
            self._tidied_at = now

    async def _wait(self, woken: asyncio.Event, wait: timedelta) -> None:
        seconds = min(max(wait, MIN_WAIT), self._look_every).total_seconds()
        try:
            async with asyncio.timeout(seconds):
                await woken.wait()
        except TimeoutError:
            return
