"""One run over claimed entries: asks Telegram, learns from the answers, and keeps the books."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Collection
from datetime import datetime, timedelta

from tgslices.deletion.answers import Answer
from tgslices.deletion.asker import Asker
from tgslices.deletion.ledger import Ledger
from tgslices.deletion.pacing import BACKOFF, Pacing, Patience
from tgslices.deletion.place import GroupAttempt, PlaceDeletion, places_of
from tgslices.deletion.plan import plan_deletion
from tgslices.deletion.routes import Route
from tgslices.deletion.windows import ask_again_from, deletable_from, is_expired
from tgslices.model import TrackedMessage
from tgslices.results import Outcome

Task = asyncio.Task[None]


class DeletionRun:
    """Carries out one plan with at most ``pacing.in_flight`` requests at once.

    What it gives up stays without a fate in the ledger: when a flood outlasts the patience, or every request fails, it
    stops as a whole; when one place fails, it leaves that place and goes on with the others.
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
        self._deletions: deque[PlaceDeletion] = deque()
        self._asking: set[Task] = set()
        self._napping: dict[Task, GroupAttempt] = {}
        self._failing: set[PlaceDeletion] = set()
        self._troubled: set[PlaceDeletion] = set()
        self._has_stopped = False

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

    def troubled(self) -> set[TrackedMessage]:
        """Return the messages of the places that failed at some time, whatever became of them."""
        return {message for deletion in self._troubled for message in deletion.messages}

    async def _plan(self, migrated: Collection[int]) -> None:
        now, bot_id = self._clock(), self._bot_id
        overdue = self._ledger.overdue()
        await self._ledger.settle(overdue, Outcome.EXPIRED)
        messages = [message for message in self._ledger.messages if message not in overdue]
        plan = plan_deletion(messages, now=now, bot_id=bot_id, migrated=migrated)
        await self._ledger.settle(plan.expired, Outcome.EXPIRED)
        await self._ledger.settle(plan.unreachable, Outcome.UNREACHABLE)
        await self._ledger.defer({message: deletable_from(message) or now for message in plan.deferred})
        in_flight = self._pacing.in_flight
        self._deletions.extend(places_of(plan, now=now, bot_id=bot_id, in_flight=in_flight, singly=self._asker.singly))

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
        answer, started = Answer.FLOOD, self._clock()
        while answer is Answer.FLOOD:
            async with self._pacing.slot(self._patience) as is_free:
                self._has_stopped |= not is_free
                if not await self._may_ask(attempt):
                    return
                started = self._clock()
                attempt.is_sent = True
                answer = await self._asker.ask(attempt.batch)
                attempt.is_sent = False
        if answer is Answer.FAULT:
            await self._retry_later(attempt, self._clock() - started)
        else:
            self._failing.clear()
            await self._learn(attempt, answer)

    async def _may_ask(self, attempt: GroupAttempt) -> bool:
        """Look once more at what may have changed while the attempt waited for its slot."""
        await self._ledger.hold(self._clock() + self._slack)
        if attempt.deletion.is_unreachable:
            await self._ledger.settle(attempt.messages, Outcome.UNREACHABLE)
        if attempt.deletion.is_over or self._has_stopped:
            return False
        now = self._clock()
        expired = [message for message in attempt.messages if is_expired(message, now)]
        is_too_large = (
            self._asker.singly and attempt.deletion.place.route is Route.ORDINARY and len(attempt.messages) > 1
        )
        if expired or is_too_large:
            attempt.deletion.take_back(attempt, without=expired)
            await self._ledger.settle(expired, Outcome.EXPIRED)
            return False
        return True

    async def _retry_later(self, attempt: GroupAttempt, lost: timedelta) -> None:
        if attempt.deletion.is_unreachable:
            await self._ledger.settle(attempt.messages, Outcome.UNREACHABLE)
            return
        attempt.failures += 1
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

    async def _learn(self, attempt: GroupAttempt, answer: Answer) -> None:
        attempt.failures = 0
        if (
            answer is Answer.NO_METHOD
            and attempt.deletion.place.route is Route.ORDINARY
            and not attempt.deletion.is_unreachable
        ):
            self._go_single(attempt)
            return
        attempt.deletion.answered(attempt)
        if answer is Answer.ACCEPTED:
            culprits = attempt.test.accepted(attempt.group)
            await self._ledger.settle(attempt.messages, Outcome.ACCEPTED)
            await self._refuse(attempt.deletion, culprits)
        elif attempt.deletion.is_unreachable:
            await self._ledger.settle(attempt.messages, Outcome.UNREACHABLE)
        elif answer is Answer.REFUSED:
            culprits = attempt.test.refused(attempt.group)
            needs_rights = not attempt.deletion.is_asking_for_rights and attempt.deletion.needs_rights(
                attempt, self._bot_id
            )
            attempt.deletion.is_asking_for_rights |= needs_rights
            await self._refuse(attempt.deletion, culprits)
            if needs_rights:
                await self._ask_for_rights(attempt.deletion)
        else:
            await self._ledger.settle(attempt.deletion.leave(), Outcome.UNREACHABLE)

    async def _ask_for_rights(self, deletion: PlaceDeletion) -> None:
        async with self._pacing.slot(self._patience) as is_free:
            self._has_stopped |= not is_free
            if is_free:
                deletion.rights = await self._asker.ask_rights(deletion.place)
        deletion.is_asking_for_rights = False
        await self._refuse(deletion)

    async def _refuse(self, deletion: PlaceDeletion, culprits: tuple[TrackedMessage, ...] = ()) -> None:
        await self._ledger.settle(deletion.exclude_forbidden(self._bot_id), Outcome.REFUSED)
        for message in culprits:
            again = ask_again_from(message, self._clock())
            if again is None:
                await self._ledger.settle([message], Outcome.REFUSED)
            else:
                await self._ledger.defer({message: again})

    def _go_single(self, attempt: GroupAttempt) -> None:
        attempt.deletion.take_back(attempt)
        for deletion in self._deletions:
            if deletion.place.route is Route.ORDINARY:
                deletion.go_single()


async def _cancel(tasks: set[Task]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
