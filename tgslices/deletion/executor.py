"""Claimed deletions to outcomes: the one door through which the library asks Telegram to delete."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Collection, Generator, Sequence
from contextvars import ContextVar
from datetime import datetime, timedelta
from typing import Final

from aiogram import Bot

from tgslices.deletion.asker import Asker
from tgslices.deletion.ledger import Ledger
from tgslices.deletion.pacing import Pacing, Patience
from tgslices.deletion.run import DeletionRun
from tgslices.deletion.shared_pause import SharedPause
from tgslices.deletion.summary import summary_of
from tgslices.event_loop.work_in_turns import in_turns
from tgslices.model import Gone, PendingDeletion
from tgslices.results import ClearResult
from tgslices.storage.protocol import DurableSessionStorage
from tgslices.telemetry.observer import Telling

log = logging.getLogger("tgslices")

MAX_REQUEST_TIME: Final = timedelta(seconds=30)
"""How long to wait for one answer. A deletion whose answer is lost is asked for again, which is harmless."""


deleting_for_sessions: Final[ContextVar[bool]] = ContextVar("tgslices_deleting_for_sessions", default=False)
"""Whether the running task deletes what left a session, and not what the bot's own code names."""


class DeletionExecutor:
    """Carries out deletions for one bot, and holds what they share: the flood pause and the requests in flight."""

    def __init__(
        self,
        storage: DurableSessionStorage,
        *,
        clock: Callable[[], datetime],
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        in_flight: int = 4,
        patience: timedelta = timedelta(seconds=30),
        lease: timedelta = timedelta(minutes=1),
        tell: Telling | None = None,
    ) -> None:
        """Settle in ``storage``; tell the time by ``clock`` and wait with ``sleep``, which takes seconds.

        ``monotonic`` measures waits in seconds, whatever happens to the clock.
        ``in_flight``: how many requests of the bot run at once, one at least. ``patience``: how much time a run may
        lose to floods and faults before the rest is left pending. ``lease``: how long entries belong to the worker
        that took them. ``tell`` is told of requests, and of what is settled.
        """
        self._storage = storage
        self._tell = tell
        self._clock = clock
        self._patience = patience
        self._lease = lease
        self.pacing = Pacing(max(in_flight, 1), clock=clock, monotonic=monotonic, sleep=sleep)
        self._shared_pause = SharedPause(storage, self.pacing, clock=clock)
        self.pacing.on_pause = self._shared_pause.tell_soon
        self._lacks_batches = False
        self._runs: list[DeletionRun] = []

    def note_gone(self, gone: Gone) -> None:
        """Let runs at work ask no more for messages that are gone for certain."""
        for run in self._runs:
            run.note_gone(gone)

    def patience(self) -> Patience:
        """Return the patience of one run, or of several that are to lose no more time than one."""
        return Patience(self._patience)

    async def run(
        self,
        bot: Bot,
        pending: Sequence[PendingDeletion],
        *,
        patience: Patience | None = None,
        migrated: Collection[int] = (),
    ) -> ClearResult:
        """Ask Telegram to delete entries that the caller holds, and settle each as soon as its fate is known.

        What is not settled stays pending and falls due after a backoff; deferred entries fall due when they may go. Any
        number of runs may go on at once. A message that is pending for several sessions is asked for once and counted
        for each. ``patience`` may be shared by several runs; ``migrated`` are the ids of basic groups that became
        supergroups.

        Raises:
            TelegramUnauthorizedError: the bot's token was revoked; what is not settled stays pending.
            CancelledError: what is not settled stays pending and is due at once.
            Exception: whatever a request middleware raises on its own account; what is not settled stays pending.
        Source: https://core.telegram.org/bots/api#deletemessages

        Past 40 lines, because whatever ends a run early is to be released here.
        """
        ledger = Ledger(self._storage, clock=self._clock, lease=self._lease, tell=self._tell)
        timeout = min(MAX_REQUEST_TIME, self._lease / 2)
        asker = Asker(bot, self.pacing, timeout=timeout, singly=self._lacks_batches, tell=self._tell)
        run = DeletionRun(
            bot.id,
            asker,
            ledger,
            pacing=self.pacing,
            patience=patience or self.patience(),
            clock=self._clock,
            slack=timeout,
        )
        self._runs.append(run)
        mark = deleting_for_sessions.set(True)
        entering = ledger.entering(pending)
        try:
            await in_turns(entering)
            await self._shared_pause.look(bot.id)
            await run.carry_out(migrated)
            self._lacks_batches |= asker.lacks_batches and asker.singles_work
            await ledger.release(not_before=self.pacing.paused_until, troubled=run.troubled())
            result = await run.report()
        except asyncio.CancelledError:
            await asyncio.shield(asyncio.ensure_future(_let_go(ledger, entering)))
            raise
        except Exception:
            await ledger.release(not_before=self.pacing.paused_until, troubled=run.troubled())
            raise
        finally:
            deleting_for_sessions.reset(mark)
            self._runs.remove(run)
        if result and log.isEnabledFor(logging.INFO):
            log.info("%s", summary_of(bot.id, pending, result))
        return result


async def _let_go(ledger: Ledger, entering: Generator[None, None, None]) -> None:
    """Make everything due at once, also what was not entered yet."""
    await in_turns(entering)
    await ledger.release(soon=True)
