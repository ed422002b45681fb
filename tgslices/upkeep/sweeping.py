"""What one bot's sessions leave to be done: pending deletions, sessions that are due, and what may be forgotten."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from aiogram import Bot

from tgslices.config import SessionConfig
from tgslices.deletion.executor import DeletionExecutor
from tgslices.ending.clearing import Clearing
from tgslices.ending.due_sessions import Ending
from tgslices.ending.session_lifetimes import finding
from tgslices.model import SessionKey
from tgslices.recording.tracker import Tracker
from tgslices.results import ClearResult
from tgslices.session import Session
from tgslices.storage.ending_protocol import Due
from tgslices.telemetry.events import Work
from tgslices.telemetry.observer import doing
from tgslices.telemetry.stock_taking import StockTaking
from tgslices.upkeep.background_task import UpkeepTask

LEASE_BATCH: Final = 1000
"""How many pending deletions are leased at once."""

SWEEP_BATCH: Final = 1000
"""How many records of messages that are gone are dropped at once."""

LOOK_EVERY: Final = timedelta(minutes=1)
"""After how long the upkeep looks at the storage at the latest, so that what is due is done within this time."""


class Sweeping:
    """Does what is due, whichever session or process left it: when it is asked to, and by its ``task``."""

    def __init__(
        self,
        bot: Bot,
        tracker: Tracker,
        executor: DeletionExecutor,
        config: SessionConfig,
        *,
        handle: Callable[[SessionKey], Session],
        is_held: Callable[[SessionKey], bool],
    ) -> None:
        """``handle`` returns the session of a key that has ended; ``is_held``: whether a handler here has its data."""
        self._bot = bot
        self._tracker = tracker
        self._storage = tracker.storage
        self._executor = executor
        self._clock = config.clock
        self._lease = config.lease
        tell, clock = tracker.tell, config.clock
        self._stock = None if tell is None else StockTaking(tracker.storage, bot.id, tell, clock=clock)
        self.task = UpkeepTask(
            self._do_due,
            self._next_due,
            tidy=self._tidy,
            clock=config.clock,
            look_every=min(config.lease, LOOK_EVERY),
        )
        self.clearing = Clearing(tracker, executor, lease=config.lease, on_pending=self._note_pending)
        self._ending: Ending | None = None
        self._has_adopted = False
        if config.lifetimes is not None:
            self._ending = Ending(
                tracker,
                self.clearing,
                lifetime_of=finding(config.lifetimes),
                on_end=config.on_end,
                handle=handle,
                is_held=is_held,
                lease=config.lease,
            )
            tracker.due_of = self._due_of

    async def sweep(self) -> ClearResult:
        """Do what :meth:`SessionManager.sweep <tgslices.manager.SessionManager.sweep>` promises."""
        results: list[ClearResult] = []
        await self._do_due(results)
        await self._tidy()
        return ClearResult.total(results)

    async def settle_pending(self) -> ClearResult:
        """Finish the pending deletions that are due. Raises what :meth:`DeletionExecutor.run` raises."""
        results: list[ClearResult] = []
        patience = self._executor.patience()
        while True:
            now = self._clock()
            due = await self._storage.lease(self._bot.id, now=now, until=now + self._lease, limit=LEASE_BATCH)
            if not due:
                return ClearResult.total(results)
            migrated = await self._tracker.migrated_among(entry.message for entry in due)
            result = await self._executor.run(self._bot, due, patience=patience, migrated=migrated)
            results.append(await self.clearing.neutralise(self._bot, result, patience))

    def _note_pending(self) -> None:
        """Have what is pending finished, unless all is over: then the next start does it."""
        if not self._tracker.progress.is_over:
            self.task.wake()

    def _due_of(self, key: SessionKey, opened_at: datetime) -> Due | None:
        due = None if self._ending is None else self._ending.due_of(key, opened_at)
        if due is not None and not self._tracker.progress.is_over:
            self.task.keep_up()
        return due

    async def _do_due(self, results: list[ClearResult] | None = None) -> None:
        """Do what is due; what became of messages is added to ``results``, where somebody wants it."""
        with doing(self._tracker.tell, self._bot.id, Work.SWEEP) as work:
            if self._tracker.tell is not None and results is None:
                results = []
            await self._do_due_untold(results)
            for result in results or ():
                work.messages, work.requests = work.messages + int(result), work.requests + result.requests

    async def _do_due_untold(self, results: list[ClearResult] | None) -> None:
        await self._do_work(results)
        if await self._adopt():
            await self._do_work(results)

    async def _do_work(self, results: list[ClearResult] | None) -> None:
        # Side by side: what one of them has to wait for must not keep the other from being done in time.
        works = [self._settle(results)]
        if self._ending is not None:
            works.append(self._ending.sweep(self._bot, self._executor.patience(), results))
        for outcome in await asyncio.gather(*works, return_exceptions=True):
            if outcome is not None:
                raise outcome

    async def _settle(self, results: list[ClearResult] | None) -> None:
        result = await self.settle_pending()
        if results is not None:
            results.append(result)

    async def _adopt(self) -> bool:
        """Find once what is open without a time at which it is due; return whether there is any."""
        if self._ending is None or self._has_adopted:
            return False
        adopted = await self._ending.adopt()
        self._has_adopted = True
        return adopted > 0

    async def _next_due(self) -> datetime | None:
        if self._stock is not None:
            await self._stock.take_if_due()
        if self.task.is_staying:  # a bot that is merely fed does it with what is due first
            await self._adopt()
        now = self._clock()
        dues = [await self._storage.next_due(self._bot.id, now=now)]
        if self._ending is not None:
            dues.append(await self._storage.next_session_due(self._bot.id, now=now))
        return min((due for due in dues if due is not None), default=None)

    async def _tidy(self) -> None:
        swept = SWEEP_BATCH
        while swept >= SWEEP_BATCH:
            swept = await self._storage.sweep(self._bot.id, now=self._clock(), limit=SWEEP_BATCH)
