"""What a durable storage must do with messages that were deleted past the session."""

# ruff: noqa: S101, D102 - these are tests, and their names are sentences

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tgslices.model import Direction, Gone, IfClosed, TrackedMessage
from tgslices.testing.contract.opened import Opener
from tgslices.testing.contract.samples import KEY, MINUTE, NOW, OTHER_KEYS, sent
from tgslices.testing.contract.upkeep import BOT, IN_PRIVATE, UpkeepContract

SOON = NOW + MINUTE
FIRST = Gone(KEY.chat_id, frozenset({1}))

PLAIN = sent(1)
EPHEMERAL = sent(0, ephemeral_message_id=1, receiver_user_id=8)
IN_TOPIC = sent(2, thread_id=5)
EVERY = (PLAIN, EPHEMERAL, IN_TOPIC, sent(1, chat_id=8, thread_id=5), sent(1, business_connection_id="c"))

GONE: dict[str, tuple[Gone, list[TrackedMessage]]] = {
    "by their ids": (Gone(7, frozenset({0, 1, 2, 77})), [PLAIN, IN_TOPIC]),
    "in another chat": (Gone(8, frozenset({1, 2})), [EVERY[3]]),
    "of a connection": (Gone(7, frozenset({1, 2}), "c"), [EVERY[4]]),
    "of another connection": (Gone(7, frozenset({1, 2}), "d"), []),
    "with their topic": (Gone(7, None, thread_id=5), [IN_TOPIC]),
    "with a topic of another chat": (Gone(9, None, thread_id=5), []),
    "ephemeral to a receiver": (Gone(7, frozenset({1}), receiver_user_id=8), [EPHEMERAL]),
    "ephemeral to another receiver": (Gone(7, frozenset({1}), receiver_user_id=9), []),
    "none": (Gone(7, frozenset()), []),
}
"""What is gone, and which of ``EVERY`` that means."""


