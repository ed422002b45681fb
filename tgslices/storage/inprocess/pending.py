"""Pending deletions kept in process memory, in the order in which they fall due."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Collection, Iterable, Iterator
from datetime import datetime
from typing import TypeAlias

from tgslices.model import MAX_WAIT, Gone, PendingDeletion, SessionKey, TrackedMessage
from tgslices.storage.codec import encode_time

Place: TypeAlias = tuple[int, int]
"""Where something stands: when it is due, and its number among all that ever were."""


class PendingDeletions:
    """The pending deletions of any number of bots. A bot without any leaves nothing here."""

    __slots__ = ("_queues", "bots")

    def __init__(self) -> None:
        self._queues: dict[int, _Queue] = {}
        self.bots: Collection[int] = self._queues
        """The bots that have something pending, as they come and go."""

    def put(
        self, key: SessionKey, messages: Iterable[TrackedMessage], *, now: datetime, until: datetime
    ) -> list[PendingDeletion]:
        """Make messages pending, leased until then; return the new pending deletions of the key.

        What was pending keeps its ``claimed_at``; its ``due_at`` becomes ``until``.
        """
        new = []
        queue = self._queues.get(key.bot_id) or _Queue()
        for message in messages:
            entry = PendingDeletion(key, message, now, until)
            if not queue.move(entry, until):
                queue.add(entry)
                new.append(entry)
        if queue:
            self._queues[key.bot_id] = queue
        return new

    def holds(self, key: SessionKey, message: TrackedMessage) -> bool:
        """Tell whether a message is pending for a key."""
        queue = self._queues.get(key.bot_id)
        return queue is not None and PendingDeletion(key, message, message.at, message.at) in queue

    def lease(self, bot_id: int, *, now: datetime, until: datetime, limit: int) -> list[PendingDeletion]:
        """Take and hold what is due, earliest first; see ``DurableSessionStorage.lease``."""
        queue = self._queues.get(bot_id)
        if queue is None:
            return []
        due = queue.due(now, limit)
        return [held for entry in due if (held := queue.move(entry, until))]

    def postpone(self, pending: Collection[PendingDeletion], *, until: datetime) -> None:
        """Set when pending deletions are due. Settled ones are left out."""
        for entry in pending:
            if queue := self._queues.get(entry.key.bot_id):
                queue.move(entry, until)

    def settle(self, pending: Collection[PendingDeletion]) -> list[PendingDeletion]:
        """Drop pending deletions; return the ones that were there."""
        return [entry for entry in pending if self._drop(entry)]

    def of_bot(self, bot_id: int) -> list[PendingDeletion]:
        """Return everything of the bot, earliest ``due_at`` first."""
        return list(self._queues.get(bot_id, ()))

    def page(self, bot_id: int, after: Place, limit: int) -> tuple[list[PendingDeletion], Place | None]:
        """Return up to ``limit`` of the bot behind a place, and the place where the next ones begin behind."""
        page: list[PendingDeletion] = []
        place = after
        queue = self._queues.get(bot_id)
        for there, entry in () if queue is None else queue.behind(after):
            if len(page) == limit:
                return page, place
            page.append(entry)
            place = there
        return page, None

    def count(self, bot_id: int) -> int:
        """Return how many the bot has."""
        return len(self._queues.get(bot_id, ()))

    def next_due(self, bot_id: int, now: datetime) -> datetime | None:
        """Return when the bot's earliest is due, or None; see ``DurableSessionStorage.next_due``."""
        queue = self._queues.get(bot_id)
        if not queue:
            return None
        return min(now, queue.times[0]) if queue.times[-1] - now > MAX_WAIT else queue.times[0]

    def discard(self, bot_id: int, gone: Gone) -> list[PendingDeletion]:
        """Drop the pending deletions of messages that are gone; return them."""
        return self.settle([entry for entry in self._queues.get(bot_id, ()) if gone.covers(entry.message)])

    def migrate(self, bot_id: int, old_chat_id: int, new_chat_id: int) -> None:
        """Let what left the keys of a chat count as having left the keys of its new id, unless it is pending there."""
        moved = [e for e in self._queues.get(bot_id, ()) if e.key.chat_id == old_chat_id]
        for entry in moved:
            key = entry.key.in_chat(new_chat_id)
            self._drop(entry)
            queue = self._queues.setdefault(bot_id, _Queue())
            queue.add(PendingDeletion(key, entry.message, entry.claimed_at, entry.due_at))

    def _drop(self, entry: PendingDeletion) -> bool:
        queue = self._queues.get(entry.key.bot_id)
        if queue is None or not queue.drop(entry):
            return False
        if not queue:
            del self._queues[entry.key.bot_id]
        return True


class _Queue:
    """The pending deletions of one bot: entries by identity, and by the time when they are due."""

    __slots__ = ("_by_time", "_entries", "_last", "times")

    def __init__(self) -> None:
        self._entries: dict[PendingDeletion, tuple[int, PendingDeletion]] = {}
        """The one entry that stands here for all its equals, and its number."""
        self._last = 0
        self._by_time: dict[datetime, dict[int, PendingDeletion]] = {}
        self.times: list[datetime] = []

    def __len__(self) -> int:
        return len(self._entries)

    def __contains__(self, entry: PendingDeletion) -> bool:
        return entry in self._entries

    def __iter__(self) -> Iterator[PendingDeletion]:
        for time in self.times:
            yield from self._by_time[time].values()

    def behind(self, place: Place) -> Iterator[tuple[Place, PendingDeletion]]:
        """Yield what stands behind a place, each with its own."""
        first = bisect_left(self.times, place[0], key=encode_time)
        for index in range(first, len(self.times)):
            time = self.times[index]
            at = encode_time(time)
            for number, entry in self._by_time[time].items():
                if (at, number) > place:
                    yield (at, number), entry

    def add(self, entry: PendingDeletion) -> None:
        """Add an entry, unless its equal is here."""
        if entry in self._entries:
            return
        if entry.due_at not in self._by_time:
            insort(self.times, entry.due_at)
            self._by_time[entry.due_at] = {}
        self._last += 1
        self._by_time[entry.due_at][self._last] = entry
        self._entries[entry] = (self._last, entry)

    def drop(self, entry: PendingDeletion) -> PendingDeletion | None:
        """Remove and return the equal of an entry."""
        found = self._entries.pop(entry, None)
        if found is None:
            return None
        number, there = found
        together = self._by_time[there.due_at]
        del together[number]
        if not together:
            del self._by_time[there.due_at]
            del self.times[bisect_left(self.times, there.due_at)]
        return there

    def move(self, entry: PendingDeletion, until: datetime) -> PendingDeletion | None:
        """Let the equal of an entry be due at another time; return it as it is then."""
        there = self.drop(entry)
        if there is None:
            return None
        moved = PendingDeletion(there.key, there.message, there.claimed_at, until)
        self.add(moved)
        return moved

    def due(self, now: datetime, limit: int) -> list[PendingDeletion]:
        """Return up to ``limit`` entries that are due, or so late that a clock must have been ahead."""
        due: list[PendingDeletion] = []
        for time in self.times:
            if len(due) >= limit:
                break
            if time <= now or time - now > MAX_WAIT:
                due.extend(self._by_time[time].values())
        return due[:limit]
