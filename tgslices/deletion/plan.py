"""Messages to batches: what to ask Telegram for, what never to ask for, and what to ask for later. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from tgslices.chat_kind import ChatKind, chat_kind
from tgslices.deletion.routes import Place, Route, place_of
from tgslices.deletion.suspicion import Suspicion, suspicion_of
from tgslices.deletion.windows import deletable_from, is_deferred, is_expired, sent_at_latest
from tgslices.model import TrackedMessage
from tgslices.results import Outcome

MAX_IDS_PER_REQUEST: Final = 100
"""How many ids one request may carry. aiogram does not check it; the server refuses 101.

Source: https://core.telegram.org/bots/api#deletemessages; telegram-bot-api ``Client.cpp:12403``
"""


@dataclass(frozen=True, slots=True)
class Batch:
    """Messages that one request asks for: 1-100 of one route, one chat and one business connection.

    An ephemeral batch holds one message, because that is what its call takes. ``suspect`` batches hold messages that
    may well be refused. Requests are made from batches alone, so what is checked here cannot go wrong later.

    Raises:
        ValueError: a message belongs to another route, chat or connection, or there are too few or too many.
    """

    route: Route
    chat_id: int
    business_connection_id: str | None
    messages: tuple[TrackedMessage, ...]
    suspect: bool = False

    def __post_init__(self) -> None:
        """Refuse what would delete other messages than those meant."""
        if not 1 <= len(self.messages) <= largest_batch(self.route):
            raise ValueError(f"a batch of the {self.route.value} route cannot hold {len(self.messages)} messages")
        place = self.place
        for message in self.messages:
            if place_of(message) != place:
                raise ValueError(f"{message} does not belong into a batch of the {self.route.value} route in this chat")

    @property
    def place(self) -> Place:
        """The space that the ids belong to."""
        return Place(self.route, self.chat_id, self.business_connection_id)


@dataclass(frozen=True, slots=True)
class DeletionPlan:
    """What clearing would do. Every message stands in exactly one batch or one of the tuples."""

    messages: tuple[TrackedMessage, ...]
    """All of them, in the order given."""
    batches: tuple[Batch, ...]
    """What Telegram is asked for: chat by chat, healthy batches before suspect ones, each chat's order kept in both."""
    expired: tuple[TrackedMessage, ...]
    """Too old; never asked for."""
    deferred: tuple[TrackedMessage, ...]
    """Dice that may go later; see :meth:`due_at`."""
    unreachable: tuple[TrackedMessage, ...]
    """In a chat that has migrated, or with an id that no request can carry."""

    @property
    def requests(self) -> int:
        """How many calls it takes when Telegram accepts every one."""
        return len(self.batches)

    def due_at(self, message: TrackedMessage) -> datetime | None:
        """Return when a deferred message may be asked for; None for every other one."""
        return deletable_from(message) if message in self.deferred else None

    def outcomes(self) -> Iterator[tuple[TrackedMessage, Outcome]]:
        """Yield every message in the order given, with its fate; what is to be asked for is still pending."""
        known = dict.fromkeys(self.expired, Outcome.EXPIRED)
        known |= dict.fromkeys(self.deferred, Outcome.DEFERRED)
        known |= dict.fromkeys(self.unreachable, Outcome.UNREACHABLE)
        return ((message, known.get(message, Outcome.PENDING)) for message in self.messages)


def largest_batch(route: Route) -> int:
    """Return how many messages one request of a route may ask for."""
    return 1 if route is Route.EPHEMERAL else MAX_IDS_PER_REQUEST


def plan_deletion(
    messages: Sequence[TrackedMessage], *, now: datetime, bot_id: int, migrated: Collection[int] = ()
) -> DeletionPlan:
    """Sort messages into batches and into what is not asked for.

    Equal messages count once. ``migrated`` holds the ids of basic groups that are known to have become supergroups: the
    server refuses deletions there, and the old ids mean other messages in the new chat.
    Source: telegram-bot-api ``Client.cpp:8149``; https://core.telegram.org/bots/api#deletemessages
    """
    unique = tuple(dict.fromkeys(messages))
    to_ask: dict[Place, list[TrackedMessage]] = {}
    kept: dict[Outcome, list[TrackedMessage]] = {outcome: [] for outcome in Outcome}
    for message in unique:
        place = place_of(message)
        if place is None or (migrated and _is_left_behind(place, migrated)):
            kept[Outcome.UNREACHABLE].append(message)
        elif is_expired(message, now):
            kept[Outcome.EXPIRED].append(message)
        elif is_deferred(message, now):
            kept[Outcome.DEFERRED].append(message)
        else:
            to_ask.setdefault(place, []).append(message)
    return DeletionPlan(
        messages=unique,
        batches=tuple(b for place, asked in to_ask.items() for b in _batches(place, asked, now, bot_id)),
        expired=tuple(kept[Outcome.EXPIRED]),
        deferred=tuple(kept[Outcome.DEFERRED]),
        unreachable=tuple(kept[Outcome.UNREACHABLE]),
    )


def _is_left_behind(place: Place, migrated: Collection[int]) -> bool:
    basic_group = place.route is not Route.BUSINESS and chat_kind(place.chat_id) is ChatKind.GROUP
    return basic_group and place.chat_id in migrated


def _batches(place: Place, messages: list[TrackedMessage], now: datetime, bot_id: int) -> Iterator[Batch]:
    healthy: list[TrackedMessage] = []
    suspects: dict[Suspicion, list[TrackedMessage]] = {}
    for message in sorted(messages, key=sent_at_latest):
        suspicion = suspicion_of(message, now=now, bot_id=bot_id)
        (healthy if suspicion is None else suspects.setdefault(suspicion, [])).append(message)
    together = [message for suspicion in sorted(suspects) for message in suspects[suspicion]]
    for lane, suspect in ((healthy, False), (together, True)):
        size = largest_batch(place.route)
        for start in range(0, len(lane), size):
            yield Batch(*place, tuple(lane[start : start + size]), suspect)
