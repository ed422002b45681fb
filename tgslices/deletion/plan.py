"""Messages to lanes: what to ask Telegram for, what never to ask for, and what to ask for later. Pure."""

from __future__ import annotations

from collections.abc import Collection, Generator, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from heapq import merge
from itertools import islice
from typing import Final

from tgslices.deletion.likely_refusals import Suspicion, suspicion_of
from tgslices.deletion.routes import Place, Route, place_of
from tgslices.deletion.windows import deletable_from, is_deferred, is_expired, sent_at_latest
from tgslices.event_loop.work_in_turns import PORTION, at_once
from tgslices.model import TrackedMessage
from tgslices.results import Outcome
from tgslices.telegram_facts.chat_kind import ChatKind, chat_kind

MAX_IDS_PER_REQUEST: Final = 100
"""How many ids one request may carry. aiogram does not check it; the server refuses 101.

Source: https://core.telegram.org/bots/api#deletemessages; telegram-bot-api ``Client.cpp:12403``
"""


@dataclass(frozen=True, slots=True)
class Batch:
    """Messages that one request asks for when nothing is refused. ``suspect``: they may well be refused."""

    route: Route
    chat_id: int
    business_connection_id: str | None
    messages: tuple[TrackedMessage, ...]
    suspect: bool = False

    @property
    def place(self) -> Place:
        """The space that the ids belong to."""
        return Place(self.route, self.chat_id, self.business_connection_id)


@dataclass(frozen=True, slots=True)
class Lane:
    """Messages of one place that may share requests, in the order in which they are asked for.

    ``suspicions``: why each message of a lane of suspects may be refused; empty for healthy messages.
    """

    place: Place
    messages: tuple[TrackedMessage, ...]
    suspicions: Mapping[TrackedMessage, Suspicion] = field(default_factory=dict, compare=False)

    @property
    def limit(self) -> int:
        """How many messages one request may ask for."""
        return max_batch(self.place.route)

    def batches(self) -> Iterator[Batch]:
        """Yield what is asked for when nothing is refused."""
        for start in range(0, len(self.messages), self.limit):
            part = self.messages[start : start + self.limit]
            yield Batch(*self.place, part, suspect=bool(self.suspicions))


