"""What ends sessions that are due: leased, looked at once more, cleared or closed, and told."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Final

from aiogram import Bot

from tgslices.deletion.pacing import Patience
from tgslices.deletion.windows import too_old_from
from tgslices.ending.clearing import Clearing
from tgslices.ending.on_end import Ended
from tgslices.ending.session_lifetimes import (
    Lifetime,
    LifetimeOf,
    end_of,
    first_due,
    is_at_most,
    must_clear,
    next_due,
    qualifiers_of,
)
from tgslices.error_texts.without_secrets import described
from tgslices.event_loop.cancellation import require_not_cancelled
from tgslices.event_loop.growing_waits import Doubling
from tgslices.event_loop.work_in_turns import ENTRIES_PER_STEP, steps
from tgslices.model import PendingDeletion, SessionKey, TrackedMessage
from tgslices.recording.blocks import unrecorded
from tgslices.recording.handles_of_key import tick
from tgslices.recording.tracker import Tracker
from tgslices.results import ClearResult
from tgslices.session import Session
from tgslices.storage.ending_protocol import Due, DueSession, End, EndedSession
from tgslices.storage.listing_protocol import SessionFilter
from tgslices.storage.pages import pages
from tgslices.telegram_facts.age_limit import AGE_LIMIT

log = logging.getLogger("tgslices")

SESSIONS_PER_LEASE: Final = 50
"""How many sessions one worker holds at once: few enough to end within a lease, whatever Telegram does."""

AT_ONCE: Final = 8
"""How many sessions one worker ends side by side. How many requests are in flight is the pacing's to say."""

ADOPTED_AT_ONCE: Final = 500
"""How many sessions are looked at in one step, to find those without a time at which they are due."""

TOLD_FOR: Final = timedelta(days=1)
"""How long an end is told again and again to an ``on_end`` that raises."""

TELL_AGAIN: Final = Doubling(first=timedelta(seconds=5), most=timedelta(hours=1))
"""After how long; it doubles with the time since the session ended."""


_NEVER: Final = datetime.max.replace(tzinfo=UTC)


