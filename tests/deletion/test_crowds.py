"""Several clears and many chats at once: nobody's trouble or patience becomes somebody else's."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from tests.deletion.scene import Scene, all_gone
from tgslices.model import PendingDeletion
from tgslices.storage.memory import MemorySessionStorage
from tgslices.testing import Failure, Flood, Slow

SECOND = timedelta(seconds=1)


async def plant_in_chats(scene: Scene, chats: int, count: int = 1) -> list[Any]:
    people = [scene.api.add_person(f"P{n}") for n in range(chats)]
    return [message for person in people for message in scene.plant(scene.private_chat(person), count)]


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
        async with asyncio.timeout(30), self.changed:
            await self.changed.wait_for(lambda: self.asleep >= asleep)


async def test_clears_wait_out_a_flood_at_the_same_time_and_not_one_after_the_other(scene: Scene) -> None:
    messages = await plant_in_chats(scene, 5)
    scene.api.faults.add(Flood(retry_after=20))
    sleepers, executor = Sleepers(), scene.executor(in_flight=1)
    executor.pacing._sleep = sleepers.sleep
    runs = [executor.run(scene.bot, await scene.claim([record])) for record in scene.records(messages)]
    clearing = asyncio.gather(*runs)
    await sleepers.until(asleep=5)
    assert len(scene.api.requests) == 1, "with one request in flight, the others wait without it"
    scene.api.clock.move(20 * SECOND)
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


async def test_entries_stay_leased_while_a_long_flood_is_waited_out(scene: Scene) -> None:
    scene.storage = storage = WatchedStorage()
    messages = scene.plant(scene.private_chat(), 3)
    scene.api.faults.add(Flood(retry_after=100))
    sleepers, lease = Sleepers(), timedelta(milliseconds=40)
    executor = scene.executor(patience=timedelta(minutes=2), lease=lease)
    executor.pacing._sleep = sleepers.sleep
    clearing = asyncio.create_task(executor.run(scene.bot, await scene.claim(scene.records(messages))))
    await sleepers.until(asleep=1)
    scene.api.clock.move(59.99 * SECOND)
    storage.postponed.clear()
    await asyncio.wait_for(storage.postponed.wait(), 30)
    assert {entry.due_at for entry in await scene.pending()} == {scene.now + lease}
    scene.api.clock.move(40.01 * SECOND)
    sleepers.morning.set()
    assert len((await clearing).accepted) == 3


async def test_chats_that_always_fail_do_not_come_first_each_time(scene: Scene) -> None:
    messages = await plant_in_chats(scene, 30)
    poison, healthy = messages[:4], messages[4:]
    for message in poison:
        scene.api.faults.add(Failure(500), chat=message.chat.id, times=None)
    executor = scene.executor(in_flight=4, patience=3 * SECOND)
    first = await executor.run(scene.bot, await scene.claim(scene.records(messages)))
    assert len(first.pending) == 30, "four chats that fail, and none that answers: the server seems to be away"
    scene.api.clock.move(10 * SECOND)
    second = await scene.settle_due(executor)
    assert second.pending == tuple(scene.records(poison))
    assert all_gone(healthy)


async def test_a_flood_answer_that_comes_after_access_was_lost_leaves_nothing_pending(scene: Scene) -> None:
    scene.storage = storage = WatchedStorage()
    group = scene.api.add_supergroup("S", members=[scene.account])
    messages = scene.plant(group, 1000)
    scene.api.faults.add(Slow(until=storage.settled))
    scene.api.faults.add(Flood(retry_after=1))
    scene.api.faults.add(Failure(403, "Forbidden: bot was kicked from the supergroup chat"), times=None)
    result = await scene.clear(scene.records(messages), in_flight=2)
    assert (len(result.unreachable), len(result.pending)) == (1000, 0)
    assert result.requests == 2
    assert await scene.pending() == []
