"""What storages at one place know of each other, at the same time or one after the other."""

# ruff: noqa: S101, D102 - these are tests, and their names are sentences

from __future__ import annotations

import asyncio
from typing import Any

from tgslices.model import IfClosed
from tgslices.storage.protocol import Added
from tgslices.testing.contract.entries import WRITERS
from tgslices.testing.contract.opened import Opener
from tgslices.testing.contract.samples import KEY, MINUTE, NOW, OTHER_KEYS, sent
from tgslices.testing.contract.upkeep import IN_PRIVATE, UpkeepContract


class SharingContract(UpkeepContract):
    """Tests of starting, closing, reopening and sharing."""

    async def test_starting_and_closing_are_harmless_when_repeated(self, storage: Any) -> None:
        await asyncio.gather(storage.start(), storage.start())
        await storage.open(KEY, at=NOW)
        await storage.start()
        assert await storage.open_keys(KEY.bot_id) == [KEY]
        await storage.aclose()
        await storage.aclose()

    async def test_open_keys_and_pending_deletions_are_there_after_reopening(self, opened: Opener) -> None:
        storage = await opened()
        for key in (KEY, *OTHER_KEYS):
            await storage.add(key, sent(1), if_closed=IfClosed.OPEN)
        await storage.unsubscribe(OTHER_KEYS[1])
        await storage.claim(KEY, [sent(1)], now=NOW, until=NOW + MINUTE)
        await self.close_storage(storage)
        again = await opened()
        keys = {*await again.open_keys(KEY.bot_id), *await again.open_keys(43)}
        assert keys == ({KEY, *OTHER_KEYS} - {OTHER_KEYS[1]} if self.survives_reopening else set())
        assert [it.key for it in await again.pending(KEY.bot_id)] == ([KEY] if self.survives_reopening else [])
        assert await again.record(IN_PRIVATE, sent(5)) == (5 if self.survives_reopening else 0)

    async def test_storages_at_one_place_see_each_other_if_they_share_it(self, opened: Opener) -> None:
        if not self.shared:
            await self._expect_storages_at_one_place_to_be_apart(opened)
            return
        one, other = await opened(), await opened()
        await one.open(KEY, at=NOW)
        assert await other.record(IN_PRIVATE, sent(1)) == 1
        assert await other.add(KEY, sent(2), if_closed=IfClosed.SKIP)
        assert await one.list(KEY) == [sent(1), sent(2)]
        assert (await other.close(KEY, at=NOW)).dropped == 2
        assert await one.record(IN_PRIVATE, sent(3)) == 0
        assert await one.matching(IN_PRIVATE) == []
        assert await one.open_keys(KEY.bot_id) == []

    async def test_of_several_workers_one_tells_that_it_opened_or_closed_a_key(self, opened: Opener) -> None:
        workers = [await opened() for _ in range(4 if self.shared else 1)]
        opening = (worker.add(KEY, sent(number), if_closed=IfClosed.OPEN) for number in range(5) for worker in workers)
        assert (await asyncio.gather(*opening)).count(Added.OPENED) == 1
        closings = await asyncio.gather(*(worker.close(KEY, at=NOW) for _ in range(3) for worker in workers))
        assert sum(closing.was_open for closing in closings) == 1
        openings = await asyncio.gather(*(worker.open(KEY, at=NOW) for _ in range(3) for worker in workers))
        assert sum(openings) == 1

    async def _expect_storages_at_one_place_to_be_apart(self, opened: Opener) -> None:
        """A storage without sharing refuses a second one, or shares nothing: each would miss what the other opens."""
        one = await opened()
        await one.open(KEY, at=NOW)
        try:
            other = await opened()
        except Exception:  # noqa: BLE001, S110  # whatever a plugin refuses it with
            pass
        else:
            assert await other.record(IN_PRIVATE, sent(1)) == 0
            assert await other.open_keys(KEY.bot_id) == []
        assert await one.list(KEY) == []
        assert await one.open_keys(KEY.bot_id) == [KEY]

    async def test_storages_at_one_place_record_claim_and_lease_everything_once(self, opened: Opener) -> None:
        workers = [await opened() for _ in range(4 if self.shared else 1)]
        await workers[0].open(KEY, at=NOW)
        await asyncio.gather(
            *(worker.record(IN_PRIVATE, sent(number)) for number in range(WRITERS) for worker in workers)
        )
        listed = await workers[0].list(KEY)
        assert sorted(it.message_id for it in listed) == list(range(WRITERS))
        claimed = await asyncio.gather(
            *(worker.claim(KEY, listed, now=NOW, until=NOW + MINUTE) for worker in workers for _ in range(3))
        )
        assert sorted(it.message_id for part in claimed for it in part) == list(range(WRITERS))
        later = NOW + 2 * MINUTE
        leased = await asyncio.gather(
            *(
                worker.lease(KEY.bot_id, now=later, until=later + MINUTE, limit=3)
                for worker in workers
                for _ in range(WRITERS)
            )
        )
        assert sorted(it.message.message_id for part in leased for it in part) == list(range(WRITERS))

    async def test_storages_at_one_place_know_each_others_messages(self, opened: Opener) -> None:
        one, other = await opened(), await opened() if self.shared else None
        other = other or one
        await one.open(KEY, at=NOW, outside=sent(5))
        await one.record(IN_PRIVATE, sent(6))
        await other.record(IN_PRIVATE, sent(5))
        await other.record(IN_PRIVATE, sent(4))
        assert await other.remove(KEY, [sent(6), sent(7)]) == 1
        for number in (6, 7, 8):
            assert await one.record(IN_PRIVATE, sent(number)) == 1
        assert await one.list(KEY) == await other.list(KEY) == [sent(8)]
        await other.close(KEY, at=NOW + MINUTE)
        assert await one.open(KEY, at=NOW, begun_at=NOW) is False
        assert await one.is_open(KEY) is False
