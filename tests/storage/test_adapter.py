"""Any four-method plugin made durable in process memory: errors, concurrency, and what is left behind."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from dataclasses import astuple
from itertools import chain, repeat

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.storage.plugins import FailingPlugin, ListPlugin, PluginFailed
from tests.storage.program import Step, run, seen, steps
from tests.storage.samples import BOT, LATER, MINUTE, NOW, sent
from tgslices.errors import InvalidStorage, InvalidTrackedMessage
from tgslices.model import Gone, IfClosed, Scope, SessionKey, TrackedMessage, tracked_message_unchecked
from tgslices.storage.adapter import PluginStorage
from tgslices.storage.data_protocol import DATA_METHODS, StoredData
from tgslices.storage.inprocess.data import DataInProcess
from tgslices.storage.memory import MemorySessionStorage
from tgslices.storage.protocol import DURABLE_METHODS, DurableSessionStorage, missing_methods

KEY = SessionKey(BOT, 7, 7, qualifier="order")
OTHER = SessionKey(BOT, 7)
SCOPE = Scope(BOT, 7, "private", 7)


def faults(*moments: str) -> Iterator[str]:
    return chain(moments, repeat(""))


def assert_nothing_is_kept(storage: PluginStorage) -> None:
    assert not storage._open._index.by_bot
    assert not storage._closed.by_bot
    assert not storage._foreign_chats._keys
    assert not storage._foreign_chats._chats
    assert not storage._pending._queues
    assert not storage._hidden
    for bot in (BOT, 43):
        storage._known.sweep(bot, now=LATER, limit=1_000_000)
    assert not any(getattr(storage._known, name) for name in ("_memories", "_places", "_visits"))
    assert len(storage._locks) == 0


def test_it_has_every_method_of_the_durable_protocol() -> None:
    storage: DurableSessionStorage = PluginStorage(ListPlugin())
    assert missing_methods(storage, DURABLE_METHODS) == ()


def test_what_misses_a_method_is_no_plugin() -> None:
    with pytest.raises(InvalidStorage) as caught:
        PluginStorage({})  # type: ignore[arg-type]  # the mistake under test
    assert str(caught.value) == (
        "dict is no session storage: it misses add, list, remove. "
        "Implement the four async methods of tgslices.SessionStorage: add, list, remove, clear."
    )


async def test_what_is_closed_and_settled_leaves_nothing_behind() -> None:
    storage = PluginStorage(ListPlugin())
    await storage.open(KEY, at=NOW)
    for message in (sent(1), sent(2, 8), sent(0, ephemeral=3, receiver=4)):
        assert await storage.record(SCOPE, message) == 1
    assert await storage.claim(KEY, [sent(1)], now=NOW, until=NOW + MINUTE) == [sent(1)]
    await storage.settle(await storage.pending(BOT))
    await storage.unsubscribe(KEY)
    assert (await storage.close(KEY, at=NOW)).dropped == 2
    assert_nothing_is_kept(storage)


async def test_lists_are_the_callers_own() -> None:
    storage = PluginStorage(ListPlugin())
    await storage.add(KEY, sent(1))
    (await storage.list(KEY)).clear()
    assert await storage.list(KEY) == [sent(1)]


async def test_the_plugin_is_left_alone_when_the_storage_closes() -> None:
    plugin = ListPlugin()
    storage = PluginStorage(plugin)
    await storage.start()
    await storage.add(KEY, sent(1), if_closed=IfClosed.OPEN)
    await storage.aclose()
    await storage.aclose()
    assert await plugin.list(KEY) == [sent(1)]
    assert storage.plugin is plugin


async def test_a_session_whose_plugin_fails_does_not_keep_the_others_from_recording() -> None:
    plugin = FailingPlugin(faults("before"))
    storage = PluginStorage(plugin)
    await storage.open(KEY, at=NOW)
    await storage.open(OTHER, at=NOW)
    with pytest.raises(PluginFailed):
        await storage.record(SCOPE, sent(1))
    assert sorted(map(len, plugin.entries.values())) == [1]
    assert await storage.record(SCOPE, sent(1)) == 2
    assert await storage.list(KEY) == await storage.list(OTHER) == [sent(1)]


async def test_an_opening_entry_that_is_not_written_opens_nothing() -> None:
    storage = PluginStorage(FailingPlugin(faults("before")))
    with pytest.raises(PluginFailed):
        await storage.add(KEY, sent(1), if_closed=IfClosed.OPEN)
    assert_nothing_is_kept(storage)


async def test_a_session_that_cannot_be_emptied_stays_open() -> None:
    storage = PluginStorage(FailingPlugin(faults("", "", "before")))
    await storage.add(KEY, sent(1), if_closed=IfClosed.OPEN)
    with pytest.raises(PluginFailed):
        await storage.close(KEY, at=NOW)
    assert await storage.open_keys(BOT) == [KEY]
    assert await storage.list(KEY) == [sent(1)]
    assert (await storage.close(KEY, at=NOW)).dropped == 1
    assert_nothing_is_kept(storage)


async def claimed_with(*moments: str) -> PluginStorage:
    storage = PluginStorage(FailingPlugin(faults("", "", *moments)))
    await storage.add(KEY, sent(1), if_closed=IfClosed.OPEN)
    await storage.add(KEY, sent(2), if_closed=IfClosed.OPEN)
    with pytest.raises(PluginFailed):
        await storage.claim(KEY, [sent(1)], now=NOW, until=NOW + MINUTE)
    return storage


async def test_a_claim_that_could_not_be_listed_changes_nothing() -> None:
    storage = await claimed_with("before")
    assert await storage.list(KEY) == [sent(1), sent(2)]
    assert await storage.pending(BOT) == []


async def test_a_claim_that_the_plugin_did_not_carry_out_changes_nothing() -> None:
    storage = await claimed_with("", "before")
    assert await storage.list(KEY) == [sent(1), sent(2)]
    assert await storage.pending(BOT) == []
    assert await storage.claim(KEY, [sent(1)], now=NOW, until=NOW) == [sent(1)]


async def test_a_claim_whose_answer_was_lost_stays_pending() -> None:
    storage = await claimed_with("", "after")
    assert await storage.list(KEY) == [sent(2)]
    assert [it.message for it in await storage.pending(BOT)] == [sent(1)]


async def test_a_claim_of_which_nothing_is_known_stays_pending_and_may_be_repeated() -> None:
    storage = await claimed_with("", "before", "before")
    assert [it.message for it in await storage.pending(BOT)] == [sent(1)]
    again = await storage.claim(KEY, [sent(1)], now=NOW + MINUTE, until=NOW + 2 * MINUTE)
    assert again == [sent(1)]
    assert [(it.claimed_at, it.due_at) for it in await storage.pending(BOT)] == [(NOW, NOW + 2 * MINUTE)]


async def test_a_claim_that_is_cancelled_loses_nothing() -> None:
    class Hanging(ListPlugin):
        entered = asyncio.Event()

        async def remove(self, key: SessionKey, messages: object) -> int:
            self.entered.set()
            return await asyncio.Future[int]()

    storage = PluginStorage(Hanging())
    await storage.add(KEY, sent(1), if_closed=IfClosed.OPEN)
    task = asyncio.create_task(storage.claim(KEY, [sent(1)], now=NOW, until=NOW))
    await Hanging.entered.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert [it.message for it in await storage.pending(BOT)] == [sent(1)]
    assert len(storage._locks) == 0


@pytest.mark.parametrize("fails_at", range(12))
@pytest.mark.parametrize("moment", ["before", "after"])
async def test_a_migration_that_fails_anywhere_can_be_repeated(fails_at: int, moment: str) -> None:
    plugin = FailingPlugin(faults(*[""] * 5, *[""] * fails_at, moment))
    storage = PluginStorage(plugin)
    await storage.add(KEY, sent(1), if_closed=IfClosed.OPEN)
    await storage.add(KEY, sent(2), if_closed=IfClosed.OPEN)
    await storage.add(OTHER, sent(3), if_closed=IfClosed.OPEN)
    await storage.add(SessionKey(BOT, -100), sent(1, -100), if_closed=IfClosed.OPEN)
    await storage.add(SessionKey(BOT, 7, 8), sent(4))
    try:
        moved = await storage.migrate(BOT, 7, -100)
    except PluginFailed:
        moved = await storage.migrate(BOT, 7, -100)
    assert set(moved) == {KEY, OTHER}
    assert plugin.entries == {
        SessionKey(BOT, -100, 7, qualifier="order"): [sent(1), sent(2)],
        SessionKey(BOT, -100): [sent(1, -100), sent(3)],
        SessionKey(BOT, -100, 8): [sent(4)],
    }
    assert set(await storage.open_keys(BOT)) == set(plugin.entries) - {SessionKey(BOT, -100, 8)}


@given(st.lists(steps, max_size=20), st.lists(st.sampled_from(["", "", "before", "after"])))
async def test_whatever_the_plugin_does_a_repeated_call_ends_where_a_faultless_one_does(
    program: list[Step], moments: list[str]
) -> None:
    """The answer itself may differ: what was done before an answer was lost is not done again."""
    plugin = FailingPlugin(iter(()))
    storage, memory = PluginStorage(plugin), MemorySessionStorage()
    for number, step in enumerate(program):
        plugin.faults = iter(moments[number : number + 3])
        for _ in range(4):
            with suppress(PluginFailed):
                await run(storage, step)
                break
        plugin.faults = iter(())
        await run(memory, step)
        assert await seen(storage, step) == await seen(memory, step)


LEAVING: dict[str, Callable[[PluginStorage], Awaitable[object]]] = {
    "remove": lambda storage: storage.remove(KEY, [sent(1)]),
    "clear": lambda storage: storage.clear(KEY),
    "close": lambda storage: storage.close(KEY, at=NOW),
    "discard": lambda storage: storage.discard(BOT, Gone(7, frozenset({1}))),
    "claim": lambda storage: storage.claim(KEY, None, now=NOW, until=NOW),
}


@pytest.mark.parametrize("way", LEAVING)
async def test_what_left_is_known_although_the_answer_was_lost(way: str) -> None:
    plugin = FailingPlugin(faults())
    storage = PluginStorage(plugin)
    await storage.add(KEY, sent(1), if_closed=IfClosed.OPEN)
    plugin.faults = faults("after") if way == "remove" else faults("", "after")
    with pytest.raises(PluginFailed):
        await LEAVING[way](storage)
    assert plugin.entries == {}
    await LEAVING[way](storage)
    await storage.open(KEY, at=NOW)
    assert await storage.record(SCOPE, sent(1)) == 1
    assert await storage.list(KEY) == []


async def test_tasks_that_clear_at_once_never_share_an_entry_and_lose_none() -> None:
    chance, storage = random.Random(7), PluginStorage(ListPlugin())
    await storage.open(KEY, at=NOW)
    claimed: list[TrackedMessage] = []

    async def record(numbers: range) -> None:
        for number in numbers:
            assert await storage.record(SCOPE, sent(number)) == 1

    async def claim() -> None:
        for _ in range(20):
            listed = await storage.list(KEY)
            wanted = chance.sample(listed, len(listed) // 2)
            claimed.extend(await storage.claim(KEY, wanted, now=NOW, until=NOW))

    await asyncio.gather(*(record(range(n, n + 25)) for n in range(1, 200, 25)), *(claim() for _ in range(5)))
    left = await storage.list(KEY)
    assert len(claimed) == len(set(claimed))
    assert sorted(it.message_id for it in [*claimed, *left]) == list(range(1, 201))
    assert {it.message for it in await storage.pending(BOT)} == set(claimed)
    assert len(storage._locks) == 0


async def test_nothing_is_recorded_into_a_session_after_it_was_closed() -> None:
    plugin = ListPlugin()
    storage = PluginStorage(plugin)
    calls: list[Callable[[], Awaitable[object]]] = [
        lambda: storage.record(SCOPE, sent(2)),
        lambda: storage.add(KEY, sent(3), if_closed=IfClosed.SKIP),
        lambda: storage.close(KEY, at=NOW),
        lambda: storage.record(SCOPE, sent(4)),
        lambda: storage.add(KEY, sent(5), if_closed=IfClosed.SKIP),
    ]
    for seed in range(50):
        await storage.add(KEY, sent(1), if_closed=IfClosed.OPEN)
        random.Random(seed).shuffle(calls)
        await asyncio.gather(*(call() for call in calls))
        assert plugin.entries == {}
        assert_nothing_is_kept(storage)


async def test_what_is_opened_while_it_closes_is_open_afterwards() -> None:
    storage = PluginStorage(ListPlugin())
    await storage.add(KEY, sent(1), if_closed=IfClosed.OPEN)
    await asyncio.gather(storage.close(KEY, at=NOW), storage.open(KEY, at=NOW))
    assert await storage.open_keys(BOT) == [KEY]
    assert await storage.list(KEY) == []


@pytest.mark.parametrize("message_id", [2**63, 10**30, -(2**63)])
async def test_a_message_that_could_not_be_known_when_it_leaves_is_refused_when_it_comes(message_id: int) -> None:
    """Whoever finds an open webhook makes up any number; the session must stay one that can be cleared."""
    storage = PluginStorage(ListPlugin())
    await storage.open(KEY, at=NOW)
    await storage.record(SCOPE, sent(1))
    for adding in (storage.record(SCOPE, made_up(message_id)), storage.add(KEY, made_up(message_id))):
        with pytest.raises(InvalidTrackedMessage, match="message_id"):
            await adding
    assert await storage.claim(KEY, None, now=NOW, until=LATER) == [sent(1)]


def made_up(message_id: int) -> TrackedMessage:
    parts = astuple(sent(1))
    return tracked_message_unchecked(message_id, *parts[1:])


async def test_a_plugin_that_keeps_data_only_in_part_is_refused() -> None:
    plugin = ListPlugin()
    for name in DATA_METHODS[:-2]:
        setattr(plugin, name, list)
    with pytest.raises(InvalidStorage) as caught:
        PluginStorage(plugin)
    assert str(caught.value) == (
        "ListPlugin keeps data only in part: it misses migrate_data, sweep_data. Implement the whole of "
        "tgslices.storage.data_protocol.DataStorage, or nothing of it, to have data kept in memory."
    )


async def test_what_fails_to_close_its_data_stays_open() -> None:
    class Failing(ListPlugin, DataInProcess):
        def __init__(self) -> None:
            ListPlugin.__init__(self)
            DataInProcess.__init__(self)
            self.faults = iter([True, False])

        async def close_data(self, key: SessionKey) -> None:
            if next(self.faults):
                raise PluginFailed("close_data")
            await super().close_data(key)

    storage = PluginStorage(Failing())
    await storage.add(KEY, sent(1), if_closed=IfClosed.OPEN)
    await storage.put_data(KEY, {"form": StoredData("1", 1, NOW)})
    with pytest.raises(PluginFailed):
        await storage.close(KEY, at=NOW)
    assert await storage.open_keys(BOT) == [KEY]
    await storage.close(KEY, at=NOW)
    assert await storage.open_keys(BOT) == []
    assert await storage.read_data(KEY, now=NOW) == {}
