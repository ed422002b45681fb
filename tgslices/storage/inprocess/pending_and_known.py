"""What storages do alike that keep pending deletions and known messages in the memory of one process."""

# ruff: noqa: D102 - the methods are documented once, on the protocol

from __future__ import annotations

from collections.abc import Collection, Generator, Iterable, Sequence
from datetime import datetime

from tgslices.event_loop.work_in_turns import PORTION, in_turns
from tgslices.model import IfClosed, PendingDeletion, SessionKey, TrackedMessage
from tgslices.storage.inprocess.erasing import ErasesInProcess
from tgslices.storage.inprocess.known_messages import KnownMessages
from tgslices.storage.inprocess.listing import ListsInProcess
from tgslices.storage.inprocess.pending import PendingDeletions
from tgslices.storage.listing_protocol import read_place, spelled_place
from tgslices.storage.pending_protocol import PendingPage


class KeepsPendingInProcess(ListsInProcess, ErasesInProcess):
    """The methods of the durable protocol that need no entries."""

    def __init__(self) -> None:
        super().__init__()
        self._pending = PendingDeletions()
        self._known = KnownMessages()
        self._migrated: set[tuple[int, int]] = set()

    async def start(self) -> None:
        return

    async def aclose(self) -> None:
        return

    async def migrated(self, bot_id: int, chat_ids: Collection[int]) -> set[int]:
        return {chat_id for chat_id in chat_ids if (bot_id, chat_id) in self._migrated}

    async def lease(self, bot_id: int, *, now: datetime, until: datetime, limit: int) -> list[PendingDeletion]:
        return self._pending.lease(bot_id, now=now, until=until, limit=limit)

    async def postpone(self, pending: Collection[PendingDeletion], *, until: datetime) -> None:
        self._pending.postpone(pending, until=until)

    async def settle(self, pending: Collection[PendingDeletion]) -> int:
        return self._learn_settled(self._pending.settle(pending))

    async def pending(self, bot_id: int) -> list[PendingDeletion]:
        return self._pending.of_bot(bot_id)

    async def list_pending(self, bot_id: int, *, after: str | None = None, limit: int) -> PendingPage:
        found, rest = self._pending.page(bot_id, read_place(after), limit)
        return PendingPage(tuple(found), None if rest is None else spelled_place(*rest))

    async def count_pending(
        self, bot_id: int, *, key: SessionKey | None = None, claimed_by: Sequence[datetime] = ()
    ) -> list[int]:
        if key is None and not claimed_by:
            return [self._pending.count(bot_id)]
        return await in_turns(_counting(self._pending.of_bot(bot_id), key, claimed_by))

    async def next_due(self, bot_id: int, *, now: datetime) -> datetime | None:
        return self._pending.next_due(bot_id, now)

    def _learn_settled(self, settled: Iterable[PendingDeletion]) -> int:
        """Let keys know what is pending no more; return how much that is."""
        by_key: dict[SessionKey, list[TrackedMessage]] = {}
        for entry in settled:
            by_key.setdefault(entry.key, []).append(entry.message)
        for key, messages in by_key.items():
            self._known.learn(key, messages)
        return sum(map(len, by_key.values()))

    def _comes_too_late(
        self, key: SessionKey, *, is_open: bool, if_closed: IfClosed, begun_at: datetime | None
    ) -> bool:
        """Tell whether a key gets nothing of what began at a time, because it was or is closed."""
        if is_open:
            return if_closed is IfClosed.SKIP and self._opened.was_opened_since(key, begun_at)
        return if_closed is IfClosed.SKIP or self._known.was_closed_since(key, begun_at)

    def _leaves_out(self, key: SessionKey, message: TrackedMessage) -> bool:
        """Tell whether an update with this message brings a key nothing that it has not had."""
        return self._known.knows(key, message) or self._pending.holds(key, message)


def _counting(
    pending: Sequence[PendingDeletion], key: SessionKey | None, claimed_by: Sequence[datetime]
) -> Generator[None, None, list[int]]:
    """Return how many are pending, and how many were claimed by each of these times; yield often."""
    counts = [0] * (1 + len(claimed_by))
    for number, entry in enumerate(pending):
        if not number % PORTION:
            yield
        if key is None or entry.key == key:
            counts[0] += 1
            for place, time in enumerate(claimed_by, 1):
                counts[place] += entry.claimed_at <= time
    return counts
