"""What a durable storage must do with an update that is delivered again."""

# ruff: noqa: S101, D102 - these are tests, and their names are sentences

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any, Final, TypeAlias

import pytest

from tgslices.model import Direction, Gone, IfClosed, TrackedMessage
from tgslices.telegram_facts.message_kind import MessageKind
from tgslices.testing.contract.opened import Opener
from tgslices.testing.contract.samples import KEY, MINUTE, NOW, exactly, sent
from tgslices.testing.contract.upkeep import BOT, IN_PRIVATE, UpkeepContract

SOON = NOW + MINUTE

Leave: TypeAlias = Callable[[Any, TrackedMessage], Awaitable[object]]


async def _claim(storage: Any, message: TrackedMessage) -> None:
    await storage.claim(KEY, [message], now=NOW, until=SOON)


async def _claim_everything(storage: Any, message: TrackedMessage) -> None:
    assert message in await storage.claim(KEY, None, now=NOW, until=SOON)


async def _claim_and_settle(storage: Any, message: TrackedMessage) -> None:
    await _claim(storage, message)
    await storage.settle(await storage.pending(BOT))


async def _claim_and_discard(storage: Any, message: TrackedMessage) -> None:
    await _claim(storage, message)
    await storage.discard(BOT, Gone(message.chat_id, frozenset({message.message_id})))


async def _close_and_open(storage: Any, message: TrackedMessage) -> None:
    await storage.close(KEY, at=NOW)
    await storage.open(KEY, at=SOON)


WAYS_OUT: Final[dict[str, Leave]] = {
    "removed": lambda storage, message: storage.remove(KEY, [message]),
    "cleared": lambda storage, message: storage.clear(KEY),
    "claimed": _claim,
    "claimed with the rest": _claim_everything,
    "claimed and settled": _claim_and_settle,
    "claimed and discarded": _claim_and_discard,
    "discarded": lambda storage, message: storage.discard(BOT, Gone(7, frozenset({message.message_id}))),
    "discarded by hand": lambda storage, message: storage.discard(
        BOT, Gone(7, frozenset({message.message_id})), surely=False
    ),
    "closed and opened": _close_and_open,
}
"""How a message leaves a key that is open afterwards."""

COMES_AGAIN: Final = {
    "a person's": sent(1),
    "the bot's notice": sent(1, direction=Direction.OUTGOING, kind=MessageKind.PINNED_MESSAGE),
}


