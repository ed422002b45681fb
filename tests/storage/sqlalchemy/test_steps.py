"""A transaction whose steps SQLite takes in one trip to the connection's thread."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from threading import Event
from typing import Any

import aiosqlite
import pytest

from tests.storage.sqlalchemy.backends import sqlite_rows
from tgslices.errors import StorageError
from tgslices.model import IfClosed, PendingDeletion, Scope, SessionKey
from tgslices.storage.protocol import Added
from tgslices.storage.sqlalchemy import SQLAlchemySessionStorage
from tgslices.storage.sqlalchemy.database.steps import Step, Steps
from tgslices.testing.contract.samples import KEY, MINUTE, NOW, OTHER_KEYS, sent

MAKE = Step(lambda _: "CREATE TABLE made (n)", [()])

SCOPE = Scope(KEY.bot_id, KEY.chat_id, "private", 7)
OTHER = OTHER_KEYS[-1]


@pytest.fixture
async def storage(tmp_path: Path) -> AsyncIterator[SQLAlchemySessionStorage]:
    storage = SQLAlchemySessionStorage(f"sqlite+aiosqlite:///{tmp_path}/slices.db")
    await storage.start()
    yield storage
    await storage.aclose()


@pytest.fixture(params=[False, True], ids=["alone", "shared"])
async def either(tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[SQLAlchemySessionStorage]:
    """A storage on SQLite, alone and shared."""
    storage = SQLAlchemySessionStorage(f"sqlite:///{tmp_path}/either.db", shared=request.param)
    await storage.start()
    yield storage
    await storage.aclose()


def tables(tmp_path: Path) -> list[str]:
    found = sqlite_rows(tmp_path / "slices.db", "SELECT name FROM sqlite_master WHERE name = 'made'")
    return [row["name"] for row in found]


async def test_steps_that_raise_are_undone(tmp_path: Path, storage: SQLAlchemySessionStorage) -> None:
    def steps() -> Steps[None]:
        yield MAKE
        raise OSError("no")

    with pytest.raises(StorageError, match="no"):
        await storage._backend.transactions.take(steps)
    assert tables(tmp_path) == []


async def test_steps_that_nobody_waits_for_any_more_are_undone(
    tmp_path: Path, storage: SQLAlchemySessionStorage
) -> None:
    begun, go_on = asyncio.Event(), Event()
    loop = asyncio.get_running_loop()

    def steps() -> Steps[None]:
        yield MAKE
        loop.call_soon_threadsafe(begun.set)
        go_on.wait(10)

    taking = asyncio.create_task(storage._backend.transactions.take(steps))
    await begun.wait()
    storage._backend.transactions.cancel()
    with pytest.raises(StorageError, match="did not answer"):
        await taking
    go_on.set()
    await storage.open(KEY, at=NOW)
    assert tables(tmp_path) == []


async def test_a_claim_and_a_close_take_one_trip_each(
    storage: SQLAlchemySessionStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(10):
        await storage.add(KEY, sent(number), if_closed=IfClosed.OPEN)
    assert await storage.settle([]) == 0, "it has a connection now"
    trips: list[Any] = []
    execute: Any = aiosqlite.Connection._execute

    async def counting(*arguments: Any) -> Any:
        trips.append(arguments[1])
        return await execute(*arguments)

    monkeypatch.setattr(aiosqlite.Connection, "_execute", counting)
    assert len(await storage.claim(KEY, None, now=NOW, until=NOW + MINUTE)) == 10
    assert len(trips) == 1
    await storage.close(KEY, at=NOW)
    assert len(trips) == 2


async def test_sessions_that_are_wiped_at_once_share_their_trips(
    storage: SQLAlchemySessionStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = [replace(KEY, qualifier=f"{number}") for number in range(20)]
    for number, key in enumerate(keys):
        await storage.add(key, sent(number), if_closed=IfClosed.OPEN)
    trips: list[Any] = []
    execute: Any = aiosqlite.Connection._execute

    def counted(driver: Any, function: Any, *arguments: Any) -> Any:
        trips.append(function)
        return execute(driver, function, *arguments)

    async def wipe(key: SessionKey) -> int:
        claimed = await storage.claim(key, None, now=NOW, until=NOW + MINUTE)
        settled = await storage.settle([PendingDeletion(key, message, NOW, NOW + MINUTE) for message in claimed])
        await storage.close(key, at=NOW)
        return settled

    monkeypatch.setattr(aiosqlite.Connection, "_execute", counted)
    assert await asyncio.gather(*map(wipe, keys)) == [1] * len(keys)
    assert len(trips) <= 6, "a claim that comes first is not kept waiting"


async def test_of_very_many_claims_the_first_do_not_wait_for_the_last(storage: SQLAlchemySessionStorage) -> None:
    keys = [replace(KEY, qualifier=f"{number}") for number in range(100)]
    for number, key in enumerate(keys):
        await storage.add(key, sent(number), if_closed=IfClosed.OPEN)
    claims = [storage.claim(key, None, now=NOW, until=NOW + MINUTE) for key in keys]
    claiming = [asyncio.create_task(claim) for claim in claims]
    await claiming[10]
    assert sum(task.done() for task in claiming) < 50
    assert [len(await task) for task in claiming] == [1] * len(keys)


async def test_what_was_claimed_for_somebody_who_left_is_due_at_once(storage: SQLAlchemySessionStorage) -> None:
    await storage.add(KEY, sent(1), if_closed=IfClosed.OPEN)
    turn: Any = storage._backend.transactions.turn
    async with turn:
        claiming = asyncio.create_task(storage.claim(KEY, None, now=NOW, until=NOW + MINUTE))
        while not turn._waiters:
            await asyncio.sleep(0)
        claiming.cancel()
        with pytest.raises(asyncio.CancelledError):
            await claiming
    async with asyncio.timeout(5):
        while not (leased := await storage.lease(42, now=NOW, until=NOW + MINUTE, limit=10)):
            await asyncio.sleep(0.01)
    assert [each.message for each in leased] == [sent(1)]


async def test_what_is_recorded_after_a_claim_began_is_not_claimed(either: SQLAlchemySessionStorage) -> None:
    turn: Any = either._backend.transactions.turn
    await either.add(KEY, sent(1), if_closed=IfClosed.OPEN)
    async with turn:
        first = asyncio.create_task(either.add(KEY, sent(2)))  # whose group is begun, and waits for its turn
        while not turn._waiters:
            await asyncio.sleep(0)
        calls: list[Any] = [
            either.add(KEY, sent(3)),
            either.claim(KEY, None, now=NOW, until=NOW + MINUTE),
            either.record(SCOPE, sent(4)),
            either.claim(OTHER, None, now=NOW, until=NOW + MINUTE),
            either.add(KEY, sent(5)),
        ]
        later: list[asyncio.Task[Any]] = [asyncio.create_task(call) for call in calls]
        await asyncio.sleep(0)
    await first
    _, claimed, *_ = await asyncio.gather(*later)
    assert claimed == [sent(1), sent(2), sent(3)]
    assert await either.list(KEY) == [sent(4), sent(5)]


async def test_what_comes_after_a_close_in_the_same_turn_is_in_no_session(either: SQLAlchemySessionStorage) -> None:
    turn: Any = either._backend.transactions.turn
    await either.add(KEY, sent(1), if_closed=IfClosed.OPEN)
    async with turn:
        first = asyncio.create_task(either.add(KEY, sent(2)))
        while not turn._waiters:
            await asyncio.sleep(0)
        calls: list[Any] = [
            either.close(KEY, at=NOW),
            either.claim(OTHER, None, now=NOW, until=NOW + MINUTE),
            either.record(SCOPE, sent(3)),
            either.add(KEY, sent(4), if_closed=IfClosed.SKIP),
        ]
        later: list[asyncio.Task[Any]] = [asyncio.create_task(call) for call in calls]
        await asyncio.sleep(0)
    await first
    closed, _, recorded, added = await asyncio.gather(*later)
    assert (closed.dropped, recorded, added) == (2, 0, Added.LEFT_OUT)
    assert await either.list(KEY) == []
