"""Promise: "so that several workers agree". Several processes on one database, of which some are killed."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.storage.sqlalchemy.processes import LEASE, TWINS, WRITERS, Worker, count_up, keep_hold, record, taken, wipe
from tgslices.model import SessionKey
from tgslices.storage.data_protocol import DataHold
from tgslices.storage.sqlalchemy import SQLAlchemySessionStorage
from tgslices.testing.contract.samples import KEY, MINUTE, NOW, sent

MANY = 1_000_000
"""More rows than a process gets to before it is killed."""


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite+aiosqlite:///{tmp_path}/slices.db"
    found: str = request.getfixturevalue("postgres_url")
    return found


async def recorded(storage: SQLAlchemySessionStorage, key: SessionKey = KEY) -> list[int]:
    """Return what lies there; nothing may lie there twice, and what one writer sent must be in its order."""
    listed = [message.message_id for message in await storage.list(key)]
    assert len(set(listed)) == len(listed)
    of_writers: dict[tuple[int, int], int] = {}
    for number in listed:
        writer = (number // MANY, number % WRITERS)
        assert of_writers.get(writer, -1) < number
        of_writers[writer] = number
    return listed


@pytest.mark.parametrize("shared", [False, True])
async def test_what_a_process_was_told_is_there_after_it_was_killed(tmp_path: Path, shared: bool) -> None:
    """ "A caller that was told "recorded" must find it after `kill -9` of the process." """
    await _told_is_there(f"sqlite+aiosqlite:///{tmp_path}/slices.db", shared=shared)


async def test_what_a_process_was_told_is_there_after_it_was_killed_on_postgresql(postgres_url: str) -> None:
    await _told_is_there(postgres_url, shared=True)


async def _told_is_there(url: str, *, shared: bool) -> None:
    told: set[int] = set()
    for life in range(4):
        worker = Worker(record, url, shared=shared, first=life * MANY, rows=MANY)
        await worker.reports(random.Random(life).randint(1, 400))
        await worker.kill()
        told.update(worker.told)
        storage = SQLAlchemySessionStorage(url, shared=shared)
        listed = await recorded(storage)
        assert told <= set(listed)
        # A writer had one call under way at most when it was killed.
        assert len(listed) <= len(told) + (life + 1) * WRITERS
        assert await storage.open_keys(KEY.bot_id) == [KEY]
        await storage.aclose()


async def test_a_process_that_is_killed_takes_nothing_of_the_others_along(url: str) -> None:
    rows = 600
    others = [Worker(record, url, shared=True, first=life * MANY, rows=rows) for life in range(2)]
    victim = Worker(record, url, shared=True, first=2 * MANY, rows=MANY)
    await victim.reports(200)
    await victim.kill()
    await asyncio.gather(*(worker.end() for worker in others))
    storage = SQLAlchemySessionStorage(url, shared=True)
    listed = set(await recorded(storage))
    for life, worker in enumerate(others):
        assert sorted(worker.told) == list(range(life * MANY, life * MANY + rows))
        assert set(worker.told) <= listed
    assert set(victim.told) <= listed
    await storage.aclose()


async def test_a_wipe_by_several_processes_gives_each_entry_to_one_and_survives_the_death_of_another(url: str) -> None:
    storage = SQLAlchemySessionStorage(url, shared=True)
    await storage.open(KEY, at=NOW)
    every = range(700)
    await asyncio.gather(*(storage.add(KEY, sent(number)) for number in every))
    workers = [Worker(wipe, url, shared=True, seed=seed) for seed in range(3)]
    await workers[0].reports(50)
    await workers[0].kill()
    await asyncio.gather(*(worker.end() for worker in workers[1:]))
    assert await storage.list(KEY) == []
    told = Counter(number for worker in workers for number in worker.told)
    assert set(told.values()) == {1}, "an entry was given to two callers, or settled twice"
    claimed = {number for number in told if number >= 0}
    settled = {-1 - number for number in told if number < 0}
    left = {pending.message.message_id for pending in await storage.pending(KEY.bot_id)}
    assert claimed | left == set(every), "an entry is lost"
    assert not settled & left
    assert await storage.lease(KEY.bot_id, now=NOW, until=NOW + MINUTE, limit=1_000) == []
    leased = await storage.lease(KEY.bot_id, now=NOW + MINUTE, until=NOW + 2 * MINUTE, limit=1_000)
    assert {pending.message.message_id for pending in leased} == left
    assert await storage.settle(leased) == len(left)
    await storage.aclose()


async def test_what_processes_count_together_misses_none_although_one_is_killed(url: str) -> None:
    rounds = 100
    others = [Worker(count_up, url, shared=True, worker=number, rounds=rounds) for number in range(2)]
    victim = Worker(count_up, url, shared=True, worker=2, rounds=MANY)
    await victim.reports(40)
    await victim.kill()
    await asyncio.gather(*(worker.end() for worker in others))
    told = Counter(number for worker in (*others, victim) for number in worker.told)
    assert [len(worker.told) for worker in others] == [rounds] * 2
    assert set(told.values()) == {1}, "two were told the same number"
    storage = SQLAlchemySessionStorage(url, shared=True)
    counted = await storage.read_data(KEY, now=NOW)
    [left, right] = (int(counted[name].text) for name in TWINS)
    assert left == right, "half of it was written"
    # Of what the victim was writing when it was killed, nobody may have been told.
    assert len(told) <= left <= len(told) + 1
    await storage.aclose()


async def test_what_a_killed_process_held_is_free_when_its_hold_ends(url: str) -> None:
    storage = SQLAlchemySessionStorage(url, shared=True)
    await storage.start()
    victim = Worker(keep_hold, url, shared=True)
    await victim.reports(1)
    hold = DataHold(KEY, frozenset(TWINS), "next")
    now = datetime.now(UTC)
    assert await storage.hold_data(hold, now=now, until=now + LEASE) is None
    await victim.kill()
    killed = datetime.now(UTC)
    found, at = await taken(storage, hold)
    assert found == {}
    assert at - killed <= LEASE + timedelta(seconds=1)
    assert await storage.write_data(hold, {}) is True
    await storage.aclose()