class RepeatsContract(UpkeepContract):
    """Tests of what a key knows."""

    @pytest.mark.parametrize("kind", COMES_AGAIN)
    @pytest.mark.parametrize("way", WAYS_OUT)
    async def test_a_repeated_update_does_not_bring_back_what_left(self, storage: Any, way: str, kind: str) -> None:
        message = COMES_AGAIN[kind]
        await storage.open(KEY, at=NOW)
        await storage.record(IN_PRIVATE, message)
        await WAYS_OUT[way](storage, message)
        assert await storage.list(KEY) == []
        assert await storage.record(IN_PRIVATE, replace(message, at=SOON)) == 1
        assert not await storage.add(KEY, message, unless_known=True)
        assert await storage.list(KEY) == []
        await storage.close(KEY, at=SOON)
        assert not await storage.add(KEY, message, if_closed=IfClosed.OPEN, unless_known=True)
        assert await storage.open_keys(BOT) == []
        await storage.settle(await storage.pending(BOT))
        assert await self.left(storage) == 0

    async def test_a_business_message_of_the_account_comes_again(self, storage: Any) -> None:
        key, scope = replace(KEY, business_connection_id="c"), replace(IN_PRIVATE, business_connection_id="c")
        message = sent(1, direction=Direction.OUTGOING, business_connection_id="c")
        await storage.open(key, at=NOW)
        await storage.record(scope, message)
        await storage.remove(key, [message])
        assert await storage.record(scope, message) == 1
        assert await storage.list(key) == []

    async def test_an_own_message_is_known_only_while_it_is_pending(self, storage: Any) -> None:
        own = sent(1, direction=Direction.OUTGOING)
        await storage.add(KEY, own, if_closed=IfClosed.OPEN)
        await storage.claim(KEY, [own], now=NOW, until=SOON)
        assert not await storage.add(KEY, own, unless_known=True)
        assert await storage.record(IN_PRIVATE, own) == 1
        assert await storage.list(KEY) == []
        await storage.settle(await storage.pending(BOT))
        assert await storage.add(KEY, own, unless_known=True)
        assert await storage.remove(KEY, [own]) == 1
        assert await storage.record(IN_PRIVATE, own) == 1
        assert await storage.list(KEY) == [own]

    async def test_what_is_removed_before_it_is_recorded_is_kept_out(self, storage: Any) -> None:
        await storage.open(KEY, at=NOW)
        await storage.add(KEY, sent(2))
        assert await storage.remove(KEY, [sent(1), sent(2), sent(3)]) == 1
        for number in (1, 2, 3, 4):
            assert await storage.record(IN_PRIVATE, sent(number)) == 1
        assert await storage.list(KEY) == [sent(4)]

    async def test_a_key_does_not_know_what_left_another_one(self, storage: Any) -> None:
        other = replace(KEY, qualifier="order")
        for key in (KEY, other):
            await storage.open(key, at=NOW)
        await storage.remove(KEY, [sent(1)])
        assert await storage.record(IN_PRIVATE, sent(1)) == 2
        assert [await storage.list(key) for key in (KEY, other)] == [[], [sent(1)]]

    async def test_messages_that_look_alike_are_known_apart(self, storage: Any) -> None:
        await storage.open(KEY, at=NOW)
        twins = [sent(1), sent(1, chat_id=8), sent(1, ephemeral_message_id=1, receiver_user_id=7)]
        await storage.remove(KEY, [twins[1]])
        for message in twins:
            await storage.record(IN_PRIVATE, message)
        assert await storage.list(KEY) == [twins[0], twins[2]]
        await storage.remove(KEY, [twins[0]])
        await storage.clear(KEY)
        for message in twins:
            await storage.record(IN_PRIVATE, message)
        assert await storage.list(KEY) == []

    async def test_what_is_known_can_be_added_by_hand(self, storage: Any) -> None:
        await storage.add(KEY, sent(1), if_closed=IfClosed.OPEN)
        await storage.add(KEY, sent(2))
        await storage.remove(KEY, [sent(1)])
        assert await storage.add(KEY, sent(1, user_id=99))
        assert [exactly(it) for it in await storage.list(KEY)] == [exactly(sent(2)), exactly(sent(1, user_id=99))]
        assert await storage.add(KEY, sent(1), unless_known=True)
        await storage.remove(KEY, [sent(1)])
        assert await storage.record(IN_PRIVATE, sent(1)) == 1
        assert await storage.list(KEY) == [sent(2)]

    async def test_what_is_pending_can_be_added_by_hand_and_stays_pending(self, storage: Any) -> None:
        await storage.add(KEY, sent(1), if_closed=IfClosed.OPEN)
        await storage.claim(KEY, None, now=NOW, until=SOON)
        assert await storage.add(KEY, sent(1))
        assert await storage.list(KEY) == [sent(1)]
        assert [it.message for it in await storage.pending(BOT)] == [sent(1)]
        assert await storage.settle(await storage.pending(BOT)) == 1
        assert await storage.list(KEY) == [sent(1)]
        await storage.clear(KEY)
        assert await storage.record(IN_PRIVATE, sent(1)) == 1
        assert await storage.list(KEY) == []

    async def test_known_messages_are_there_after_reopening(self, opened: Opener) -> None:
        storage = await opened()
        await storage.open(KEY, at=NOW, outside=sent(5))
        await storage.remove(KEY, [sent(9)])
        await storage.close(replace(KEY, qualifier="order"), at=SOON)
        await self.close_storage(storage)
        again = await opened()
        await again.open(KEY, at=NOW)
        for number in (4, 5, 6, 9):
            await again.record(IN_PRIVATE, sent(number))
        recorded = [sent(6)] if self.survives_reopening else [sent(4), sent(5), sent(6), sent(9)]
        assert await again.list(KEY) == recorded
        late = await again.open(replace(KEY, qualifier="order"), at=NOW, begun_at=NOW)
        assert late is not self.survives_reopening
