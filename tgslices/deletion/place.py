"""What is left to ask for in one place: one route, one chat, one business connection."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby

from tgslices.deletion.group_testing import Group, GroupTest
from tgslices.deletion.plan import Batch, DeletionPlan, largest_batch
from tgslices.deletion.rights import Rights, rights_request
from tgslices.deletion.routes import Place, Route
from tgslices.deletion.suspicion import is_own, suspicion_of
from tgslices.model import TrackedMessage

MessageTest = GroupTest[TrackedMessage]


@dataclass(slots=True, eq=False)
class GroupAttempt:
    """One group on its way to Telegram; it failed ``failures`` times in a row; ``is_sent``: an answer may come."""

    deletion: PlaceDeletion
    test: MessageTest
    group: Group[TrackedMessage]
    failures: int = 0
    is_sent: bool = False

    @property
    def messages(self) -> tuple[TrackedMessage, ...]:
        """The messages asked for."""
        return self.group.items

    @property
    def batch(self) -> Batch:
        """The group as a batch, which checks once more that all of it belongs there."""
        return Batch(*self.deletion.place, self.messages)


@dataclass(slots=True, eq=False)
class PlaceDeletion:
    """The group tests of one place, healthy messages and suspects apart, and what is known about the place itself.

    A place that takes few requests waits for the answer to its first: if the bot has no access, that was the only one.
    ``rights``: what the bot may delete here, once that was asked for. ``is_over``: nothing more is asked for here;
    ``is_unreachable``: because the bot has no access.
    """

    place: Place
    messages: tuple[TrackedMessage, ...]
    tests: list[MessageTest]
    waits_for_first: bool
    attempts: list[GroupAttempt] = field(default_factory=list)
    rights: Rights | None = None
    is_asking_for_rights: bool = False
    is_over: bool = False
    is_unreachable: bool = False

    def ask(self) -> GroupAttempt | None:
        """Return the next group to ask for; None when there is none, or none before an answer comes."""
        if self.is_over or self.is_asking_for_rights or self._waits_for_answer():
            return None
        for test in self.tests:
            group = test.ask()
            if group is not None:
                attempt = GroupAttempt(self, test, group)
                self.attempts.append(attempt)
                return attempt
        return None

    def _waits_for_answer(self) -> bool:
        return bool(self.waits_for_first and self.attempts) or any(attempt.failures for attempt in self.attempts)

    def answered(self, attempt: GroupAttempt) -> None:
        """Note that the place answers: nothing needs to wait any more."""
        self.waits_for_first = False
        self.attempts.remove(attempt)

    def take_back(self, attempt: GroupAttempt, *, without: Sequence[TrackedMessage] = ()) -> None:
        """Ask for a group again, in whatever parts, ``without`` what must not be asked for."""
        self.attempts.remove(attempt)
        attempt.test.returned(attempt.group, without=without)

    def go_single(self) -> None:
        """Ask for one message at a time from now on."""
        for test in self.tests:
            test.restrict(1)

    def needs_rights(self, attempt: GroupAttempt, bot_id: int) -> bool:
        """Tell whether a refusal, with nothing accepted before it, calls for asking what the bot may delete."""
        is_foreign = any(not is_own(message, bot_id) for message in attempt.messages)
        is_matter_of_rights = self.place.route is Route.BUSINESS or is_foreign
        is_worth_it = self.rights is None and attempt.test.only_refuses and not attempt.test.is_done
        return is_worth_it and is_matter_of_rights and rights_request(self.place, bot_id) is not None

    def exclude_forbidden(self, bot_id: int) -> list[TrackedMessage]:
        """Take out and return what the bot has no right to delete, as far as that is known."""
        rights = self.rights
        if rights is None or (rights.own and rights.foreign):
            return []

        def is_forbidden(message: TrackedMessage) -> bool:
            return not rights.allow(is_own=is_own(message, bot_id))

        return [message for test in self.tests for message in test.exclude(is_forbidden)]

    def leave(self) -> list[TrackedMessage]:
        """Note that the bot has no access; return what no answer is to be expected for."""
        self.is_over = self.is_unreachable = True
        expected = {message for attempt in self.attempts if attempt.is_sent for message in attempt.messages}
        return [message for message in self.messages if message not in expected]

    @property
    def is_done(self) -> bool:
        """Whether nothing more will be asked for here."""
        return self.is_over or all(test.is_done for test in self.tests)


def places_of(
    plan: DeletionPlan, *, now: datetime, bot_id: int, in_flight: int, singly: bool
) -> Iterator[PlaceDeletion]:
    """Return what a plan asks for, place by place in the plan's order."""
    for place, batches in groupby(plan.batches, key=lambda batch: batch.place):
        asked = list(batches)
        tests = [_test(list(lane), now, bot_id) for _, lane in groupby(asked, key=lambda batch: batch.suspect)]
        deletion = PlaceDeletion(place, _messages(asked), tests, waits_for_first=len(asked) <= in_flight)
        if singly and place.route is Route.ORDINARY:
            deletion.go_single()
        yield deletion


def _test(lane: Sequence[Batch], now: datetime, bot_id: int) -> MessageTest:
    """Return a group test of healthy messages, or of suspects; those under one suspicion may share their fate."""
    messages, limit = _messages(lane), largest_batch(lane[0].route)
    if not lane[0].suspect:
        return GroupTest(messages, limit=limit)
    suspicions = {message: suspicion_of(message, now=now, bot_id=bot_id) for message in messages}
    return GroupTest(messages, limit=limit, stratum=suspicions.__getitem__)


def _messages(batches: Sequence[Batch]) -> tuple[TrackedMessage, ...]:
    return tuple(message for batch in batches for message in batch.messages)