class Ending:
    """Ends the sessions of one bot that are due, and tells it."""

    def __init__(
        self,
        tracker: Tracker,
        clearing: Clearing,
        *,
        lifetime_of: LifetimeOf,
        on_end: Callable[[Any], Awaitable[object]] | None,
        handle: Callable[[SessionKey], Session],
        is_held: Callable[[SessionKey], bool],
        lease: timedelta,
    ) -> None:
        """``handle`` returns the session of a key for whom ``on_end`` tells; ``lease``: how long a worker holds one.

        ``is_held`` tells whether a handler of this process has data of a key, whatever became of its lease.
        """
        self._tracker = tracker
        self._storage = tracker.storage
        self._clock = tracker.clock
        self._clearing = clearing
        self._lifetime_of = lifetime_of
        self._on_end = on_end
        self._handle = handle
        self._is_held = is_held
        self._lease = lease

    def due_of(self, key: SessionKey, opened_at: datetime) -> Due | None:
        """Return when a session is to be looked at that is opened now; None if it never ends by itself."""
        lifetime = self._lifetime_of(key)
        return None if lifetime is None else first_due(lifetime, opened_at)

    async def adopt(self) -> int:
        """Let sessions be due that were opened before they had a lifetime, by an earlier release; return how many."""
        adopted, where = 0, SessionFilter(qualifiers=qualifiers_of(self._lifetime_of))
        async for page in pages(self._storage, self._tracker.bot_id, where, limit=ADOPTED_AT_ONCE):
            found = ((it.key, self.due_of(it.key, it.opened_at)) for it in page.sessions if it.due_at is None)
            dues = {key: due for key, due in found if due is not None}
            await self._storage.schedule_sessions(dues)
            adopted += len(dues)
        return adopted

    async def sweep(self, bot: Bot, patience: Patience, results: list[ClearResult] | None = None) -> None:
        """End all that is due, the most urgent first, and tell what has not been told.

        What became of messages is added to ``results``, where somebody wants it: after a downtime it is a lot.

        Raises:
            Exception: the first of what the storage or a request raised, after everything was tried.
        """
        failures = _Failures(results)
        await self._tracker.catch_up()
        while sessions := await self._lease_sessions():
            await failures.outlast(partial(self._look_at, bot, session, patience) for session in sessions)
        while ends := await self._lease_ends():
            await failures.outlast(partial(self._finish, bot, end, patience) for end in ends)
        failures.reraise()

    async def _lease_sessions(self) -> list[DueSession]:
        now = self._clock()
        return await self._storage.lease_sessions(
            self._tracker.bot_id, now=now, until=now + self._lease, limit=SESSIONS_PER_LEASE
        )

    async def _lease_ends(self) -> list[EndedSession]:
        now = self._clock()
        return await self._storage.lease_ends(
            self._tracker.bot_id, now=now, until=now + self._lease, limit=SESSIONS_PER_LEASE
        )

    async def _look_at(self, bot: Bot, session: DueSession, patience: Patience) -> ClearResult:
        lifetime = self._lifetime_of(session.key)
        if lifetime is None:
            await self._storage.postpone_session(session, None)
            return ClearResult()
        now = self._clock()
        reason = end_of(lifetime, session, now)
        if reason is not None:
            end = End(reason, lifetime.then, self._on_end is not None)
            return await self._end(bot, session, end, patience, is_final=is_at_most(lifetime, session, now))
        return await self._go_on(bot, session, lifetime)

    # While it goes on

    async def _go_on(self, bot: Bot, session: DueSession, lifetime: Lifetime) -> ClearResult:
        """Clear what gets too old, and look again when that is due."""
        result, limit = ClearResult(), None
        if must_clear(lifetime, session, self._clock()):
            horizon = self._clock() + (lifetime.before_limit or timedelta())
            shared = self._tracker.keys.share(self._tracker.keys.current(session.key))
            result = await self._clearing.clear(shared, bot, lambda entry: _limit_of(entry) <= horizon, False)
            limit = await self._oldest_limit(session.key)
        await self._storage.postpone_session(session, next_due(lifetime, session, self._clock(), limit))
        return result

    async def _oldest_limit(self, key: SessionKey) -> datetime:
        """Return when the next of a session's entries gets too old to be deleted."""
        limits = [_limit_of(entry) for entry in await self._storage.list(key)]
        return min([*limits, self._clock() + AGE_LIMIT])

    # Its end

    async def _end(self, bot: Bot, session: DueSession, end: End, patience: Patience, *, is_final: bool) -> ClearResult:
        if is_final:
            # Whatever is said meanwhile does not matter: somebody who never stops talking would put it off for ever.
            session = replace(session, active_at=self._clock() + TOLD_FOR)
        shared = self._tracker.keys.share(self._tracker.keys.current(session.key))
        began = tick()
        await shared.outlast_sends()
        if not is_final and self._is_held(shared.key):
            return ClearResult()  # it is looked at once more when its lease ends
        closing, now = tick(), self._clock()
        self._tracker.now_begun()  # what begins from now on begins after this end, wherever the clock is put
        until = now + self._lease
        claimed = await self._storage.end_session(session, end, now=now, until=until, limit=ENTRIES_PER_STEP)
        if claimed is None:
            return ClearResult()
        shared.close(closing)
        if end.then == "clear":
            shared.wipe(began)
        pending = [PendingDeletion(session.key, message, now, until) for message in claimed]
        is_partial = len(claimed) >= ENTRIES_PER_STEP
        ended = EndedSession(session.key, now, end.reason, is_partial, until)
        return await self._finish(bot, ended, patience, pending, is_kept=end.tells or is_partial)

    async def _finish(
        self,
        bot: Bot,
        ended: EndedSession,
        patience: Patience,
        pending: Iterable[PendingDeletion] = (),
        *,
        is_kept: bool = True,
    ) -> ClearResult:
        """Delete what an ended session had, tell it, and let go of it."""
        claimed = [*pending, *(await self._claim_rest(ended) if ended.is_partial else ())]
        result = await self._clearing.delete(bot, claimed, patience=patience)
        if is_kept and await self._tell(bot, ended, result):
            await self._storage.settle_end(ended)
        return result

    async def _claim_rest(self, ended: EndedSession) -> list[PendingDeletion]:
        """Take what was left of a session that had more entries than one step takes.

        What was recorded after its end belongs to the next session of the key. One that is open has taken the rest in.
        """
        if await self._storage.is_open(ended.key):
            return []
        pending: list[PendingDeletion] = []
        left = [entry for entry in await self._storage.list(ended.key) if entry.at <= ended.ended_at]
        for part in steps(left):
            now = self._clock()
            until = now + self._lease
            claimed = await self._storage.claim(ended.key, part, now=now, until=until, limit=ENTRIES_PER_STEP)
            pending += [PendingDeletion(ended.key, message, now, until) for message in claimed]
        return pending

    async def _tell(self, bot: Bot, ended: EndedSession, result: ClearResult) -> bool:
        """Tell an end; return whether it is done with."""
        if self._on_end is None:
            return True
        if ended.leased_until - self._clock() < self._lease / 2:
            await self._storage.postpone_end(ended, until=self._clock() + self._lease)
        handle = self._handle(ended.key)
        try:
            async with asyncio.timeout(self._lease.total_seconds()):
                with unrecorded():  # the upkeep may have begun, or be asked for, inside a block of another session
                    await self._on_end(Ended(ended.key, ended.reason, result, ended.ended_at, handle, bot))
        except (Exception, asyncio.CancelledError) as error:  # noqa: BLE001  # whatever the author's function raises
            require_not_cancelled(error)
            return await self._tell_later(ended, error)
        return True

    async def _tell_later(self, ended: EndedSession, error: BaseException) -> bool:
        since = max(self._clock() - ended.ended_at, timedelta())
        if since >= TOLD_FOR:
            log.error("on_end failed for %s and is not told again: %s", ended.key, described(error))
            return True
        wait = TELL_AGAIN.after((since // TELL_AGAIN.first + 1).bit_length())
        log.error("on_end failed for %s and is told again in %s: %s", ended.key, wait, described(error))
        await self._storage.postpone_end(ended, until=self._clock() + wait)
        return False


def _limit_of(entry: TrackedMessage) -> datetime:
    """Return when an entry gets too old to be deleted; the end of time if it never does."""
    return too_old_from(entry) or _NEVER


class _Failures:
    """Keeps what failed until everything was tried, and adds what did not to the results."""

    def __init__(self, results: list[ClearResult] | None) -> None:
        self._first: BaseException | None = None
        self._results = results

    async def outlast(self, works: Iterable[Callable[[], Awaitable[ClearResult]]]) -> None:
        """Do work side by side, some of it at once."""
        turns = asyncio.Semaphore(AT_ONCE)

        async def in_turn(work: Callable[[], Awaitable[ClearResult]]) -> ClearResult:
            async with turns:
                return await work()

        for outcome in await asyncio.gather(*map(in_turn, works), return_exceptions=True):
            if isinstance(outcome, BaseException):
                self._first = self._first or outcome
            elif self._results is not None:
                self._results.append(outcome)

    def reraise(self) -> None:
        """Raise what was raised first, if anything was."""
        if self._first is not None:
            raise self._first
