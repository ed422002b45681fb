"""What a durable storage must do with pending deletions."""

# ruff: noqa: S101, D102 - these are tests, and their names are sentences

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta, timezone
from typing import Any

from tgslices.model import MAX_WAIT, IfClosed, PendingDeletion
from tgslices.testing.contract.entries import WRITERS
from tgslices.testing.contract.samples import (
    KEY,
    MESSAGES,
    MINUTE,
    NOW,
    OTHER_KEYS,
    STRINGS,
    TWINS,
    exactly,
    exactly_pending,
    sent,
)
from tgslices.testing.contract.upkeep import UpkeepContract

BOT = KEY.bot_id
SOON = NOW + MINUTE


class PendingDeletionContract(UpkeepContract):
    """Tests of claiming, leasing, postponing and settling."""

    async def test_claimed_entries_leave_the_key_in_its_order_and_become_pending(self, storage: Any) -> None:
        for number in (5, 1, 3, 4):
            await storage.add(KEY, sent(number))
        claimed = await storage.claim(KEY, [sent(3), sent(4), sent(5), sent(77)], now=NOW, until=SOON)
        assert [exactly(it) for it in claimed] == [exactly(sent(number)) for number in (5, 3, 4)]
        assert await storage.list(KEY) == [sent(1)]
        pending = await storage.pending(BOT)
        assert {exactly_pending(it) for it in pending} == {
            exactly_pending(PendingDeletion(KEY, sent(number), NOW, SOON)) for number in (3, 4, 5)
        }

    async def test_the_stored_record_is_claimed_and_not_the_one_that_was_handed_in(self, storage: Any) -> None:
        await storage.add(KEY, sent(1))
        [claimed] = await storage.claim(KEY, [sent(1, date=None, user_id=None)], now=NOW, until=SOON)
        assert exactly(claimed) == exactly(sent(1))

    async def test_every_field_of_a_pending_deletion_comes_back_as_it_was(self, storage: Any) -> None:
        keys = [KEY, *OTHER_KEYS, *(replace(KEY, qualifier=text, business_connection_id=text) for text in STRINGS)]
        every = [*MESSAGES.values(), *TWINS]
        expected = set()
        for key in keys:
            for message in dict.fromkeys(every):
                await storage.add(key, message)
                expected.add(exactly_pending(PendingDeletion(key, message, NOW, SOON)))
            assert len(await storage.claim(key, every, now=NOW, until=SOON)) == len(set(every))
        pending = [it for bot in (BOT, 43) for it in await storage.pending(bot)]
        assert {exactly_pending(it) for it in pending} == expected
        assert len(pending) == len(expected)

    async def test_claims_at_the_same_time_give_each_entry_to_one_caller(self, storage: Any) -> None:
        for number in range(WRITERS):
            await storage.add(KEY, sent(number))
        listed = await storage.list(KEY)
        claims = await asyncio.gather(*(storage.claim(KEY, listed, now=NOW, until=SOON) for _ in range(WRITERS)))
        assert sorted(it.message_id for part in claims for it in part) == list(range(WRITERS))
        assert len(await storage.pending(BOT)) == WRITERS

    async def test_what_is_recorded_after_the_claim_stays(self, storage: Any) -> None:
        await storage.add(KEY, sent(1), if_closed=IfClosed.OPEN)
        await storage.claim(KEY, await storage.list(KEY), now=NOW, until=SOON)
        await storage.add(KEY, sent(2), if_closed=IfClosed.SKIP)
        assert await storage.list(KEY) == [sent(2)]

    async def test_claiming_what_is_pending_for_the_key_already_takes_it_too(self, storage: Any) -> None:
        await storage.add(KEY, sent(1))
        await storage.claim(KEY, [sent(1)], now=NOW, until=SOON)
        await storage.add(KEY, sent(1))
        assert await storage.claim(KEY, [sent(1)], now=SOON, until=SOON + MINUTE) == [sent(1)]
        assert await storage.list(KEY) == []
        [pending] = await storage.pending(BOT)
        assert (pending.claimed_at, pending.due_at) == (NOW, SOON + MINUTE)

    async def test_the_same_message_may_be_pending_for_several_keys(self, storage: Any) -> None:
        for key in (KEY, *OTHER_KEYS):
            await storage.add(key, sent(1))
            await storage.claim(key, [sent(1)], now=NOW, until=SOON)
        [mine] = [it for it in await storage.pending(BOT) if it.key == KEY]
        assert await storage.settle([mine]) == 1
        assert {it.key for it in await storage.pending(BOT)} == {key for key in OTHER_KEYS if key.bot_id == BOT}

    async def test_claiming_nothing_or_from_an_unknown_key_does_nothing(self, storage: Any) -> None:
        assert await storage.claim(KEY, [sent(1)], now=NOW, until=SOON) == []
        assert await storage.claim(KEY, [], now=NOW, until=SOON) == []
        assert await self.left(storage) == 0

    async def test_pending_deletions_outlive_their_session(self, storage: Any) -> None:
        await storage.add(KEY, sent(1), if_closed=IfClosed.OPEN)
        await storage.claim(KEY, [sent(1)], now=NOW, until=SOON)
        assert (await storage.close(KEY, at=NOW)).dropped == 0
        assert [it.message for it in await storage.pending(BOT)] == [sent(1)]

    async def test_claiming_everything_needs_no_list(self, storage: Any) -> None:
        for number in (5, 1, 3):
            await storage.add(KEY, sent(number))
        claimed = await storage.claim(KEY, None, now=NOW, until=SOON)
        assert [exactly(it) for it in claimed] == [exactly(sent(number)) for number in (5, 1, 3)]
        assert await storage.list(KEY) == []
        assert {exactly_pending(it) for it in await storage.pending(BOT)} == {
            exactly_pending(PendingDeletion(KEY, sent(number), NOW, SOON)) for number in (1, 3, 5)
        }
        assert await storage.claim(KEY, None, now=NOW, until=SOON) == []

    async def test_a_limit_leaves_the_newest_in_the_key(self, storage: Any) -> None:
        every = [sent(number) for number in (5, 1, 3, 4)]
        for message in every:
            await storage.add(KEY, message)
        assert await storage.claim(KEY, None, now=NOW, until=SOON, limit=2) == every[:2]
        assert await storage.list(KEY) == every[2:]
        assert await storage.claim(KEY, [every[3], every[2]], now=NOW, until=SOON, limit=1) == [every[2]]
        assert await storage.claim(KEY, None, now=NOW, until=SOON, limit=2) == [every[3]]
        assert {it.message for it in await storage.pending(BOT)} == set(every)

    async def test_claims_of_everything_at_the_same_time_give_each_entry_to_one_caller(self, storage: Any) -> None:
        for number in range(WRITERS):
            await storage.add(KEY, sent(number))
        claims = await asyncio.gather(
            *(storage.claim(KEY, None, now=NOW, until=SOON, limit=limit) for limit in (3, None) * WRITERS)
        )
        assert sorted(it.message_id for part in claims for it in part) == list(range(WRITERS))
        assert len(await storage.pending(BOT)) == WRITERS

    async def test_claiming_everything_under_an_unknown_key_does_nothing(self, storage: Any) -> None:
        assert await storage.claim(KEY, None, now=NOW, until=SOON) == []
        assert await self.raw_count(storage) == 0

    # Leasing

    async def test_a_lease_takes_what_is_due_earliest_first_and_holds_it(self, storage: Any) -> None:
        for number, minutes in ((1, 3), (2, 1), (3, 2), (4, 9)):
            await storage.add(KEY, sent(number))
            await storage.claim(KEY, [sent(number)], now=NOW, until=NOW + minutes * MINUTE)
        now = NOW + 3 * MINUTE
        assert await storage.lease(BOT, now=NOW, until=now, limit=10) == []
        assert await storage.lease(43, now=now, until=now, limit=10) == []
        first = await storage.lease(BOT, now=now, until=now + MINUTE, limit=2)
        assert [it.message.message_id for it in first] == [2, 3]
        assert [(it.key, it.claimed_at, it.due_at) for it in first] == [(KEY, NOW, now + MINUTE)] * 2
        assert [it.message.message_id for it in await storage.lease(BOT, now=now, until=now + MINUTE, limit=9)] == [1]
        assert await storage.lease(BOT, now=now, until=now + MINUTE, limit=9) == []
        again = await storage.lease(BOT, now=now + MINUTE, until=now + 2 * MINUTE, limit=9)
        assert sorted(it.message.message_id for it in again) == [1, 2, 3]

    async def test_leases_at_the_same_time_share_out_what_is_due(self, storage: Any) -> None:
        for number in range(WRITERS):
            await storage.add(KEY, sent(number))
        await storage.claim(KEY, await storage.list(KEY), now=NOW, until=NOW)
        leases = await asyncio.gather(
            *(storage.lease(BOT, now=NOW, until=SOON, limit=3) for _ in range(WRITERS)),
        )
        assert sorted(it.message.message_id for part in leases for it in part) == list(range(WRITERS))

    async def test_what_is_postponed_is_due_later_and_what_is_settled_is_gone(self, storage: Any) -> None:
        for number in range(4):
            await storage.add(KEY, sent(number))
        await storage.claim(KEY, await storage.list(KEY), now=NOW, until=NOW)
        every = {it.message.message_id: it for it in await storage.pending(BOT)}
        await storage.postpone([every[0], every[1]], until=SOON)
        assert await storage.settle([every[1], every[2]]) == 2
        assert await storage.settle([every[1], every[2]]) == 0
        await storage.postpone([every[2]], until=SOON)
        assert [it.message.message_id for it in await storage.pending(BOT)] == [3, 0]
        assert await storage.next_due(BOT, now=NOW) == NOW
        assert await storage.settle([every[3]]) == 1
        assert await storage.next_due(BOT, now=NOW) == SOON
        assert await storage.settle([every[0]]) == 1
        assert await storage.next_due(BOT, now=NOW) is None
        assert await self.left(storage) == 0

    async def test_postponing_and_settling_nothing_does_nothing(self, storage: Any) -> None:
        await storage.postpone([], until=SOON)
        assert await storage.settle([]) == 0
        unknown = PendingDeletion(KEY, sent(1), NOW, NOW)
        await storage.postpone([unknown], until=SOON)
        assert await storage.settle([unknown]) == 0
        assert await self.left(storage) == 0

    async def test_times_are_moments_whatever_zone_they_come_in(self, storage: Any) -> None:
        zone = timezone(timedelta(hours=14))
        await storage.add(KEY, sent(1))
        await storage.claim(KEY, [sent(1)], now=NOW.astimezone(zone), until=SOON.astimezone(zone))
        [pending] = await storage.pending(BOT)
        due = await storage.next_due(BOT, now=NOW)
        assert (pending.claimed_at, pending.due_at, due) == (NOW, SOON, SOON)
        almost = SOON - timedelta(microseconds=1)
        assert await storage.lease(BOT, now=almost.astimezone(zone), until=SOON, limit=1) == []
        [leased] = await storage.lease(BOT, now=SOON.astimezone(zone), until=(SOON + MINUTE).astimezone(zone), limit=1)
        assert leased.due_at == SOON + MINUTE
        await storage.postpone([leased], until=NOW.astimezone(zone))
        assert await storage.next_due(BOT, now=NOW) == NOW

    async def test_what_a_clock_that_was_ahead_wrote_is_due_now(self, storage: Any) -> None:
        for number, due in ((1, NOW + MAX_WAIT + MINUTE), (2, NOW + MAX_WAIT), (3, NOW)):
            await storage.add(KEY, sent(number))
            await storage.claim(KEY, [sent(number)], now=NOW, until=due)
        assert await storage.next_due(BOT, now=NOW - MINUTE) == NOW - MINUTE
        leased = await storage.lease(BOT, now=NOW, until=SOON, limit=9)
        assert [it.message.message_id for it in leased] == [3, 1]
        assert await storage.next_due(BOT, now=NOW) == SOON
        assert await storage.settle(leased) == 2
        assert await storage.next_due(BOT, now=NOW) == NOW + MAX_WAIT
        assert await storage.lease(BOT, now=NOW, until=SOON, limit=9) == []

    async def test_a_thousand_pending_deletions_are_no_special_case(self, storage: Any) -> None:
        every = [sent(number) for number in range(1_234)]
        await asyncio.gather(*(storage.add(KEY, message) for message in every))
        assert len(await storage.claim(KEY, every, now=NOW, until=NOW)) == len(every)
        leased = await storage.lease(BOT, now=NOW, until=SOON, limit=2_000)
        assert len(leased) == len(every)
        await storage.postpone(leased, until=NOW)
        assert await storage.settle(leased) == len(every)
        assert await self.left(storage) == 0
