"""One run over claimed entries: asks Telegram, learns from the answers, and keeps the books."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Collection
from datetime import datetime, timedelta

from tgslices.deletion.answers import Answer
from tgslices.deletion.asker import Asker
from tgslices.deletion.ledger import Ledger
from tgslices.deletion.pacing import Pacing, Patience, backoff
from tgslices.deletion.place import Job, Work, works_of
from tgslices.deletion.plan import plan_deletion
from tgslices.deletion.routes import Route
from tgslices.deletion.windows import allowed_from, ask_again_from, is_expired
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
        self._works: deque[Work] = deque()
        self._asking: set[Task] = set()
        self._napping: dict[Task, Job] = {}
        self._failing: set[Work] = set()
        self._troubled: set[Work] = set()
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
        return {message for work in self._troubled for message in work.messages}

    async def _plan(self, migrated: Collection[int]) -> None:
        now, bot_id = self._clock(), self._bot_id
        overdue = self._ledger.overdue()
        await self._ledger.settle(overdue, Outcome.EXPIRED)
        messages = [message for message in self._ledger.messages if message not in overdue]
        plan = plan_deletion(messages, now=now, bot_id=bot_id, migrated=migrated)
        await self._ledger.settle(plan.expired, Outcome.EXPIRED)
        await self._ledger.settle(plan.unreachable, Outcome.UNREACHABLE)
        await self._ledger.defer({message: allowed_from(message) or now for message in plan.deferred})
        in_flight = self._pacing.in_flight
        self._works.extend(works_of(plan, now=now, bot_id=bot_id, in_flight=in_flight, singly=self._asker.singly))

    # What to do next

    def _fill(self) -> bool:
        """Start what may start; tell whether anything is worth waiting for."""
        while len(self._asking) < self._pacing.in_flight and not (self._has_stopped or self._server_seems_away()):
            job = self._next_job()
            if job is None:
                break
            self._start(job)
        return bool(self._asking or (self._napping and not self._has_stopped))

    def _server_seems_away(self) -> bool:
        """Tell whether so many places failed, with no answer in between, that the fault is not theirs."""
        return len(self._failing) >= max(self._pacing.in_flight, 2)

    def _next_job(self) -> Job | None:
        for _ in range(len(self._works)):
            work = self._works.popleft()
            job = work.ask()
            if not work.is_done:
                self._works.append(work)
            if job is not None:
                return job
        return None

    def _start(self, job: Job) -> None:
        self._asking.add(asyncio.create_task(self._carry(job)))

    def _finish(self, task: Task) -> None:
        self._asking.discard(task)
        rested = self._napping.pop(task, None)
        task.result()
        if rested is not None and not rested.work.is_over:
            self._start(rested)

    # One job

    async def _carry(self, job: Job) -> None:
        answer, started = Answer.FLOOD, self._clock()
        while answer is Answer.FLOOD:
            async with self._pacing.slot(self._patience) as is_free:
                self._has_stopped |= not is_free
                if not await self._may_ask(job):
                    return
                started = self._clock()
                job.is_sent = True
                answer = await self._asker.ask(job.batch)
                job.is_sent = False
        if answer is Answer.FAULT:
            await self._retry_later(job, self._clock() - started)
        else:
            self._failing.clear()
            await self._learn(job, answer)

    async def _may_ask(self, job: Job) -> bool:
        """Look once more at what may have changed while the job waited for its slot."""
        await self._ledger.hold(self._clock() + self._slack)
        if job.work.is_unreachable:
            await self._ledger.settle(job.group, Outcome.UNREACHABLE)
        if job.work.is_over or self._has_stopped:
            return False
        now = self._clock()
        expired = [message for message in job.group if is_expired(message, now)]
        is_too_large = self._asker.singly and job.work.place.route is Route.ORDINARY and len(job.group) > 1
        if expired or is_too_large:
            job.work.take_back(job, without=expired)
            await self._ledger.settle(expired, Outcome.EXPIRED)
            return False
        return True

    async def _retry_later(self, job: Job, lost: timedelta) -> None:
        if job.work.is_unreachable:
            await self._ledger.settle(job.group, Outcome.UNREACHABLE)
            return
        job.failures += 1
        self._failing.add(job.work)
        self._troubled.add(job.work)
        self._napping[asyncio.create_task(self._nap(job, lost))] = job

    async def _nap(self, job: Job, lost: timedelta) -> None:
        wait = backoff(job.failures)
        with self._patience.losing(lost + wait) as is_affordable:
            if is_affordable:
                await self._ledger.hold(self._clock() + wait + self._slack)
                await self._pacing.wait(wait)
                return
        job.work.is_over = True
        self._has_stopped |= self._server_seems_away()

    # What an answer teaches

    async def _learn(self, job: Job, answer: Answer) -> None:
        job.failures = 0
        if answer is Answer.NO_METHOD and job.work.place.route is Route.ORDINARY and not job.work.is_unreachable:
            self._go_single(job)
            return
        job.work.answered(job)
        if answer is Answer.ACCEPTED:
            culprits = job.search.accepted(job.inquiry)
            await self._ledger.settle(job.group, Outcome.ACCEPTED)
            await self._refuse(job.work, culprits)
        elif job.work.is_unreachable:
            await self._ledger.settle(job.group, Outcome.UNREACHABLE)
        elif answer is Answer.REFUSED:
            culprits = job.search.refused(job.inquiry)
            needs_rights = not job.work.is_asking_for_rights and job.work.needs_rights(job, self._bot_id)
            job.work.is_asking_for_rights |= needs_rights
            await self._refuse(job.work, culprits)
            if needs_rights:
                await self._ask_for_rights(job.work)
        else:
            await self._ledger.settle(job.work.leave(), Outcome.UNREACHABLE)

    async def _ask_for_rights(self, work: Work) -> None:
        async with self._pacing.slot(self._patience) as is_free:
            self._has_stopped |= not is_free
            if is_free:
                work.rights = await self._asker.ask_rights(work.place)
        work.is_asking_for_rights = False
        await self._refuse(work)

    async def _refuse(self, work: Work, culprits: tuple[TrackedMessage, ...] = ()) -> None:
        await self._ledger.settle(work.exclude_forbidden(self._bot_id), Outcome.REFUSED)
        for message in culprits:
            again = ask_again_from(message, self._clock())
            if again is None:
                await self._ledger.settle([message], Outcome.REFUSED)
            else:
                await self._ledger.defer({message: again})

    def _go_single(self, job: Job) -> None:
        job.work.take_back(job)
        for work in self._works:
            if work.place.route is Route.ORDINARY:
                work.go_single()


async def _cancel(tasks: set[Task]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
