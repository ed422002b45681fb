"""How one manager starts and stops: the only owner of a start and a stop."""

from __future__ import annotations

import asyncio
import logging
from contextvars import ContextVar
from datetime import timedelta
from typing import Final
from weakref import WeakKeyDictionary, WeakSet

from tgslices.data.process_holds import Holds
from tgslices.recording.tracker import Tracker
from tgslices.storage.acquiring import acquire, release
from tgslices.storage.protocol import DurableSessionStorage
from tgslices.upkeep.background_task import UpkeepTask

log = logging.getLogger("tgslices")

SHUTDOWN_GRACE: Final = timedelta(seconds=5)
"""How long a shutdown waits for handlers, which may be in the middle of a wipe."""

TURNS_TO_BEGIN: Final = 3
"""How many turns of the loop it takes until the handlers of updates that were fetched last have begun."""

POLLING: Final = "Dispatcher._polling"
"""The coroutine in which aiogram polls for one bot. It outlives a ``start_polling`` that is cancelled."""


_run: Final[ContextVar[object]] = ContextVar("tgslices_run", default=None)


def begin_run() -> None:
    """Tell the polling tasks that the running task makes from now on from those of other dispatchers."""
    _run.set(object())


class LifeCycle:
    """Counts the dispatchers that run a bot, and starts and stops what its manager needs.

    The first start connects the storage. The last stop lets handlers finish, stops the upkeep, writes what waits, and
    closes the storage unless others use it. A start that comes during a stop waits for it; whatever happens to one
    event loop, the next one begins anew.
    """

    def __init__(self, storage: DurableSessionStorage, tracker: Tracker, holds: Holds, upkeep: UpkeepTask) -> None:
        self._storage = storage
        self._tracker = tracker
        self._progress = tracker.progress
        self._holds = holds
        self._upkeep = upkeep
        self._runs = 0
        self._holds_storage = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._turn = asyncio.Lock()
        self._polls: WeakKeyDictionary[asyncio.Task[object], object] = WeakKeyDictionary()
        """Aiogram's polling tasks, and the run in which each was made."""
        self._ended: WeakSet[asyncio.Task[object]] = WeakSet()

    @property
    def is_run(self) -> bool:
        """Whether a dispatcher runs this bot now."""
        return self._runs > 0

    def note_use(self) -> None:
        """Keep the storage from being closed by others until the last stop."""
        if not self._holds_storage:
            self._holds_storage = True
            acquire(self._storage, self)

    async def resume(self) -> None:
        """Go on where updates are fed to a dispatcher that nobody started, or to one that has stopped.

        Finishes what an earlier process left, in the background. A storage that was closed is opened again.
        """
        self._move_in()
        self.note_use()
        if self.is_run:
            return
        if self._progress.is_over:
            async with self._in_turn():
                await self._storage.start()
                self._progress.is_over = False
        self._upkeep.wake()

    async def start(self) -> None:
        """Connect the storage and finish what an earlier process left, in the background.

        Raises whatever the storage raises when it cannot be connected.
        """
        self._runs += 1
        try:
            async with self._in_turn():
                self.note_use()
                await self._storage.start()
                self._progress.is_over = False
                self._upkeep.start()
        except BaseException:
            self._runs -= 1
            raise

    async def stop(self) -> None:
        """Let handlers finish, write what waits, and let go of the storage, unless another dispatcher runs the bot."""
        self._runs = max(self._runs - 1, 0)
        run = _run.get()
        self._ended |= {task for task, its in self._polls.items() if its is run or not self.is_run}
        if self.is_run and not self._polls_left():
            return
        async with self._in_turn():
            is_quiet = await self._outlast_handlers()
            if await self._cancel_polls() and is_quiet:
                await self._outlast_handlers()  # which they may have begun meanwhile
            if self.is_run:  # by another dispatcher, perhaps since a moment ago
                return
            self._progress.is_over = True  # first, so that whoever comes now waits for the end and then begins anew
            await self._upkeep.stop()
            await self._tracker.aclose()
            await self._holds.aclose()
            self._holds_storage = False
            await release(self._storage, self)

    # Polling

    def require_running_poll(self) -> None:
        """Let aiogram's polling end where its dispatcher has stopped: what it fetches now would be confirmed and lost.

        Raises:
            CancelledError: the running task polls for a run that is over.
        """
        task = asyncio.current_task()
        if task is None or getattr(task.get_coro(), "__qualname__", None) != POLLING:
            return
        is_late = self._progress.is_over and not self.is_run  # it was made just before the stop, and has only begun
        if task in self._ended or is_late:
            raise asyncio.CancelledError
        self._polls.setdefault(task, _run.get())

    async def _cancel_polls(self) -> bool:
        """Cancel aiogram's polling tasks that outlived their dispatcher's stop; return whether there were any."""
        left = self._polls_left()
        for task in left:
            task.cancel()
        if left:
            await asyncio.wait(left, timeout=SHUTDOWN_GRACE.total_seconds())
        return bool(left)

    def _polls_left(self) -> list[asyncio.Task[object]]:
        loop, current = asyncio.get_running_loop(), asyncio.current_task()
        return [task for task in self._ended if task.get_loop() is loop and task is not current and not task.done()]

    async def _outlast_handlers(self) -> bool:
        """Wait for what is in progress, at most for :data:`SHUTDOWN_GRACE`; return whether it has ended."""
        for _ in range(TURNS_TO_BEGIN):
            await asyncio.sleep(0)
        is_quiet = await self._progress.outlast(SHUTDOWN_GRACE)
        if not is_quiet:
            log.warning(
                "%d handlers, sends and clears of bot %d are still at work at shutdown",
                self._progress.in_progress,
                self._tracker.bot_id,
            )
        return is_quiet

    def _in_turn(self) -> asyncio.Lock:
        """Return the lock of the running event loop."""
        self._move_in()
        return self._turn

    def _move_in(self) -> None:
        """Begin anew in another event loop: one that is gone left nothing to wait for, not even what it had begun."""
        loop = asyncio.get_running_loop()
        if loop is self._loop:
            return
        if self._loop is not None and self._loop.is_closed():
            self._progress.begin_anew()
        self._loop, self._turn = loop, asyncio.Lock()