@dataclass(frozen=True, slots=True)
class DeletionPlan:
    """What clearing would do. Every message stands in exactly one lane or one of the other tuples."""

    messages: tuple[TrackedMessage, ...]
    """All of them, in the order given."""
    lanes: tuple[Lane, ...]
    """What Telegram is asked for: place by place, healthy messages before suspects."""
    expired: tuple[TrackedMessage, ...]
    """Too old; never asked for."""
    deferred: tuple[TrackedMessage, ...]
    """Dice that may go later; see :meth:`due_at`."""
    unreachable: tuple[TrackedMessage, ...]
    """In a chat that has migrated, or with an id that no request can carry."""

    @property
    def batches(self) -> tuple[Batch, ...]:
        """The requests when Telegram accepts every one: place by place, healthy batches before suspect ones."""
        return tuple(batch for lane in self.lanes for batch in lane.batches())

    @property
    def requests(self) -> int:
        """How many calls it takes when Telegram accepts every one."""
        return sum(-(-len(lane.messages) // lane.limit) for lane in self.lanes)

    def due_at(self, message: TrackedMessage) -> datetime | None:
        """Return when a deferred message may be asked for; None for every other one."""
        return deletable_from(message) if message in self.deferred else None

    def outcomes(self) -> Iterator[tuple[TrackedMessage, Outcome]]:
        """Yield every message in the order given, with its fate; what is to be asked for is still pending."""
        known = dict.fromkeys(self.expired, Outcome.EXPIRED)
        known |= dict.fromkeys(self.deferred, Outcome.DEFERRED)
        known |= dict.fromkeys(self.unreachable, Outcome.UNREACHABLE)
        return ((message, known.get(message, Outcome.PENDING)) for message in self.messages)


def max_batch(route: Route) -> int:
    """Return how many messages one request of a route may ask for."""
    return 1 if route is Route.EPHEMERAL else MAX_IDS_PER_REQUEST


def plan_deletion(
    messages: Iterable[TrackedMessage], *, now: datetime, bot_id: int, migrated: Collection[int] = ()
) -> DeletionPlan:
    """Return the plan of :func:`planning` at once."""
    return at_once(planning(messages, now=now, bot_id=bot_id, migrated=migrated))


def planning(
    messages: Iterable[TrackedMessage], *, now: datetime, bot_id: int, migrated: Collection[int] = ()
) -> Generator[None, None, DeletionPlan]:
    """Sort messages into lanes and into what is not asked for; yield often, and return the plan.

    Equal messages count once. ``migrated`` holds the ids of basic groups that are known to have become supergroups: the
    server refuses deletions there, and the old ids mean other messages in the new chat.
    Source: telegram-bot-api ``Client.cpp:8149``; https://core.telegram.org/bots/api#deletemessages
    """
    unique: dict[TrackedMessage, None] = {}
    to_ask: dict[Place, list[TrackedMessage]] = {}
    kept: dict[Outcome, list[TrackedMessage]] = {outcome: [] for outcome in Outcome}
    for number, message in enumerate(messages):
        if not number % PORTION:
            yield
        known = len(unique)
        unique[message] = None
        if len(unique) == known:
            continue
        place = place_of(message)
        if place is None or (migrated and _is_left_behind(place, migrated)):
            kept[Outcome.UNREACHABLE].append(message)
        elif is_expired(message, now):
            kept[Outcome.EXPIRED].append(message)
        elif is_deferred(message, now):
            kept[Outcome.DEFERRED].append(message)
        else:
            to_ask.setdefault(place, []).append(message)
    lanes: list[Lane] = []
    for place, asked in to_ask.items():
        lanes += yield from _lanes(place, asked, now, bot_id)
    return DeletionPlan(
        messages=tuple(unique),
        lanes=tuple(lanes),
        expired=tuple(kept[Outcome.EXPIRED]),
        deferred=tuple(kept[Outcome.DEFERRED]),
        unreachable=tuple(kept[Outcome.UNREACHABLE]),
    )


def _is_left_behind(place: Place, migrated: Collection[int]) -> bool:
    basic_group = place.route is not Route.BUSINESS and chat_kind(place.chat_id) is ChatKind.GROUP
    return basic_group and place.chat_id in migrated


def _lanes(
    place: Place, messages: list[TrackedMessage], now: datetime, bot_id: int
) -> Generator[None, None, list[Lane]]:
    """Return the lane of healthy messages and the lane of suspects, as far as there are any."""
    healthy: list[TrackedMessage] = []
    suspects: dict[Suspicion, dict[TrackedMessage, Suspicion]] = {suspicion: {} for suspicion in sorted(Suspicion)}
    in_order = yield from _by_time(messages)
    for number, message in enumerate(in_order):
        if not number % PORTION:
            yield
        suspicion = suspicion_of(message, now=now, bot_id=bot_id)
        if suspicion is None:
            healthy.append(message)
        else:
            suspects[suspicion][message] = suspicion
    together: dict[TrackedMessage, Suspicion] = {}
    for lane in suspects.values():
        together |= lane  # keeps the hashes that it has
    both = Lane(place, tuple(healthy)), Lane(place, tuple(together), together)
    return [lane for lane in both if lane.messages]


def _by_time(messages: list[TrackedMessage]) -> Generator[None, None, list[TrackedMessage]]:
    """Return messages by the time when they were sent; those of one time stay in their order.

    Most come in order already: only parts that do not are merged.
    """
    runs: list[list[TrackedMessage]] = []
    for start in range(0, len(messages), PORTION):
        run = sorted(messages[start : start + PORTION], key=sent_at_latest)
        if runs and sent_at_latest(runs[-1][-1]) <= sent_at_latest(run[0]):
            runs[-1].extend(run)
        else:
            runs.append(run)
        yield
    if len(runs) <= 1:
        return runs[0] if runs else []
    merged, whole = merge(*runs, key=sent_at_latest), list[TrackedMessage]()
    while portion := list(islice(merged, PORTION)):
        whole += portion
        yield
    return whole
