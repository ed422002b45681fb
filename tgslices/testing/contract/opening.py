"""What a durable storage must do with open keys."""

# ruff: noqa: S101, D102 - these are tests, and their names are sentences

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any, ClassVar

import pytest

from tgslices.model import Direction, IfClosed, Scope, SessionKey
from tgslices.storage.protocol import Added, Closed
from tgslices.testing.contract.entries import WRITERS
from tgslices.testing.contract.samples import KEY, MINUTE, NOW, OTHER_KEYS, STRINGS, sent
from tgslices.testing.contract.upkeep import IN_PRIVATE, UpkeepContract

SOON = NOW + MINUTE
IN_TOPIC = Scope(42, -100, "supergroup", 7, 5)
OF_CHANNEL = Scope(42, -100, "channel")
OF_BUSINESS = Scope(42, 7, "private", 7, None, "c")

MATCHES = {
    "a chat's key and any user": (SessionKey(42, 7), IN_PRIVATE, True),
    "a user's key and that user": (SessionKey(42, 7, 7), IN_PRIVATE, True),
    "a user's key and another user": (SessionKey(42, 7, 8), IN_PRIVATE, False),
    "a user's key and no user": (SessionKey(42, -100, 7), OF_CHANNEL, False),
    "user zero's key and no user": (SessionKey(42, -100, 0), OF_CHANNEL, False),
    "a chat's key and a channel": (SessionKey(42, -100), OF_CHANNEL, True),
    "another bot's key": (SessionKey(43, 7), IN_PRIVATE, False),
    "another chat's key": (SessionKey(42, -7), IN_PRIVATE, False),
    "a key without a topic and any topic": (SessionKey(42, -100, 7), IN_TOPIC, True),
    "a topic's key and that topic": (SessionKey(42, -100, None, 5), IN_TOPIC, True),
    "a topic's and user's key and both": (SessionKey(42, -100, 7, 5), IN_TOPIC, True),
    "a topic's and user's key and another user": (SessionKey(42, -100, 8, 5), IN_TOPIC, False),
    "a topic's key and another topic": (SessionKey(42, -100, 7, 6), IN_TOPIC, False),
    "a topic's key and no topic": (SessionKey(42, 7, 7, 5), IN_PRIVATE, False),
    "a connection's key and that connection": (SessionKey(42, 7, 7, None, "c"), OF_BUSINESS, True),
    "a connection's key and another": (SessionKey(42, 7, 7, None, "d"), OF_BUSINESS, False),
    "a connection's key and none": (SessionKey(42, 7, 7, None, "c"), IN_PRIVATE, False),
    "an empty connection's key and none": (SessionKey(42, 7, 7, None, ""), IN_PRIVATE, False),
    "a key without a connection and one": (SessionKey(42, 7, 7), OF_BUSINESS, False),
    "a qualified key": (SessionKey(42, 7, 7, None, None, "order"), IN_PRIVATE, True),
    "a key with an empty qualifier": (SessionKey(42, 7, 7, None, None, ""), IN_PRIVATE, True),
}
"""A key, a scope, and whether they belong together."""


