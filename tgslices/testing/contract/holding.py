"""What a durable storage must tell of a message that anybody may hold."""

# ruff: noqa: S101, D102 - these are tests, and their names are sentences

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tgslices.model import Gone, IfClosed
from tgslices.testing.contract.samples import KEY, NOW, STRINGS, sent
from tgslices.testing.contract.upkeep import UpkeepContract

PRIVATE = (42, 7)
IN_GROUP = (42, -100)
GROUP = replace(KEY, chat_id=-100)


class HoldingContract(UpkeepContract):
    """Tests of whether a message is held."""

    async def test_a_message_of_an_open_key_is_held(self, storage: Any) -> None:
        await storage.open(KEY, at=NOW)
        await storage.add(KEY, sent(1))
        assert await storage.is_held(*PRIVATE, 1) is True
        assert await storage.is_held(*PRIVATE, 2) is False

    async def test_it_is_held_whoever_the_key_belongs_to(self, storage: Any) -> None:
        for number, (user, thread) in enumerate([(7, None), (None, 3), (8, 5), (None, None)], 1):
            key = replace(GROUP, user_id=user, thread_id=thread, qualifier=str(number))
            await storage.add(key, sent(number, -100), if_closed=IfClosed.OPEN)
        for hint in (None, 7, 9):
            held = [await storage.is_held(*IN_GROUP, number, user_id=hint) for number in range(1, 6)]
            assert held == [True] * 4 + [False]

    async def test_it_is_held_by_a_key_of_another_chat(self, storage: Any) -> None:
        await storage.add(KEY, sent(1, -100), if_closed=IfClosed.OPEN)
        assert await storage.is_held(*IN_GROUP, 1) is True
        assert await storage.is_held(*PRIVATE, 1) is False

    async def test_it_is_held_beside_others_in_a_large_session(self, storage: Any) -> None:
        await storage.open(KEY, at=NOW)
        for number in (*range(40, 0, -1), 1000, 200, 300):
            await storage.add(KEY, sent(number))
        held = [number for number in range(1, 1100) if await storage.is_held(*PRIVATE, number)]
        assert held == [*range(1, 41), 200, 300, 1000]

    async def test_a_closed_key_holds_nothing(self, storage: Any) -> None:
        await storage.add(KEY, sent(1))
        assert await storage.is_held(*PRIVATE, 1) is False
        await storage.open(KEY, at=NOW)
        assert await storage.is_held(*PRIVATE, 1) is True
        await storage.unsubscribe(KEY)
        assert await storage.is_held(*PRIVATE, 1) is False
        await storage.open(KEY, at=NOW)
        await storage.close(KEY, at=NOW)
        assert await storage.is_held(*PRIVATE, 1) is False

    async def test_what_left_the_key_is_not_held(self, storage: Any) -> None:
        await storage.open(KEY, at=NOW)
        for number in range(1, 5):
            await storage.add(KEY, sent(number))
        await storage.remove(KEY, [sent(1)])
        await storage.claim(KEY, [sent(2)], now=NOW, until=NOW)
        await storage.discard(KEY.bot_id, Gone(7, frozenset({3})))
        assert [await storage.is_held(*PRIVATE, number) for number in range(1, 5)] == [False, False, False, True]

    async def test_what_was_discarded_by_hand_counts_as_held(self, storage: Any) -> None:
        await storage.add(KEY, sent(1), if_closed=IfClosed.OPEN)
        await storage.discard(KEY.bot_id, Gone(7, frozenset({1})), surely=False)
        assert await storage.is_held(*PRIVATE, 1) is True

    async def test_other_bots_chats_and_connections_hold_other_messages(self, storage: Any) -> None:
        await storage.add(KEY, sent(1), if_closed=IfClosed.OPEN)
        for bot_id, chat_id, connection in ((43, 7, None), (42, 8, None), (42, 7, "c"), (42, 7, "")):
            assert await storage.is_held(bot_id, chat_id, 1, business_connection_id=connection) is False

    @pytest.mark.parametrize("connection", STRINGS)
    async def test_a_message_of_a_business_connection_is_held_there(self, storage: Any, connection: str) -> None:
        key = replace(KEY, business_connection_id=connection)
        await storage.add(key, sent(1, business_connection_id=connection), if_closed=IfClosed.OPEN)
        assert await storage.is_held(*PRIVATE, 1, business_connection_id=connection) is True
        assert await storage.is_held(*PRIVATE, 1) is False

    async def test_a_business_message_may_be_held_by_a_key_without_connection(self, storage: Any) -> None:
        await storage.add(KEY, sent(1, business_connection_id="c"), if_closed=IfClosed.OPEN)
        assert await storage.is_held(*PRIVATE, 1, business_connection_id="c") is True
        assert await storage.is_held(*PRIVATE, 1) is False

    async def test_an_ephemeral_message_is_not_meant(self, storage: Any) -> None:
        await storage.add(KEY, sent(5, ephemeral_message_id=5, receiver_user_id=7), if_closed=IfClosed.OPEN)
        assert await storage.is_held(*PRIVATE, 5) is False

    async def test_it_stays_held_when_the_chat_migrates(self, storage: Any) -> None:
        await storage.add(GROUP, sent(1, -100), if_closed=IfClosed.OPEN)
        await storage.migrate(42, -100, -1_000_000_000_100)
        assert await storage.is_held(*IN_GROUP, 1) is True
        assert await storage.is_held(42, -1_000_000_000_100, 1) is False

    async def test_asking_leaves_nothing(self, storage: Any) -> None:
        assert await storage.is_held(*PRIVATE, 1) is False
        assert await self.left(storage) == 0
