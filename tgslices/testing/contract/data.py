"""Session data as tests: the data methods, alone and beside the other methods of a durable storage."""

# ruff: noqa: S101, D102 - these are tests, and their names are sentences

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from itertools import combinations
from pathlib import Path
from typing import Any, Final

from tgslices.model import IfClosed, SessionKey
from tgslices.storage.data_protocol import DataHold, StoredData
from tgslices.testing.contract.data_holds import END, LATE, held, stored
from tgslices.testing.contract.data_machine import DataMachine
from tgslices.testing.contract.data_upkeep import GROUP, MOVE, PAST, SUPERGROUP, DataUpkeepContract
from tgslices.testing.contract.machine import run_machine
from tgslices.testing.contract.opened import Opener
from tgslices.testing.contract.samples import KEY, NOW, sent

TASKS: Final = 10
ROUNDS: Final = 10
PAUSE: Final = 0.001
"""Seconds until a task tries again to hold what another one has."""


async def add_one(storage: Any, holder: str, *names: str, key: SessionKey = KEY) -> None:
    """Count up fragments as a handler does: wait for them, read them, write them."""
    hold = DataHold(key, frozenset(names), holder)
    while True:
        now = datetime.now(UTC)
        found = await storage.hold_data(hold, now=now, until=now + timedelta(minutes=1))
        if found is not None:
            break
        await asyncio.sleep(PAUSE)
    counts = {name: int(found[name].text) if name in found else 0 for name in names}
    await asyncio.sleep(0)
    changes = {name: StoredData(str(count + 1), 1, now) for name, count in counts.items()}
    assert await storage.write_data(hold, changes) is True


class DataStorageContract(DataUpkeepContract):
    """Tests of the data methods. A subclass says how to open its storage, and how to look behind it."""

    async def workers(self, opened: Opener) -> list[Any]:
        """Return as many storages at one place as see each other."""
        return [await opened() for _ in range(3 if self.shared else 1)]

    async def test_it_does_what_a_plain_model_does_with_data_under_random_calls(self, tmp_path: Path) -> None:
        await asyncio.to_thread(run_machine, self, DataMachine, tmp_path, self.examples)

    async def test_storages_at_one_place_see_each_others_data_and_holders(self, opened: Opener) -> None:
        workers = await self.workers(opened)
        one, other = workers[0], workers[-1]
        await one.put_data(KEY, {"form": stored("1")})
        assert await other.hold_data(held(by="other"), now=NOW, until=END) == {"form": stored("1")}
        assert await one.hold_data(held(by="one"), now=NOW, until=END) is None
        await one.close_data(KEY)
        assert await other.write_data(held(by="other"), {"form": stored("2")}, release=False) is True
        await one.renew_data([held(by="other")], until=LATE)
        assert await one.hold_data(held(by="one"), now=END, until=LATE) is None
        assert await one.hold_data(held(by="one"), now=LATE, until=LATE) == {}
        assert await other.write_data(held(by="other"), {"form": stored("3")}) is False

    async def test_a_counter_that_many_count_up_misses_none(self, opened: Opener) -> None:
        workers = await self.workers(opened)

        async def count(task: int) -> None:
            for number in range(ROUNDS):
                await add_one(workers[(task + number) % len(workers)], f"{task}:{number}", "count")

        await asyncio.gather(*(count(task) for task in range(TASKS)))
        assert (await workers[0].read_data(KEY, now=NOW))["count"].text == str(TASKS * ROUNDS)

    async def test_those_who_want_several_counters_get_them_in_turn(self, opened: Opener) -> None:
        workers = await self.workers(opened)
        pairs = [*combinations("abcd", 2), *combinations("dcba", 2)]

        async def count(task: int) -> None:
            for number in range(ROUNDS):
                pair = pairs[(task * 5 + number) % len(pairs)]
                await add_one(workers[(task + number) % len(workers)], f"{task}:{number}", *pair)

        await asyncio.gather(*(count(task) for task in range(TASKS)))
        counted = await workers[0].read_data(KEY, now=NOW)
        assert sum(int(it.text) for it in counted.values()) == 2 * TASKS * ROUNDS

    async def test_of_those_who_want_the_same_at_once_one_gets_it(self, opened: Opener) -> None:
        workers = await self.workers(opened)
        wanted = ["abc", "cd", "dea", "fb", "abcdef", "f"]
        for chat in range(ROUNDS):
            holds = [
                DataHold(SessionKey(42, chat), frozenset(wanted[number % len(wanted)]), str(number))
                for number in range(2 * TASKS)
            ]
            found = await asyncio.gather(
                *(
                    workers[number % len(workers)].hold_data(hold, now=NOW, until=END)
                    for number, hold in enumerate(holds)
                )
            )
            taken = [name for hold, it in zip(holds, found, strict=True) if it is not None for name in hold.names]
            assert taken
            assert len(taken) == len(set(taken))
            free = frozenset("abcdef") - {*taken}
            rest = DataHold(SessionKey(42, chat), free, "rest")
            assert await workers[0].hold_data(rest, now=NOW, until=END) == {}, "what failed holds nothing"