class OpeningContract(UpkeepContract):
    """Tests of opening, of what keys a scope matches, and of what was there before a key was opened."""

    knows_idleness: ClassVar[bool] = True
    """Whether ``is_idle`` and ``knows_open`` are certain at once: a shared storage may take longer."""

    @pytest.mark.parametrize("case", MATCHES)
    async def test_an_open_key_matches_the_scopes_that_belong_to_it(self, storage: Any, case: str) -> None:
        key, scope, belongs = MATCHES[case]
        await storage.open(key, at=NOW)
        assert await storage.matching(scope) == ([key] if belongs else [])
        assert await storage.record(scope, sent(1)) == int(belongs)
        assert await storage.list(key) == ([sent(1)] if belongs else [])

    async def test_opening_twice_is_opening_once(self, storage: Any) -> None:
        await asyncio.gather(*(storage.open(KEY, at=NOW) for _ in range(WRITERS)))
        await storage.open(KEY, at=NOW)
        assert await storage.open_keys(KEY.bot_id) == [KEY]
        assert await storage.record(IN_PRIVATE, sent(1)) == 1

    async def test_open_keys_are_listed_for_each_bot(self, storage: Any) -> None:
        assert await storage.open_keys(KEY.bot_id) == []
        for key in (KEY, *OTHER_KEYS):
            await storage.open(key, at=NOW)
        mine = {key for key in (KEY, *OTHER_KEYS) if key.bot_id == KEY.bot_id}
        listed = await storage.open_keys(KEY.bot_id)
        assert len(listed) == len(mine)
        assert set(listed) == mine
        assert await storage.open_keys(43) == [OTHER_KEYS[0]]

    async def test_keys_with_any_strings_can_be_opened_and_found(self, storage: Any) -> None:
        for text in STRINGS:
            await storage.open(replace(KEY, qualifier=text), at=NOW)
            await storage.open(replace(KEY, business_connection_id=text), at=NOW)
        assert set(await storage.matching(IN_PRIVATE)) == {replace(KEY, qualifier=text) for text in STRINGS}
        for text in STRINGS:
            scope = replace(IN_PRIVATE, business_connection_id=text)
            assert await storage.matching(scope) == [replace(KEY, business_connection_id=text)]

    async def test_idleness_is_claimed_only_when_it_is_certain(self, storage: Any) -> None:
        await storage.start()
        assert storage.is_idle(KEY.bot_id) or not self.knows_idleness
        await storage.open(KEY, at=NOW)
        assert not storage.is_idle(KEY.bot_id)
        assert storage.is_idle(43) or not self.knows_idleness
        await storage.close(KEY, at=NOW)
        assert storage.is_idle(KEY.bot_id) or not self.knows_idleness

    async def test_a_key_is_open_from_opening_to_closing(self, storage: Any) -> None:
        assert await storage.is_open(KEY) is False
        assert await storage.open(KEY, at=NOW) is True
        assert await storage.open(KEY, at=NOW) is False
        assert await storage.is_open(KEY) is True
        assert await storage.is_open(replace(KEY, qualifier="")) is False
        await storage.unsubscribe(KEY)
        assert await storage.is_open(KEY) is False
        await storage.add(KEY, sent(1), if_closed=IfClosed.OPEN)
        assert await storage.is_open(KEY) is True
        await storage.close(KEY, at=NOW)
        assert await storage.is_open(KEY) is False
        await storage.add(KEY, sent(1))
        assert await storage.is_open(KEY) is False

    async def test_openness_is_known_only_when_it_is_certain(self, storage: Any) -> None:
        await storage.start()
        assert storage.knows_open(KEY) is False
        await storage.open(KEY, at=NOW)
        assert storage.knows_open(KEY) or not self.knows_idleness
        assert storage.knows_open(replace(KEY, qualifier="")) is False
        await storage.close(KEY, at=NOW)
        assert storage.knows_open(KEY) is False

    # What was there before

    async def test_the_message_that_opened_a_key_and_all_before_it_stay_outside(self, storage: Any) -> None:
        assert await storage.open(KEY, at=NOW, outside=sent(5)) is True
        for number in (5, 4, 1, 6):
            assert await storage.record(IN_PRIVATE, sent(number)) == 1
            assert bool(await storage.add(KEY, sent(number), unless_known=True)) is (number == 6)
        assert await storage.list(KEY) == [sent(6)]

    async def test_what_has_no_place_in_the_order_of_the_chat_is_recorded(self, storage: Any) -> None:
        await storage.open(KEY, at=NOW, outside=sent(5))
        others = [
            sent(4, chat_id=8),
            sent(4, business_connection_id="c"),
            sent(0, ephemeral_message_id=1, receiver_user_id=7),
            sent(-1),
        ]
        for message in others:
            await storage.record(IN_PRIVATE, message)
        assert await storage.list(KEY) == others

    @pytest.mark.parametrize(
        "outside",
        [sent(5, chat_id=8), sent(5, business_connection_id="c"), sent(0), sent(-5)],
        ids=["of another chat", "of a connection", "without an id", "with a negative id"],
    )
    async def test_a_message_of_another_place_tells_nothing_about_earlier_ones(
        self, storage: Any, outside: Any
    ) -> None:
        await storage.open(KEY, at=NOW, outside=outside)
        for message in (outside, sent(4), sent(-7)):
            await storage.record(IN_PRIVATE, message)
        assert await storage.list(KEY) == [sent(4), sent(-7)]

    async def test_an_own_message_that_opened_a_key_is_a_watermark_too(self, storage: Any) -> None:
        await storage.open(KEY, at=NOW, outside=sent(5, direction=Direction.OUTGOING))
        for number in (4, 5, 6):
            await storage.record(IN_PRIVATE, sent(number))
        assert await storage.list(KEY) == [sent(6)]

    async def test_adding_by_hand_takes_what_was_before(self, storage: Any) -> None:
        await storage.open(KEY, at=NOW, outside=sent(5))
        assert await storage.add(KEY, sent(4))
        assert await storage.record(IN_PRIVATE, sent(4)) == 1
        assert await storage.add(KEY, sent(4), unless_known=True)
        assert await storage.list(KEY) == [sent(4)]

    async def test_adding_that_opens_leaves_the_same_outside(self, storage: Any) -> None:
        await storage.add(KEY, sent(3), if_closed=IfClosed.OPEN, outside=sent(5))
        for number in (4, 5, 6):
            await storage.record(IN_PRIVATE, sent(number))
        assert await storage.list(KEY) == [sent(3), sent(6)]

    async def test_the_message_that_opened_a_key_may_be_its_first_entry(self, storage: Any) -> None:
        await storage.add(KEY, sent(5), if_closed=IfClosed.OPEN, outside=sent(5))
        await storage.record(IN_PRIVATE, sent(4))
        assert await storage.list(KEY) == [sent(5)]

    async def test_what_comes_to_a_key_that_is_open_already_is_not_outside(self, storage: Any) -> None:
        await storage.open(KEY, at=NOW)
        assert await storage.open(KEY, at=SOON, outside=sent(5)) is False
        await storage.add(KEY, sent(9), if_closed=IfClosed.OPEN, outside=sent(8))
        for number in (4, 5, 8):
            await storage.record(IN_PRIVATE, sent(number))
        assert await storage.list(KEY) == [sent(9), sent(4), sent(5), sent(8)]

    async def test_a_key_that_is_opened_anew_has_another_beginning(self, storage: Any) -> None:
        for leave in (lambda key: storage.close(key, at=NOW), storage.unsubscribe):
            await storage.open(KEY, at=NOW, outside=sent(5))
            await leave(KEY)
            await storage.open(KEY, at=SOON)
            for number in (4, 5):
                await storage.record(IN_PRIVATE, sent(number))
            assert await storage.list(KEY) == [sent(4)]
            await storage.close(KEY, at=NOW)
            assert await self.left(storage) == 0

    # What a call tells of it

    async def test_an_entry_tells_whether_its_key_was_opened_for_it(self, storage: Any) -> None:
        assert await storage.add(KEY, sent(1), if_closed=IfClosed.SKIP) is Added.LEFT_OUT
        assert await storage.add(KEY, sent(1)) is Added.HELD
        assert await storage.add(KEY, sent(2), if_closed=IfClosed.OPEN) is Added.OPENED
        assert await storage.add(KEY, sent(3), if_closed=IfClosed.OPEN) is Added.HELD
        await storage.close(KEY, at=NOW)
        assert await storage.add(KEY, sent(4), if_closed=IfClosed.OPEN, outside=sent(3)) is Added.OPENED
        assert await storage.add(KEY, sent(5), if_closed=IfClosed.OPEN, outside=sent(3)) is Added.HELD
        await storage.unsubscribe(KEY)
        assert await storage.add(KEY, sent(6), if_closed=IfClosed.OPEN, begun_at=SOON) is Added.OPENED

    async def test_of_many_calls_at_once_one_tells_that_it_opened_the_key(self, storage: Any) -> None:
        adding = (storage.add(KEY, sent(number), if_closed=IfClosed.OPEN) for number in range(WRITERS))
        added = await asyncio.gather(*adding)
        assert sorted(added) == [*[Added.HELD] * (WRITERS - 1), Added.OPENED]
        await storage.close(KEY, at=NOW)
        assert sum(await asyncio.gather(*(storage.open(KEY, at=NOW) for _ in range(WRITERS)))) == 1

    async def test_closing_tells_whether_the_key_was_open(self, storage: Any) -> None:
        assert await storage.close(KEY, at=NOW) == Closed(0, was_open=False)
        assert await storage.unsubscribe(KEY) is False
        await storage.add(KEY, sent(1))
        assert await storage.close(KEY, at=NOW) == Closed(1, was_open=False)
        await storage.open(KEY, at=NOW)
        closings = await asyncio.gather(*(storage.close(KEY, at=NOW) for _ in range(WRITERS)))
        assert sum(closing.was_open for closing in closings) == 1
        await storage.open(KEY, at=NOW)
        assert [await storage.unsubscribe(KEY), await storage.unsubscribe(KEY)] == [True, False]

    # Repeated attempts

    async def test_a_late_repeat_does_not_open_what_was_closed_since(self, storage: Any) -> None:
        await storage.open(KEY, at=NOW)
        await storage.close(KEY, at=SOON)
        assert await storage.open(KEY, at=NOW, begun_at=NOW) is False
        for if_closed in (IfClosed.OPEN, IfClosed.KEEP, IfClosed.SKIP):
            assert not await storage.add(KEY, sent(1), if_closed=if_closed, begun_at=NOW)
        assert await storage.open_keys(KEY.bot_id) == []
        assert await storage.list(KEY) == []

    async def test_closing_a_key_that_was_never_open_holds_off_late_repeats_too(self, storage: Any) -> None:
        assert (await storage.close(KEY, at=SOON)).dropped == 0
        assert (await storage.close(KEY, at=NOW - MINUTE)).dropped == 0
        assert await storage.open(KEY, at=NOW, begun_at=NOW) is False
        assert await storage.open(KEY, at=NOW) is True

    async def test_an_attempt_that_began_when_it_was_closed_or_later_opens_it(self, storage: Any) -> None:
        for begun_at in (SOON, SOON + MINUTE):
            await storage.close(KEY, at=SOON)
            assert await storage.open(KEY, at=NOW, begun_at=begun_at) is True
            await storage.close(KEY, at=SOON)
            assert await storage.add(KEY, sent(1), if_closed=IfClosed.OPEN, begun_at=begun_at)
        assert await storage.open_keys(KEY.bot_id) == [KEY]

    async def test_a_repeat_for_a_key_that_is_open_again_is_done(self, storage: Any) -> None:
        await storage.close(KEY, at=SOON)
        await storage.open(KEY, at=SOON)
        assert await storage.add(KEY, sent(1), if_closed=IfClosed.OPEN, begun_at=NOW)
        assert await storage.list(KEY) == [sent(1)]

    async def test_what_is_for_an_open_key_alone_leaves_out_one_that_was_opened_since(self, storage: Any) -> None:
        await storage.open(KEY, at=NOW)
        assert not await storage.add(KEY, sent(1), if_closed=IfClosed.SKIP, begun_at=NOW - MINUTE)
        assert await storage.add(KEY, sent(2), if_closed=IfClosed.SKIP, begun_at=NOW)
        assert await storage.add(KEY, sent(3), if_closed=IfClosed.SKIP)
        for if_closed in (IfClosed.OPEN, IfClosed.KEEP):
            assert await storage.add(KEY, sent(4), if_closed=if_closed, begun_at=NOW - MINUTE)
        assert await storage.list(KEY) == [sent(2), sent(3), sent(4)]

    async def test_a_key_that_was_unsubscribed_was_not_closed(self, storage: Any) -> None:
        await storage.open(KEY, at=NOW)
        await storage.unsubscribe(KEY)
        assert await storage.add(KEY, sent(1), begun_at=NOW - MINUTE)
        assert await storage.open(KEY, at=NOW, begun_at=NOW - MINUTE) is True