class DiscardContract(UpkeepContract):
    """Tests of dropping what is gone."""

    @pytest.mark.parametrize("surely", [True, False])
    @pytest.mark.parametrize("case", GONE)
    async def test_exactly_what_is_gone_leaves_the_session(self, storage: Any, case: str, surely: bool) -> None:
        gone, expected = GONE[case]
        for message in EVERY:
            await storage.add(KEY, message)
        assert await storage.discard(BOT, gone, surely=surely) == len(expected)
        assert await storage.list(KEY) == [message for message in EVERY if message not in expected]
        assert await storage.discard(BOT, gone, surely=surely) == 0
        await storage.clear(KEY)
        assert await self.left(storage) == 0

    @pytest.mark.parametrize("case", GONE)
    async def test_what_is_surely_gone_is_pending_no_more(self, storage: Any, case: str) -> None:
        gone, expected = GONE[case]
        for message in EVERY:
            await storage.add(KEY, message)
        await storage.claim(KEY, None, now=NOW, until=SOON)
        assert await storage.discard(BOT, gone, surely=False) == 0
        assert await storage.discard(BOT, gone) == len(expected)
        assert {it.message for it in await storage.pending(BOT)} == set(EVERY) - set(expected)

    async def test_every_key_of_the_bot_drops_it(self, storage: Any) -> None:
        business = [sent(number, business_connection_id="c") for number in range(4)]
        elsewhere = replace(KEY, chat_id=1000, qualifier="order")
        for key in (replace(KEY, business_connection_id="c"), elsewhere, OTHER_KEYS[0]):
            await storage.open(key, at=NOW)
            for message in [*business, sent(1), sent(1, chat_id=8), sent(1, business_connection_id="d")]:
                await storage.add(key, message)
        await storage.claim(elsewhere, [business[0], business[1]], now=NOW, until=SOON)
        assert await storage.discard(BOT, Gone(KEY.chat_id, frozenset({1, 2, 77}), "c")) == 4
        kept = [sent(1), sent(1, chat_id=8), sent(1, business_connection_id="d")]
        assert await storage.list(replace(KEY, business_connection_id="c")) == [business[0], business[3], *kept]
        assert await storage.list(elsewhere) == [business[3], *kept]
        assert await storage.list(OTHER_KEYS[0]) == [*business, *kept]
        assert [pending.message for pending in await storage.pending(BOT)] == [business[0]]

    async def test_thousands_of_ids_are_no_special_case(self, storage: Any) -> None:
        await storage.add(KEY, sent(1_999))
        assert await storage.discard(BOT, Gone(KEY.chat_id, frozenset(range(2_000)))) == 1
        assert await self.left(storage) == 0

    # Not surely

    async def test_what_was_deleted_by_hand_is_claimed_with_the_rest_in_its_place(self, storage: Any) -> None:
        for number in (3, 1, 2):
            await storage.add(KEY, sent(number))
        assert await storage.discard(BOT, FIRST, surely=False) == 1
        assert await storage.claim(KEY, [sent(1)], now=NOW, until=SOON) == []
        assert await storage.claim(KEY, None, now=NOW, until=SOON, limit=2) == [sent(3), sent(1)]
        assert await storage.claim(KEY, None, now=NOW, until=SOON) == [sent(2)]
        assert {it.message for it in await storage.pending(BOT)} == {sent(1), sent(2), sent(3)}

    async def test_what_was_deleted_by_hand_and_claimed_is_as_any_other_that_was(self, storage: Any) -> None:
        own = [sent(number, direction=Direction.OUTGOING) for number in (1, 2)]
        for message in own:
            await storage.add(KEY, message)
        await storage.discard(BOT, FIRST, surely=False)
        assert await storage.claim(KEY, None, now=NOW, until=SOON, limit=1) == own[:1]
        await storage.settle(await storage.pending(BOT))
        assert await storage.add(KEY, own[0], unless_known=True)
        assert await storage.list(KEY) == [own[1], own[0]]

    async def test_what_was_deleted_by_hand_leaves_with_the_session(self, storage: Any) -> None:
        for drop in (storage.clear, lambda key: storage.close(key, at=NOW)):
            await storage.add(KEY, sent(1), if_closed=IfClosed.OPEN)
            await storage.discard(BOT, FIRST, surely=False)
            await drop(KEY)
            assert await storage.claim(KEY, None, now=NOW, until=SOON) == []
        assert await self.left(storage) == 0

    async def test_closing_counts_what_was_listed(self, storage: Any) -> None:
        for number in (1, 2):
            await storage.add(KEY, sent(number))
        await storage.discard(BOT, FIRST, surely=False)
        assert (await storage.close(KEY, at=NOW)).dropped == 1

    async def test_removing_takes_out_what_was_deleted_by_hand(self, storage: Any) -> None:
        await storage.add(KEY, sent(1))
        await storage.discard(BOT, FIRST, surely=False)
        assert await storage.remove(KEY, [sent(1)]) == 1
        assert await storage.claim(KEY, None, now=NOW, until=SOON) == []

    async def test_what_was_deleted_by_hand_and_is_added_again_is_an_entry_at_the_end(self, storage: Any) -> None:
        for number in (1, 2):
            await storage.add(KEY, sent(number))
        await storage.discard(BOT, FIRST, surely=False)
        assert not await storage.add(KEY, sent(1), unless_known=True)
        assert await storage.add(KEY, sent(1))
        assert await storage.list(KEY) == [sent(2), sent(1)]
        assert await storage.claim(KEY, None, now=NOW, until=SOON) == [sent(2), sent(1)]

    async def test_what_was_deleted_by_hand_may_be_surely_gone_later(self, storage: Any) -> None:
        await storage.add(KEY, sent(1))
        await storage.discard(BOT, FIRST, surely=False)
        assert await storage.discard(BOT, FIRST) == 1
        assert await storage.claim(KEY, None, now=NOW, until=SOON) == []
        assert await self.left(storage) == 0

    async def test_what_was_deleted_by_hand_is_so_after_reopening_and_unsubscribing(self, opened: Opener) -> None:
        storage = await opened()
        await storage.add(KEY, sent(1), if_closed=IfClosed.OPEN)
        await storage.discard(BOT, FIRST, surely=False)
        await storage.unsubscribe(KEY)
        await storage.open(KEY, at=NOW)
        await storage.record(IN_PRIVATE, sent(1))
        assert await storage.list(KEY) == []
        await self.close_storage(storage)
        claimed = await (await opened()).claim(KEY, None, now=NOW, until=SOON)
        assert claimed == ([sent(1)] if self.survives_reopening else [])