class DurableDataContract(DataStorageContract):
    """Tests of what the other methods of a durable storage do to data."""

    async def test_close_drops_data_in_the_same_step(self, storage: Any) -> None:
        for opens in (True, False):
            if opens:
                await storage.add(KEY, sent(1), if_closed=IfClosed.OPEN)
            await storage.put_data(KEY, {"form": stored(), "count": stored(outlives_close=True), "held": stored()})
            await storage.hold_data(held("held", "new"), now=NOW, until=END)
            assert (await storage.close(KEY, at=NOW)).dropped == int(opens)
            assert await storage.read_data(KEY, now=NOW) == {"count": stored(outlives_close=True)}
            assert await storage.write_data(held("held", "new"), {"held": stored("2"), "new": stored()}) is True
            assert await storage.read_data(KEY, now=NOW) == {"count": stored(outlives_close=True)}

    async def test_nothing_else_drops_data(self, storage: Any) -> None:
        await storage.put_data(KEY, {"form": stored()})
        await storage.add(KEY, sent(1), if_closed=IfClosed.OPEN)
        await storage.clear(KEY)
        await storage.unsubscribe(KEY)
        assert await storage.read_data(KEY, now=NOW) == {"form": stored()}
        assert await storage.open_keys(KEY.bot_id) == [], "data opens nothing"

    async def test_migrate_moves_data(self, storage: Any) -> None:
        await storage.add(GROUP, sent(1, GROUP.chat_id), if_closed=IfClosed.OPEN)
        other = SessionKey(GROUP.bot_id, GROUP.chat_id, 5)
        await storage.put_data(other, {"form": stored()})
        await storage.hold_data(held("form", "new", key=other), now=NOW, until=END)
        assert await storage.migrate(*MOVE) == [GROUP]
        moved = other.in_chat(SUPERGROUP.chat_id)
        assert await storage.read_data(moved, now=NOW) == {"form": stored()}
        assert await storage.write_data(held("form", "new", key=moved), {"new": stored("2")}) is True
        assert await storage.read_data(other, now=NOW) == {}
        assert {*await storage.read_data(moved, now=NOW)} == {"form", "new"}

    async def test_sweep_forgets_data_that_has_expired(self, storage: Any) -> None:
        await storage.put_data(KEY, {"a": stored(expires_at=END), "b": stored(expires_at=END), "c": stored()})
        await storage.remove(KEY, [sent(1)])
        assert [await storage.sweep(KEY.bot_id, now=PAST, limit=1) for _ in range(2)] == [1, 1]
        assert await storage.sweep(KEY.bot_id, now=END - (END - NOW), limit=10) == 0
        assert [*await storage.read_data(KEY, now=NOW)] == ["c"]
