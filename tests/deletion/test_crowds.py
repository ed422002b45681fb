"""Several clears and many chats at once: nobody's trouble or patience becomes somebody else's."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from tests.deletion.stage import Stage, all_gone
from tgslices.model import PendingDeletion
from tgslices.storage.memory import MemorySessionStorage
from tgslices.testing import Failure, Flood, Slow

SECOND = timedelta(seconds=1)


async def plant_in_chats(stage: Stage, chats: int, count: int = 1) -> list[Any]:
    people = [stage.api.add_person(f"P{n}") for n in range(chats)]
    return [message for person in people for message in stage.plant(stage.private_chat(person), count)]


class Sleepers:
    """Everybody who waits, until they are woken together."""

    def __init__(self) -> None:
        self.asleep = 0
        self.changed = asyncio.Condition()
        self.morning = asyncio.Event()

    async def sleep(self, seconds: float) -> None:
        async with self.changed:
            self.asleep += 1
            self.changed.notify_all()
        await self.morning.wait()

    async def until(self, asleep: int) -> None:
        """Wait until so many wait."""
        async with asyncio.timeout(5), self.changed:
            await self.changed.wait_for(lambda: self.asleep >= asleep)


async def test_clears_wait_out_a_flood_at_the_same_time_and_not_one_after_the_other(stage: Stage) -> None:
    messages = await plant_in_chats(stage, 5)
    stage.api.faults.add(Flood(retry_after=20))
    sleepers, executor = Sleepers(), stage.executor(in_flight=1)
    executor._pacing._sleep = sleepers.sleep
    runs = [executor.run(stage.bot, await stage.claim([record])) for record in stage.records(messages)]
    clearing = asyncio.gather(*runs)
    await sleepers.until(asleep=5)
    assert len(stage.api.requests) == 1, "with one request in flight, the others wait without it"
    stage.api.clock.move(20 * SECOND)
    sleepers.morning.set()
    assert [len(result.accepted) for result in await clearing] == [1] * 5
    assert all_gone(messages)


class WatchedStorage(MemorySessionStorage):
    """Tells when something was put off or settled."""

    def __init__(self) -> None:
        super().__init__()
        self.postponed = asyncio.Event()
        self.settled = asyncio.Event()

    async def settle(self, pending: Collection[PendingDeletion]) -> int:
        settled = await super().settle(pending)
        self.settled.set()
        return settled

    async def postpone(self, pending: Collection[PendingDeletion], *, until: datetime) -> None:
        await super().postpone(pending, until=until)
        self.postponed.set()


async def test_entries_stay_leased_while_a_long_flood_is_waited_out(stage: Stage) -> None:
    stage.storage = storage = WatchedStorage()
    messages = stage.plant(stage.private_chat(), 3)
    stage.api.faults.add(Flood(retry_after=100))
    sleepers, lease = Sleepers(), timedelta(milliseconds=40)
    executor = stage.executor(patience=timedelta(minutes=2), lease=lease)
    executor._pacing._sleep = sleepers.sleep
    clearing = asyncio.create_task(executor.run(stage.bot, await stage.claim(stage.records(messages))))
    await sleepers.until(asleep=1)
    stage.api.clock.move(59.99 * SECOND)
    storage.postponed.clear()
    await asyncio.wait_for(storage.postponed.wait(), 5)
    assert {entry.due_at for entry in await stage.pending()} == {stage.now + lease}
    stage.api.clock.move(40.01 * SECOND)
    sleepers.morning.set()
    assert len((await clearing).accepted) == 3


async def test_chats_that_always_fail_do_not_come_first_each_time(stage: Stage) -> None:
    messages = await plant_in_chats(stage, 30)
    poison, healthy = messages[:4], messages[4:]
    for message in poison:
        stage.api.faults.add(Failure(500), chat=message.chat.id, times=None)
    executor = stage.executor(in_flight=4, patience=3 * SECOND)
    first = await executor.run(stage.bot, await stage.claim(stage.records(messages)))
    assert len(first.pending) == 30, "four chats that fail, and none that answers: the server seems to be away"
    stage.api.clock.move(10 * SECOND)
    second = await stage.settle_due(executor)
    assert second.pending == tuple(stage.records(poison))
    assert all_gone(healthy)


async def test_a_flood_answer_that_comes_after_access_was_lost_leaves_nothing_pending(stage: Stage) -> None:
    stage.storage = storage = WatchedStorage()
    group = stage.api.add_supergroup("S", members=[stage.account])
    messages = stage.plant(group, 1000)
    stage.api.faults.add(Slow(until=storage.settled))
    stage.api.faults.add(Flood(retry_after=1))
    stage.api.faults.add(Failure(403, "Forbidden: bot was kicked from the supergroup chat"), times=None)
    result = await stage.clear(stage.records(messages), in_flight=2)
    assert (len(result.unreachable), len(result.pending)) == (1000, 0)
    assert result.requests == 2
    assert await stage.pending() == []
