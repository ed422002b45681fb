"""What is left to ask for in one place: one route, one chat, one business connection."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby

from tgslices.deletion.plan import Batch, DeletionPlan, largest_batch
from tgslices.deletion.rights import Rights, rights_request
from tgslices.deletion.routes import Place, Route
from tgslices.deletion.search import Inquiry, Search
from tgslices.deletion.suspicion import is_own, suspicion_of
from tgslices.model import TrackedMessage

MessageSearch = Search[TrackedMessage]


@dataclass(slots=True, eq=False)
class Job:
    """One group on its way to Telegram; it failed ``failures`` times in a row; ``is_sent``: an answer may come."""

    work: Work
    search: MessageSearch
    inquiry: Inquiry[TrackedMessage]
    failures: int = 0
    is_sent: bool = False

    @property
    def group(self) -> tuple[TrackedMessage, ...]:
        """The messages asked for."""
        return self.inquiry.group

    @property
    def batch(self) -> Batch:
        """The group as a batch, which checks once more that all of it belongs there."""
        return Batch(*self.work.place, self.group)


@dataclass(slots=True, eq=False)
class Work:
    """The searches of one place, healthy messages and suspects apart, and what is known about the place itself.

    A place that takes few requests waits for the answer to its first: if the bot has no access, that was the only one.
    ``rights``: what the bot may delete here, once that was asked for. ``is_over``: nothing more is asked for here;
    ``is_unreachable``: because the bot has no access.
    """

    place: Place
    messages: tuple[TrackedMessage, ...]
    searches: list[MessageSearch]
    waits_for_first: bool
    jobs: list[Job] = field(default_factory=list)
    rights: Rights | None = None
    is_asking_for_rights: bool = False
    is_over: bool = False
    is_unreachable: bool = False

    def ask(self) -> Job | None:
        """Return the next group to ask for; None when there is none, or none before an answer comes."""
        if self.is_over or self.is_asking_for_rights or self._waits_for_answer():
            return None
        for search in self.searches:
            inquiry = search.ask()
            if inquiry is not None:
                job = Job(self, search, inquiry)
                self.jobs.append(job)
                return job
        return None

    def _waits_for_answer(self) -> bool:
        return bool(self.waits_for_first and self.jobs) or any(job.failures for job in self.jobs)

    def answered(self, job: Job) -> None:
        """Note that the place answers: nothing needs to wait any more."""
        self.waits_for_first = False
        self.jobs.remove(job)

    def take_back(self, job: Job, *, without: Sequence[TrackedMessage] = ()) -> None:
        """Ask for a group again, in whatever parts, ``without`` what must not be asked for."""
        self.jobs.remove(job)
        job.search.returned(job.inquiry, without=without)

    def go_single(self) -> None:
        """Ask for one message at a time from now on."""
        for search in self.searches:
            search.restrict(1)

    def needs_rights(self, job: Job, bot_id: int) -> bool:
        """Tell whether a refusal, with nothing accepted before it, calls for asking what the bot may delete."""
        is_foreign = any(not is_own(message, bot_id) for message in job.group)
        is_matter_of_rights = self.place.route is Route.BUSINESS or is_foreign
        is_worth_it = self.rights is None and job.search.only_refuses and not job.search.is_done
        return is_worth_it and is_matter_of_rights and rights_request(self.place, bot_id) is not None

    def exclude_forbidden(self, bot_id: int) -> list[TrackedMessage]:
        """Take out and return what the bot has no right to delete, as far as that is known."""
        rights = self.rights
        if rights is None or (rights.own and rights.foreign):
            return []

        def is_forbidden(message: TrackedMessage) -> bool:
            return not rights.allow(is_own=is_own(message, bot_id))

        return [message for search in self.searches for message in search.exclude(is_forbidden)]

    def leave(self) -> list[TrackedMessage]:
        """Note that the bot has no access; return what no answer is to be expected for."""
        self.is_over = self.is_unreachable = True
        expected = {message for job in self.jobs if job.is_sent for message in job.group}
        return [message for message in self.messages if message not in expected]

    @property
    def is_done(self) -> bool:
        """Whether nothing more will be asked for here."""
        return self.is_over or all(search.is_done for search in self.searches)


def works_of(plan: DeletionPlan, *, now: datetime, bot_id: int, in_flight: int, singly: bool) -> Iterator[Work]:
    """Turn the batches of a plan into work, place by place in the plan's order."""
    for place, batches in groupby(plan.batches, key=lambda batch: batch.place):
        asked = list(batches)
        searches = [_search(list(lane), now, bot_id) for _, lane in groupby(asked, key=lambda batch: batch.suspect)]
        work = Work(place, _messages(asked), searches, waits_for_first=len(asked) <= in_flight)
        if singly and place.route is Route.ORDINARY:
            work.go_single()
        yield work


def _search(lane: Sequence[Batch], now: datetime, bot_id: int) -> MessageSearch:
    """Return a search of healthy messages, or of suspects; those under one suspicion may share their fate."""
    messages, limit = _messages(lane), largest_batch(lane[0].route)
    if not lane[0].suspect:
        return Search(messages, limit=limit)
    suspicions = {message: suspicion_of(message, now=now, bot_id=bot_id) for message in messages}
    return Search(messages, limit=limit, stratum=suspicions.__getitem__)


def _messages(batches: Sequence[Batch]) -> tuple[TrackedMessage, ...]:
    return tuple(message for batch in batches for message in batch.messages)
