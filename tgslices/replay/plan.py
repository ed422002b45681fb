"""Entries to chunks: what one request copies, in the order in which the copies are to stand. Pure."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from heapq import merge
from operator import attrgetter
from typing import Final

from tgslices.deletion.plan import MAX_IDS_PER_REQUEST
from tgslices.deletion.windows import sent_at_latest
from tgslices.event_loop.work_in_turns import PORTION
from tgslices.model import TrackedMessage
from tgslices.replay.obstacles import obstacle_to

_message_id: Final = attrgetter("message_id")


@dataclass(frozen=True, slots=True)
class Chunk:
    """Messages of one chat that one request copies, by ascending id."""

    chat_id: int
    messages: tuple[TrackedMessage, ...]

    @property
    def is_whole(self) -> bool:
        """Whether all of it is sent or none: a single message, or one album.

        Source: TDLib ``MessagesManager.cpp``, ``messages.sendMultiMedia`` for the messages of one album
        """
        album = self.messages[0].media_group_id
        return len(self.messages) == 1 or (
            album is not None and all(message.media_group_id == album for message in self.messages)
        )


@dataclass(frozen=True, slots=True)
class ReplayPlan:
    """What to ask for, in order, and what never to ask for, with the reason."""

    chunks: tuple[Chunk, ...]
    skipped: dict[TrackedMessage, str]


def planning(entries: Iterable[TrackedMessage], *, forward: bool, exact: bool) -> Generator[None, None, ReplayPlan]:
    """Sort entries into chunks; yield often, and return the plan. Equal entries count once.

    ``exact``: one chunk a message, and one an album. Otherwise chunks of up to a hundred, which tear no album apart.
    Source: https://core.telegram.org/bots/api#copymessages ("in strictly increasing order", "Album grouping is kept")
    """
    skipped: dict[TrackedMessage, str] = {}
    chats: dict[int, dict[TrackedMessage, None]] = {}
    for number, entry in enumerate(entries):
        if not number % PORTION:
            yield
        obstacle = obstacle_to(entry, forward=forward)
        if obstacle is None:
            chats.setdefault(entry.chat_id, {})[entry] = None
        else:
            skipped[entry] = obstacle
    units: list[Chunk] = []
    for number, unit in enumerate(_in_order([sorted(chat, key=_message_id) for chat in chats.values()])):
        if not number % PORTION:
            yield
        units.append(unit)
    return ReplayPlan(tuple(units if exact else _in_hundreds(units)), skipped)


def _in_order(chats: list[list[TrackedMessage]]) -> Iterator[Chunk]:
    """Yield single messages and albums by the time when they were sent; those of one chat by their ids."""
    timed = merge(*(_timed(_units(chat)) for chat in chats), key=lambda item: (item[0], item[1].chat_id))
    return (unit for _, unit in timed)


def _units(messages: list[TrackedMessage]) -> Iterator[Chunk]:
    """Yield single messages and whole albums, an album where its first message stands."""
    albums: dict[str, list[TrackedMessage]] = {}
    for message in messages:
        if message.media_group_id is not None:
            albums.setdefault(message.media_group_id, []).append(message)
    for message in messages:
        if message.media_group_id is None:
            yield Chunk(message.chat_id, (message,))
        elif album := albums.pop(message.media_group_id, None):
            yield Chunk(message.chat_id, tuple(album))


def _timed(units: Iterable[Chunk]) -> Iterator[tuple[datetime, Chunk]]:
    """Yield units with times that never go back, whatever the clocks did that told them."""
    latest: datetime | None = None
    for unit in units:
        sent = sent_at_latest(unit.messages[0])
        latest = sent if latest is None else max(latest, sent)
        yield latest, unit


def _in_hundreds(units: Iterable[Chunk]) -> Iterator[Chunk]:
    together: list[TrackedMessage] = []
    for unit in units:
        is_elsewhere = bool(together) and together[0].chat_id != unit.chat_id
        if together and (is_elsewhere or len(together) + len(unit.messages) > MAX_IDS_PER_REQUEST):
            yield _chunk(together)
            together = []
        together.extend(unit.messages)
    if together:
        yield _chunk(together)


def _chunk(messages: list[TrackedMessage]) -> Chunk:
    return Chunk(messages[0].chat_id, tuple(sorted(messages, key=_message_id)))
