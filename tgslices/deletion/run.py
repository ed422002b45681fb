"""One run over claimed entries: asks Telegram, learns from the answers, and keeps the books."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Collection
from datetime import datetime, timedelta

from tgslices.deletion.answers import Answer, ReadAnswer
from tgslices.deletion.asker import Asker
from tgslices.deletion.ledger import Ledger
from tgslices.deletion.message_fates import ACCEPTED, EXPIRED, MIGRATED, NAMELESS, NOT_ASKED, Fate, may_succeed_later
from tgslices.deletion.pacing import BACKOFF, Pacing, Patience
from tgslices.deletion.place_deletion import GroupAttempt, PlaceDeletion, places_of
from tgslices.deletion.plan import planning
from tgslices.deletion.routes import Place, Route, place_of
from tgslices.deletion.windows import ask_again_from, deletable_from, is_expired
from tgslices.event_loop.work_in_turns import in_turns
from tgslices.model import Gone, TrackedMessage
from tgslices.results import ClearResult, Outcome

Task = asyncio.Task[None]


class DeletionRun:
    """Carries out one plan with at most ``pacing.in_flight`` requests at once.

    What it gives up stays without a fate in the ledger. The run stops as a whole when a flood outlasts the patience, or
    every request fails. When one place fails, the run leaves that place and goes on with the others.
    """

    def __init__(
        self,
        bot_id: int,
        asker: Asker,
        ledger: Ledger,
        *,
        pacing: Pacing,
        patience: Patience,
        clock: Callable[[], datetime],
        slack: timedelta,
    ) -> None:
        """Prepare; nothing happens before :meth:`carry_out`. ``slack``: how long a lease must outlast a request."""
        self._bot_id = bot_id
        self._asker = asker
        self._ledger = ledger
        self._pacing = pacing
        self._patience = patience
        self._clock = clock
        self._slack = slack
        self._all: tuple[PlaceDeletion, ...] = ()
        self._deletions: deque[PlaceDeletion] = deque()
        self._asking: set[Task] = set()
        self._napping: dict[Task, GroupAttempt] = {}
        self._failing: set[PlaceDeletion] = set()
        self._troubled: set[PlaceDeletion] = set()
        self._has_stopped = False
        self._flood: str | None = None
        self._gone: list[Gone] = []

    async def carry_out(self, migrated: Collection[int]) -> None:
        """Ask until every fate is known or patience is at its end. Raises what :meth:`Asker.ask` raises."""
        await self._plan(migrated)
        beat = self._slack.total_seconds() / 2
        try:
            while self._fill():
                tasks = {*self._asking, *self._napping}
                done, _ = await asyncio.wait(tasks, timeout=beat, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    self._finish(task)
                await self._ledger.hold(self._clock() + self._slack)
        finally:
            await _cancel({*self._asking, *self._napping})

    def note_gone(self, gone: Gone) -> None:
        """Ask no more for messages that are gone for certain: their ids may be others' by now."""
        self._gone.append(gone)

    def troubled(self) -> set[Place]:
        """Return the places that failed at some time, whatever became of their messages."""
        return {deletion.place for deletion in self._troubled}

    async def report(self) -> ClearResult:
        """Return what became of every entry so far, and why."""
        places = {deletion.place: deletion for deletion in self._all}

        def fate_of_open(message: TrackedMessage) -> Fate:
            place = place_of(message)
            words = (places[place].trouble if place in places else None) or self._flood
            return NOT_ASKED if words is None else Fate(Outcome.PENDING, words)

        def may_go_later(message: TrackedMessage, fate: Fate) -> bool:
            place = place_of(message)
            rights = places[place].rights if place in places else None
            return may_succeed_later(message, fate, rights=rights, now=self._clock(), bot_id=self._bot_id)

        return await in_turns(
            self._ledger.reporting(self._asker.requests, fate_of_open=fate_of_open, may_succeed_later=may_go_later)
        )

    async def _plan(self, migrated: Collection[int]) -> None:
        await self._ledger.settle(self._ledger.overdue, EXPIRED)
        now = self._clock()
        messages = await in_turns(self._ledger.reading())
        plan = await in_turns(planning(messages, now=now, bot_id=self._bot_id, migrated=migrated))
        await self._ledger.settle(plan.expired, EXPIRED)
        await self._ledger.settle_each(
            plan.unreachable, lambda message: NAMELESS if place_of(message) is None else MIGRATED
        )
        await self._ledger.defer(plan.deferred, lambda message: deletable_from(message) or now)
        self._all = tuple(places_of(plan.lanes, in_flight=self._pacing.in_flight, singly=self._asker.singly))
        self._deletions.extend(self._all)

    # What to do next

    def _fill(self) -> bool:
        """Start what may start; tell whether anything is worth waiting for."""
        while len(self._asking) < self._pacing.in_flight and not (self._has_stopped or self._server_seems_away()):
            attempt = self._next()
            if attempt is None:
                break
            self._start(attempt)
        return bool(self._asking or (self._napping and not self._has_stopped))

    def _server_seems_away(self) -> bool:
        """Tell whether so many places failed, with no answer in between, that the fault is not theirs."""
        return len(self._failing) >= max(self._pacing.in_flight, 2)

    def _next(self) -> GroupAttempt | None:
        for _ in range(len(self._deletions)):
            deletion = self._deletions.popleft()
            attempt = deletion.ask()
            if not deletion.is_done:
                self._deletions.append(deletion)
            if attempt is not None:
                return attempt
        return None

    def _start(self, attempt: GroupAttempt) -> None:
        self._asking.add(asyncio.create_task(self._carry(attempt)))

    def _finish(self, task: Task) -> None:
        self._asking.discard(task)
        rested = self._napping.pop(task, None)
        task.result()
        if rested is not None and not rested.deletion.is_over:
            self._start(rested)

    # One attempt

    async def _carry(self, attempt: GroupAttempt) -> None:
        reply, started = ReadAnswer(Answer.FLOOD), self._pacing.elapsed()
        while reply.answer is Answer.FLOOD:
            async with self._pacing.slot(self._patience) as is_free:
                self._has_stopped |= not is_free
                if not await self._may_ask(attempt):
                    return
                started = self._pacing.elapsed()
                attempt.is_sent = True
                reply = await self._asker.ask(attempt.deletion.place, attempt.messages)
                attempt.is_sent = False
            self._flood = reply.words if reply.answer is Answer.FLOOD else None
        if reply.answer is Answer.FAULT:
            await self._retry_later(attempt, self._pacing.elapsed() - started, reply.words)
        else:
            self._failing.clear()
            await self._learn(attempt, reply)

    async def _may_ask(self, attempt: GroupAttempt) -> bool:
        """Look once more at what may have changed while the attempt waited for its slot."""
        deletion = attempt.deletion
        await self._ledger.hold(self._clock() + self._slack)
        await self._settle_if_lost(attempt)
        if deletion.is_over or self._has_stopped:
            return False
        if await self._settle_if_gone(attempt):
            return False
        now = self._clock()
        expired = [message for message in attempt.messages if is_expired(message, now)]
        is_too_large = self._asker.singly and deletion.place.route is Route.ORDINARY and len(attempt.messages) > 1
        if expired or is_too_large:
            deletion.take_back(attempt, without=expired)
            await self._ledger.settle(expired, EXPIRED)
            return False
        return True

    async def _settle_if_gone(self, attempt: GroupAttempt) -> bool:
        """Settle what was noted to be gone; tell whether anything was."""
        gone = [message for message in attempt.messages if any(its.covers(message) for its in self._gone)]
        if gone:
            attempt.deletion.take_back(attempt, without=gone)
            await self._ledger.settle(gone, ACCEPTED)
        return bool(gone)

    async def _settle_if_lost(self, attempt: GroupAttempt) -> bool:
        """Settle a group whose answer is of no use, because the bot has lost access; tell whether it has."""
        why = attempt.deletion.lost_access
        if why is None:
            return False
        fate = Fate(Outcome.UNREACHABLE, why, is_final=attempt.deletion.is_lost_for_good)
        await self._ledger.settle(attempt.messages, fate)
        return True

    async def _retry_later(self, attempt: GroupAttempt, lost: timedelta, why: str) -> None:
        if await self._settle_if_lost(attempt):
            return
        attempt.failures += 1
        attempt.deletion.trouble = why
        self._failing.add(attempt.deletion)
        self._troubled.add(attempt.deletion)
        self._napping[asyncio.create_task(self._nap(attempt, lost))] = attempt

    async def _nap(self, attempt: GroupAttempt, lost: timedelta) -> None:
        wait = BACKOFF.after(attempt.failures)
        with self._patience.losing(lost + wait) as is_affordable:
            if is_affordable:
                await self._ledger.hold(self._clock() + wait + self._slack)
                await self._pacing.wait(wait)
                return
        attempt.deletion.is_over = True
        self._has_stopped |= self._server_seems_away()

    # What an answer teaches

    async def _learn(self, attempt: GroupAttempt, reply: ReadAnswer) -> None:
        attempt.failures = 0
        deletion, answer = attempt.deletion, reply.answer
        deletion.trouble = None
        if answer is Answer.NO_METHOD and deletion.place.route is Route.ORDINARY and deletion.lost_access is None:
            self._go_single(attempt)
            return
        deletion.answered(attempt)
        if answer is Answer.ACCEPTED:
            culprits = attempt.test.accepted(attempt.group)
            await self._ledger.settle(attempt.messages, ACCEPTED)
            await self._refuse(deletion, culprits, attempt.group.reason)
        elif await self._settle_if_lost(attempt):
            return
        elif answer is Answer.REFUSED:
            culprits = attempt.test.refused(attempt.group, reply.words)
            needs_rights = deletion.needs_rights(attempt, self._bot_id)
            if needs_rights:
                deletion.has_asked_for_rights = deletion.is_asking_for_rights = True
            await self._refuse(deletion, culprits, reply.words)
            if needs_rights:
                await self._ask_for_rights(deletion, reply.words)
        else:
            for_good = answer is Answer.CHAT_GONE
            fate = Fate(Outcome.UNREACHABLE, reply.words, is_final=for_good)
            await self._ledger.settle(deletion.leave(reply.words, for_good=for_good), fate)

    async def _ask_for_rights(self, deletion: PlaceDeletion, words: str) -> None:
        async with self._pacing.slot(self._patience) as is_free:
            self._has_stopped |= not is_free
            if is_free:
                deletion.rights = await self._asker.ask_rights(deletion.place)
        forbidden = await in_turns(deletion.excluding_forbidden(self._bot_id))
        deletion.is_asking_for_rights = False
        await self._ledger.settle(forbidden, Fate(Outcome.REFUSED, words))

    async def _refuse(self, deletion: PlaceDeletion, culprits: tuple[TrackedMessage, ...], words: str) -> None:
        fate = Fate(Outcome.REFUSED, words)
        await self._ledger.settle(deletion.forbidden_since(), fate)
        now = self._clock()
        for message in culprits:
            again = ask_again_from(message, now)
            if again is None:
                await self._ledger.settle([message], fate)
            else:
                await self._ledger.defer([message], _always(again))

    def _go_single(self, attempt: GroupAttempt) -> None:
        attempt.deletion.take_back(attempt)
        for deletion in self._deletions:
            if deletion.place.route is Route.ORDINARY:
                deletion.go_single()


def _always(due: datetime) -> Callable[[TrackedMessage], datetime]:
    return lambda _: due


async def _cancel(tasks: set[Task]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
