"""What is left to ask for in one place: one route, one chat, one business connection."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby

from tgslices.deletion.group_testing import Group, GroupTest
from tgslices.deletion.likely_refusals import is_own
from tgslices.deletion.plan import Lane
from tgslices.deletion.rights import Rights, rights_request
from tgslices.deletion.routes import Place, Route
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


@dataclass(slots=True, eq=False)
class PlaceDeletion:
    """The group tests of one place, one for each lane, and what is known about the place itself.

    A place that takes few requests waits for the answer to its first: if the bot has no access, that was the only one.
    ``rights``: what the bot may delete here, as far as it was told. ``is_over``: nothing more is asked for here;
    ``lost_access``: why not, where the bot has no access. ``trouble``: why a request failed last.
    """

    place: Place
    lanes: tuple[Lane, ...]
    tests: list[MessageTest]
    waits_for_first: bool
    attempts: list[GroupAttempt] = field(default_factory=list)
    rights: Rights | None = None
    has_asked_for_rights: bool = False
    is_asking_for_rights: bool = False
    is_over: bool = False
    lost_access: str | None = None
    is_lost_for_good: bool = False
    trouble: str | None = None

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
        """Tell whether refusals call for asking, once, what the bot may delete."""
        if self.has_asked_for_rights or attempt.test.is_done or not attempt.test.seems_hopeless:
            return False
        is_foreign = any(not is_own(message, bot_id) for message in attempt.messages)
        is_matter_of_rights = self.place.route is Route.BUSINESS or is_foreign
        return is_matter_of_rights and rights_request(self.place, bot_id) is not None

    def excluding_forbidden(self, bot_id: int) -> Generator[None, None, list[TrackedMessage]]:
        """Take out and return what the bot has no right to delete; yield often. Nothing is asked for meanwhile."""
        rights, forbidden = self.rights, list[TrackedMessage]()
        if rights is None or (rights.own and rights.foreign):
            return forbidden

        def is_forbidden(message: TrackedMessage) -> bool:
            return not rights.allow(is_own=is_own(message, bot_id))

        for test in self.tests:
            forbidden += yield from test.excluding(is_forbidden)
        return forbidden

    def forbidden_since(self) -> list[TrackedMessage]:
        """Return what came back since and what the bot has no right to delete."""
        return [message for test in self.tests for message in test.excluded()]

    def leave(self, why: str, *, for_good: bool) -> Iterator[TrackedMessage]:
        """Note that the bot has no access; return what no answer is to be expected for."""
        self.is_over, self.is_lost_for_good, self.lost_access = True, for_good, why
        expected = {message for attempt in self.attempts if attempt.is_sent for message in attempt.messages}
        return (message for lane in self.lanes for message in lane.messages if message not in expected)

    @property
    def is_done(self) -> bool:
        """Whether nothing more will be asked for here."""
        return self.is_over or all(test.is_done for test in self.tests)


def places_of(lanes: Sequence[Lane], *, in_flight: int, singly: bool) -> Iterator[PlaceDeletion]:
    """Return what a plan asks for, place by place in the plan's order."""
    for place, group in groupby(lanes, key=lambda lane: lane.place):
        here = tuple(group)
        requests = sum(-(-len(lane.messages) // lane.limit) for lane in here)
        deletion = PlaceDeletion(place, here, [_test(lane) for lane in here], waits_for_first=requests <= in_flight)
        if singly and place.route is Route.ORDINARY:
            deletion.go_single()
        yield deletion


def _test(lane: Lane) -> MessageTest:
    """Return the group test of a lane; messages under one suspicion may share their fate."""
    return GroupTest(lane.messages, limit=lane.limit, stratum=lane.suspicions.get)
