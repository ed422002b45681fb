"""The storage in process memory: what the contract does not see from outside."""

from __future__ import annotations

import gc
import random
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.storage.plugins import ListPlugin
from tests.storage.program import Step, run, steps
from tests.storage.samples import BOT, LATER, MINUTE, NOW, sent
from tgslices.errors import InvalidTrackedMessage
from tgslices.model import Gone, IfClosed, Scope, SessionKey
from tgslices.storage.adapter import PluginStorage
from tgslices.storage.memory import MemorySessionStorage
from tgslices.storage.protocol import DURABLE_METHODS, DurableSessionStorage, missing_methods

KEY = SessionKey(BOT, 7, 7, qualifier="order")
SCOPE = Scope(BOT, 7, "private", 7)


def assert_nothing_is_kept(storage: MemorySessionStorage) -> None:
    assert not storage._open.by_bot
    assert not storage._closed.by_bot
    assert not storage._foreign_chats._keys
    assert not storage._foreign_chats._chats
    assert not storage._pending._queues
    assert not storage._slices._places
    assert not storage._slices._albums
    for bot in (BOT, 43):
        storage._known.sweep(bot, now=LATER, limit=1_000_000)
    assert not any(getattr(storage._known, name) for name in ("_memories", "_places", "_visits"))
    assert not storage._known.ceilings.by_box


def test_it_has_every_method_of_the_durable_protocol() -> None:
    storage: DurableSessionStorage = MemorySessionStorage()
    assert missing_methods(storage, DURABLE_METHODS) == ()


@given(st.lists(steps, max_size=30))
async def test_it_agrees_with_an_adapted_list_on_every_answer(program: list[Step]) -> None:
    memory, plugin = MemorySessionStorage(), ListPlugin()
    adapter = PluginStorage(plugin)
    for step in program:
        assert await run(memory, step) == await run(adapter, step), step
        assert len(adapter._locks) == 0
        holding = {key for key, entries in plugin.entries.items() if entries}
        closed = {key for bot in (42, 43) for key in adapter._closed.of_bot(bot)}
        assert closed == {key for bot in (42, 43) for key in memory._closed.of_bot(bot)}
        assert closed == {key for key in holding if key not in adapter._open}
        assert memory._foreign_chats._keys.keys() == adapter._foreign_chats._keys.keys()


async def test_what_is_closed_and_settled_leaves_nothing_behind() -> None:
    storage = MemorySessionStorage()
    await storage.open(KEY, at=NOW)
    for message in (sent(1), sent(2, 8), sent(0, ephemeral=3, receiver=4), sent(3, connection="c")):
        await storage.record(SCOPE, message)
    claimed = await storage.claim(KEY, [sent(1), sent(2, 8)], now=NOW, until=NOW + MINUTE)
    assert await storage.settle(await storage.pending(BOT)) == len(claimed) == 2
    assert (await storage.close(KEY, at=NOW)).dropped == 2
    assert_nothing_is_kept(storage)


@pytest.mark.parametrize("leave", ["close", "unsubscribe and clear", "clear and unsubscribe", "remove", "discard"])
async def test_no_way_out_leaves_anything_behind(leave: str) -> None:
    storage = MemorySessionStorage()
    await storage.add(KEY, sent(1), if_closed=IfClosed.OPEN)
    await storage.add(KEY, sent(2, 8), if_closed=IfClosed.OPEN)
    if leave == "close":
        await storage.close(KEY, at=NOW)
    elif leave == "unsubscribe and clear":
        await storage.unsubscribe(KEY)
        await storage.clear(KEY)
    elif leave == "clear and unsubscribe":
        await storage.clear(KEY)
        await storage.unsubscribe(KEY)
    elif leave == "remove":
        await storage.unsubscribe(KEY)
        await storage.remove(KEY, [sent(1), sent(2, 8)])
    else:
        await storage.unsubscribe(KEY)
        assert sum([await storage.discard(BOT, Gone(chat, frozenset({1, 2}))) for chat in (7, 8)]) == 2
    assert_nothing_is_kept(storage)


