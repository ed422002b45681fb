"""What a durable storage forgets, and when."""

# ruff: noqa: S101, D102 - these are tests, and their names are sentences

from __future__ import annotations

from dataclasses import replace
from typing import Any

from tgslices.model import REPEAT_WINDOW, IfClosed, Scope
from tgslices.testing.contract.entries import SessionStorageContract
from tgslices.testing.contract.samples import KEY, LATER, MINUTE, NOW, sent

IN_PRIVATE = Scope(42, 7, "private", 7)
BOT = KEY.bot_id
BOTS = (BOT, 43)
"""The bots of all samples."""


async def sweep_all(storage: Any) -> None:
    """Let a storage forget all that it may once everything is past."""
    for bot in BOTS:
        while await storage.sweep(bot, now=LATER, limit=1_000) >= 1_000:
            pass


class UpkeepContract(SessionStorageContract):
    """Tests of forgetting what is past."""

    async def left(self, storage: Any) -> int:
        await sweep_all(storage)
        return await self.raw_count(storage)

    async def test_a_known_message_is_forgotten_when_no_update_can_bring_it_any_more(self, storage: Any) -> None:
        await storage.open(KEY, at=NOW)
        early, late = sent(1), sent(2, at=NOW + MINUTE)
        await storage.remove(KEY, [early, late])
        assert await storage.sweep(BOT, now=NOW + REPEAT_WINDOW - MINUTE, limit=10) == 0
        assert await storage.sweep(43, now=LATER, limit=10) == 0
        assert await storage.sweep(BOT, now=NOW + REPEAT_WINDOW, limit=10) == 1
        for message in (early, late):
            assert await storage.record(IN_PRIVATE, message) == 1
        assert await storage.list(KEY) == [early]

    async def test_a_closing_time_is_forgotten_likewise(self, storage: Any) -> None:
        await storage.close(KEY, at=NOW)
        before = NOW - MINUTE
        assert await storage.sweep(BOT, now=NOW + REPEAT_WINDOW - MINUTE, limit=10) == 0
        assert await storage.open(KEY, at=NOW, begun_at=before) is False
        assert await storage.sweep(BOT, now=NOW + REPEAT_WINDOW, limit=10) == 1
        assert await storage.open(KEY, at=NOW, begun_at=before) is True

    async def test_no_more_is_forgotten_at_once_than_was_asked_for(self, storage: Any) -> None:
        keys = [replace(KEY, qualifier=str(number)) for number in range(5)]
        for key in keys:
            await storage.remove(key, [sent(number) for number in range(3)])
        swept = []
        while (count := await storage.sweep(BOT, now=LATER, limit=4)) >= 4:
            swept.append(count)
        assert [*swept, count] == [4, 4, 4, 3]
        assert await self.raw_count(storage) == 0

    async def test_forgetting_leaves_entries_pending_deletions_and_open_keys(self, storage: Any) -> None:
        await storage.close(KEY, at=NOW)
        await storage.add(KEY, sent(1), if_closed=IfClosed.OPEN)
        await storage.add(KEY, sent(2))
        await storage.claim(KEY, [sent(1)], now=NOW, until=NOW)
        await storage.remove(KEY, [sent(3)])
        await sweep_all(storage)
        assert await storage.open_keys(BOT) == [KEY]
        assert await storage.list(KEY) == [sent(2)]
        assert [it.message for it in await storage.pending(BOT)] == [sent(1)]
        assert await storage.record(IN_PRIVATE, sent(3)) == 1
        assert await storage.list(KEY) == [sent(2), sent(3)]
