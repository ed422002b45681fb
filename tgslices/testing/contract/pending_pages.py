"""What a durable storage must tell of pending deletions, page by page."""

# ruff: noqa: S101, D102 - these are tests, and their names are sentences

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from tgslices.errors import ConfigurationError
from tgslices.model import MAX_WAIT, PendingDeletion, SessionKey
from tgslices.storage.pending_protocol import PendingPage
from tgslices.testing.contract.samples import (
    KEY,
    MESSAGES,
    MINUTE,
    NOW,
    OTHER_KEYS,
    STRINGS,
    TWINS,
    exactly_pending,
    sent,
)
from tgslices.testing.contract.upkeep import UpkeepContract

BOT = KEY.bot_id


class PendingPagesContract(UpkeepContract):
    """Tests of listing and counting what is pending."""

    async def pending_page(self, storage: Any, **how: Any) -> PendingPage:
        page = await storage.list_pending(BOT, **how)
        assert isinstance(page, PendingPage)
        return page

    async def every_pending(self, storage: Any, *, limit: int) -> list[PendingDeletion]:
        found: list[PendingDeletion] = []
        after: str | None = None
        while True:
            page = await self.pending_page(storage, after=after, limit=limit)
            assert len(page.pending) <= limit
            found += page.pending
            if (after := page.after) is None:
                return found

    async def claim(self, storage: Any, *numbers: int, key: SessionKey = KEY, due_in: timedelta = MINUTE) -> None:
        for number in numbers:
            await storage.add(key, sent(number))
        await storage.claim(key, [sent(number) for number in numbers], now=NOW, until=NOW + due_in)

    async def test_nothing_pending_is_an_empty_page_and_counts_as_none(self, storage: Any) -> None:
        assert await self.pending_page(storage, limit=5) == PendingPage((), None)
        assert await storage.count_pending(BOT) == [0]
        assert await storage.count_pending(BOT, key=KEY, claimed_by=[NOW]) == [0, 0]

    async def test_pages_together_are_everything_in_the_order_in_which_it_is_due(self, storage: Any) -> None:
        for number, due_in in ((1, 5), (2, 3), (3, 3), (4, -9), (5, 3), (6, 7)):
            await self.claim(storage, number, due_in=due_in * MINUTE)
        await self.claim(storage, 7, key=OTHER_KEYS[0])
        whole = await storage.pending(BOT)
        for limit in (1, 2, 3, 6, 7):
            found = await self.every_pending(storage, limit=limit)
            assert [exactly_pending(it) for it in found] == [exactly_pending(it) for it in whole]
        assert [it.due_at for it in whole] == sorted(it.due_at for it in whole)
        assert {it.message.message_id for it in whole} == {1, 2, 3, 4, 5, 6}
        assert (await self.pending_page(storage, limit=6)).after is None

    async def test_what_is_pending_of_any_kind_comes_back_as_it_was(self, storage: Any) -> None:
        keys = [KEY, *OTHER_KEYS[1:], *(replace(KEY, qualifier=it, business_connection_id=it) for it in STRINGS)]
        every = {*MESSAGES.values(), *TWINS}
        for key in keys:
            for message in every:
                await storage.add(key, message)
            await storage.claim(key, None, now=NOW, until=NOW + MINUTE)
        found = await self.every_pending(storage, limit=40)
        assert {exactly_pending(it) for it in found} == {
            exactly_pending(PendingDeletion(key, message, NOW, NOW + MINUTE)) for key in keys for message in every
        }
        assert len(found) == len(keys) * len(every)

    async def test_settled_and_new_ones_move_none_of_the_others(self, storage: Any) -> None:
        await self.claim(storage, *range(1, 9))
        first = await self.pending_page(storage, limit=3)
        await storage.settle([*first.pending[:2]])
        await self.claim(storage, 9, due_in=timedelta())
        await self.claim(storage, 10, due_in=2 * MINUTE)
        await storage.settle([it for it in await storage.pending(BOT) if it.message.message_id == 10])
        rest = await self.pending_page(storage, after=first.after, limit=9)
        seen = [it.message.message_id for it in (*first.pending, *rest.pending)]
        assert sorted(seen) == [*range(1, 9)]
        assert rest.after is None

    async def test_what_is_late_comes_before_what_a_clock_put_off_that_was_ahead(self, storage: Any) -> None:
        await self.claim(storage, 1, due_in=2 * MAX_WAIT)
        await self.claim(storage, 2, due_in=-MINUTE)
        [late] = (await self.pending_page(storage, limit=1)).pending
        assert (late.message.message_id, late.due_at) == (2, NOW - MINUTE)

    async def test_one_that_is_leased_is_listed_as_due_when_its_lease_ends(self, storage: Any) -> None:
        await self.claim(storage, 1, 2, due_in=-MINUTE)
        [leased] = await storage.lease(BOT, now=NOW, until=NOW + 9 * MINUTE, limit=1)
        found = {it.message: it.due_at for it in await self.every_pending(storage, limit=1)}
        assert found.pop(leased.message) == leased.due_at == NOW + 9 * MINUTE
        assert [*found.values()] == [NOW - MINUTE]

    async def test_pending_deletions_are_counted_by_age_and_by_key(self, storage: Any) -> None:
        for number, (key, minutes) in enumerate(((KEY, 0), (KEY, 5), (OTHER_KEYS[4], 5), (OTHER_KEYS[0], 5))):
            await storage.add(key, sent(number))
            await storage.claim(key, None, now=NOW - minutes * MINUTE, until=NOW + MINUTE)
        times = [NOW - 9 * MINUTE, NOW - 5 * MINUTE, NOW - MINUTE, NOW]
        assert await storage.count_pending(BOT) == [3]
        assert await storage.count_pending(BOT, claimed_by=times) == [3, 0, 2, 2, 3]
        assert await storage.count_pending(BOT, key=KEY, claimed_by=times) == [2, 0, 1, 1, 2]
        assert await storage.count_pending(BOT, key=OTHER_KEYS[4]) == [1]
        assert await storage.count_pending(BOT, key=OTHER_KEYS[5]) == [0]
        await storage.settle(await storage.pending(BOT))
        assert await storage.count_pending(BOT) == [0]

    async def test_each_key_is_counted_by_itself(self, storage: Any) -> None:
        for key in (KEY, *OTHER_KEYS):
            await self.claim(storage, 1, key=key)
        for key in (KEY, *OTHER_KEYS):
            assert await storage.count_pending(key.bot_id, key=key) == [1]

    @pytest.mark.parametrize("place", ["", "nowhere", "1", "1.x", f"{10**20}.1"])
    async def test_a_place_that_no_page_told_begins_no_page_of_pending(self, storage: Any, place: str) -> None:
        await self.claim(storage, 1)
        with pytest.raises(ConfigurationError, match="is no place in a list"):
            await self.pending_page(storage, after=place, limit=1)