async def test_ten_thousand_rounds_leave_no_object_behind() -> None:
    storage = MemorySessionStorage()

    async def one_round(number: int) -> None:
        key = SessionKey(BOT, number, number, qualifier=f"order {number}")
        await storage.open(key, at=NOW)
        await storage.record(Scope(BOT, number, "private", number), sent(number, number))
        await storage.add(key, sent(number, -number))
        await storage.claim(key, [sent(number, number)], now=NOW, until=NOW)
        await storage.settle(await storage.lease(BOT, now=NOW, until=NOW, limit=5))
        await storage.close(key, at=NOW)
        await storage.sweep(BOT, now=LATER, limit=10)

    await one_round(10**6)
    gc.collect()
    before = len(gc.get_objects())
    for number in range(10_000):
        await one_round(number)
    gc.collect()
    assert len(gc.get_objects()) - before < 50
    assert_nothing_is_kept(storage)


async def test_merely_reading_creates_nothing() -> None:
    storage = MemorySessionStorage()
    assert await storage.list(KEY) == []
    assert await storage.matching(SCOPE) == await storage.open_keys(BOT) == []
    assert await storage.record(SCOPE, sent(1)) == await storage.remove(KEY, []) == 0
    assert await storage.is_open(KEY) is storage.knows_open(KEY) is False
    assert not await storage.add(KEY, sent(1), if_closed=IfClosed.SKIP)
    assert await storage.claim(KEY, [sent(1)], now=NOW, until=NOW) == []
    assert await storage.discard(BOT, Gone(7, frozenset({1}))) == 0
    assert await storage.migrate(BOT, 7, 8) == []
    assert await storage.lease(BOT, now=NOW, until=NOW, limit=1) == await storage.pending(BOT) == []
    assert await storage.next_due(BOT, now=NOW) is None
    assert await storage.sweep(BOT, now=LATER, limit=1) == 0
    await storage.clear(KEY)
    await storage.unsubscribe(KEY)
    assert storage.is_idle(BOT)
    assert not storage._known._memories
    assert_nothing_is_kept(storage)


async def test_a_refused_message_changes_nothing() -> None:
    storage = MemorySessionStorage()
    for if_closed in IfClosed:
        with suppress(InvalidTrackedMessage):
            assert not await storage.add(KEY, sent(1, user_id=2**63), if_closed=if_closed)
        assert_nothing_is_kept(storage)
    await storage.open(KEY, at=NOW)
    await storage.open(SessionKey(BOT, 7), at=NOW)
    for message in (sent(1, user_id=2**63), sent(1, 8, ephemeral=2**63)):
        with pytest.raises(InvalidTrackedMessage):
            await storage.record(SCOPE, message)
        assert await storage.list(KEY) == await storage.list(SessionKey(BOT, 7)) == []


async def test_lists_are_the_callers_own() -> None:
    storage = MemorySessionStorage()
    await storage.add(KEY, sent(1), if_closed=IfClosed.OPEN)
    (await storage.list(KEY)).clear()
    (await storage.open_keys(BOT)).clear()
    (await storage.matching(SCOPE)).clear()
    assert await storage.list(KEY) == [sent(1)]
    assert await storage.open_keys(BOT) == await storage.matching(SCOPE) == [KEY]


async def test_recording_touches_only_the_keys_of_its_scope() -> None:
    """Seen by what the others hold: something that nothing can be added to."""
    storage = MemorySessionStorage()
    keys = [SessionKey(BOT, number, number) for number in range(100)]
    keys += [SessionKey(BOT, -1, number, qualifier=name) for number in range(100) for name in (None, "order")]
    for key in keys:
        storage._open.put(key, bytearray() if key.user_id == 5 else None)  # type: ignore[arg-type]  # see above
    assert await storage.record(Scope(BOT, 5, "private", 5), sent(1, 5)) == 1
    assert await storage.record(Scope(BOT, -1, "supergroup", 5), sent(1, -1)) == 2


async def test_keys_in_random_order_over_many_chats_are_all_found_and_all_forgotten() -> None:
    chance, storage = random.Random(4), MemorySessionStorage()
    keys = [SessionKey(BOT, chat, user) for chat in range(40) for user in (None, *range(40))]
    chance.shuffle(keys)
    for key in keys:
        await storage.open(key, at=NOW)
    assert set(await storage.open_keys(BOT)) == set(keys)
    chance.shuffle(keys)
    for key in keys:
        assert set(await storage.matching(Scope(BOT, key.chat_id, None, key.user_id))) <= {
            key,
            SessionKey(BOT, key.chat_id),
        }
        await storage.close(key, at=NOW)
    assert_nothing_is_kept(storage)
