"""Opening and closing: in time while the server is silent, together with others, once for each event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, make_url, text
from sqlalchemy.ext.asyncio import create_async_engine

from tests.storage.samples import NOW
from tests.storage.sqlalchemy.backends import PostgresServer
from tgslices.errors import StorageError
from tgslices.model import IfClosed, Scope
from tgslices.storage.sqlalchemy import SQLAlchemySessionStorage
from tgslices.storage.sqlalchemy.tables.schema import VERSION, Tables
from tgslices.storage.sqlalchemy.tables.versions import Upgrade, Versions
from tgslices.testing.contract.samples import KEY, sent

SCOPE = Scope(42, 7, "private", 7)
SECOND = timedelta(seconds=1)
OTHER_LOOP = (
    "The storage is open in another event loop, which its connections belong to. "
    "Await its aclose() before that loop ends, or make a storage for each loop."
)


@pytest.fixture
def file_url(tmp_path: Path) -> str:
    return f"sqlite+aiosqlite:///{tmp_path / 'slices.db'}"


async def took(call: Awaitable[Any]) -> float:
    """Return how many seconds a call takes."""
    loop = asyncio.get_running_loop()
    started = loop.time()
    await call
    return loop.time() - started


# A server that answers nobody


async def test_an_idle_storage_is_closed_while_its_server_is_silent(
    fragile_postgres: PostgresServer,
) -> None:
    storage = SQLAlchemySessionStorage(fragile_postgres.url("postgres"), timeout=SECOND, prefix="idle_")
    await asyncio.gather(
        *(storage.add(KEY, sent(number), if_closed=IfClosed.OPEN) for number in range(5)), storage.list(KEY)
    )
    with fragile_postgres.frozen():
        assert await took(storage.aclose()) < 10
    await storage.start()
    assert len(await storage.list(KEY)) == 5
    await storage.aclose()


async def test_a_storage_that_waits_for_a_silent_server_is_closed(
    fragile_postgres: PostgresServer,
) -> None:
    where = fragile_postgres.url("postgres")
    storage = SQLAlchemySessionStorage(where, timeout=SECOND, prefix="busy_")
    await storage.open(KEY, at=NOW)
    with fragile_postgres.frozen():
        calls: list[Awaitable[Any]] = [storage.record(SCOPE, sent(1)), storage.list(KEY), storage.clear(KEY)]
        waiting = [asyncio.ensure_future(call) for call in calls]
        await asyncio.sleep(0)
        assert await took(storage.aclose()) < 10
        failures = await asyncio.gather(*waiting, return_exceptions=True)
    late = (
        f"The storage at {make_url(where).render_as_string()} did not answer within 1 seconds. "
        "Check that the server can be reached and who keeps locks in the database, "
        "or give the storage a longer timeout."
    )
    assert {str(failure) for failure in failures} == {late}


async def test_a_storage_on_a_users_engine_is_closed_while_the_server_is_silent(
    fragile_postgres: PostgresServer,
) -> None:
    engine = create_async_engine(fragile_postgres.url("postgres"))
    storage = SQLAlchemySessionStorage(engine, timeout=SECOND, prefix="theirs_")
    await storage.add(KEY, sent(1), if_closed=IfClosed.OPEN)
    with fragile_postgres.frozen():
        assert await took(storage.aclose()) < 10
    await storage.start()
    assert await storage.list(KEY) == [sent(1)]
    await storage.aclose()
    await engine.dispose()


async def test_closing_goes_on_when_its_caller_is_cancelled(file_url: str) -> None:
    first, second = (SQLAlchemySessionStorage(file_url) for _ in range(2))
    await first.open(KEY, at=NOW)
    closing = asyncio.create_task(first.aclose())
    await asyncio.sleep(0)
    closing.cancel()
    await asyncio.wait([closing])
    assert closing.cancelled()
    await first.aclose()
    assert await second.open_keys(42) == [KEY]
    await second.aclose()


# Many who come first


async def test_first_calls_to_a_silent_server_share_one_attempt_and_its_failure(
    fragile_postgres: PostgresServer,
) -> None:
    storage = SQLAlchemySessionStorage(fragile_postgres.url("postgres"), timeout=SECOND, prefix="first_")
    with fragile_postgres.frozen():
        calls = [storage.record(SCOPE, sent(number)) for number in range(20)]
        assert await took(failures := asyncio.gather(*calls, return_exceptions=True)) < 10
    assert {type(failure) for failure in failures.result()} == {StorageError}
    await storage.open(KEY, at=NOW)
    assert await storage.record(SCOPE, sent(1)) == 1
    await storage.aclose()


# Upgrades that take their time


def of_a_later_release(storage: SQLAlchemySessionStorage, upgrade: Upgrade) -> SQLAlchemySessionStorage:
    """Let a storage be of a release that writes the next version."""
    upgrades = {VERSION: upgrade}
    storage._backend._versions = Versions(storage._backend.tables, create=True, version=VERSION + 1, upgrades=upgrades)
    return storage


def sleep_for(seconds: float, connection: Connection, tables: Tables) -> None:
    connection.execute(text("SELECT pg_sleep(:seconds)"), {"seconds": seconds})


async def version_in(postgres: PostgresServer, url: str) -> str:
    [row] = await postgres.execute(
        str(make_url(url).database), "SELECT value FROM tgslices_meta WHERE name = 'schema_version'"
    )
    return str(row["value"])


async def test_an_upgrade_may_take_longer_than_a_call_and_other_workers_wait_for_it(
    postgres: PostgresServer, postgres_url: str
) -> None:
    old = SQLAlchemySessionStorage(postgres_url)
    await old.add(KEY, sent(1), if_closed=IfClosed.OPEN)
    await old.aclose()
    workers = [
        of_a_later_release(SQLAlchemySessionStorage(postgres_url, timeout=SECOND / 2), partial(sleep_for, 2))
        for _ in range(3)
    ]
    assert await asyncio.gather(*(worker.list(KEY) for worker in workers)) == [[sent(1)]] * 3
    assert await version_in(postgres, postgres_url) == str(VERSION + 1)
    for worker in workers:
        await worker.aclose()


async def test_an_upgrade_of_a_file_may_take_longer_than_a_call(file_url: str) -> None:
    old = SQLAlchemySessionStorage(file_url)
    await old.add(KEY, sent(1), if_closed=IfClosed.OPEN)
    await old.aclose()

    def count(connection: Connection, tables: Tables) -> None:
        """Keep the thread of the connection busy."""
        numbers = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 8000000)"
        connection.execute(text(f"{numbers} SELECT count(*) FROM n"))

    storage = of_a_later_release(SQLAlchemySessionStorage(file_url, timeout=SECOND / 2), count)
    assert await took(storage.start()) > storage._backend.timeout
    assert await storage.list(KEY) == [sent(1)]
    await storage.aclose()


@pytest.mark.parametrize("how", ["cancelled", "closed"])
async def test_an_upgrade_ends_with_whoever_wanted_it_and_is_undone(
    postgres: PostgresServer, postgres_url: str, how: str
) -> None:
    old = SQLAlchemySessionStorage(postgres_url)
    await old.add(KEY, sent(1), if_closed=IfClosed.OPEN)
    await old.aclose()
    begun = asyncio.Event()
    loop = asyncio.get_running_loop()

    def upgrade(connection: Connection, tables: Tables) -> None:
        connection.execute(text("ALTER TABLE tgslices_keys ADD COLUMN note TEXT"))
        loop.call_soon(begun.set)
        sleep_for(4, connection, tables)  # an older SQLAlchemy hangs up and does not tell the server to stop

    storage = of_a_later_release(SQLAlchemySessionStorage(postgres_url, timeout=SECOND), upgrade)
    starting = asyncio.create_task(storage.start())
    await begun.wait()
    async with asyncio.timeout(20):
        if how == "cancelled":
            starting.cancel()
        await storage.aclose()
        await asyncio.wait([starting])
    assert starting.cancelled() is (how == "cancelled")
    if how == "closed":
        with pytest.raises(StorageError, match=r"^The storage was closed\. Await its start\(\) to open it again\.$"):
            await storage.list(KEY)
    assert await version_in(postgres, postgres_url) == str(VERSION)
    await old.start()
    assert await old.record(SCOPE, sent(2)) == 1
    await old.aclose()


# Event loops


async def use(storage: SQLAlchemySessionStorage) -> list[Any]:
    """Let many callers want a storage's locks at once."""
    await asyncio.gather(*(storage.add(KEY, sent(number), if_closed=IfClosed.OPEN) for number in range(20)))
    await asyncio.gather(*(storage.remove(KEY, [sent(number)]) for number in range(20)))
    await storage.add(KEY, sent(1), if_closed=IfClosed.OPEN)
    return await storage.list(KEY)


def in_loops(*calls: Callable[[], Awaitable[Any]]) -> list[Any]:
    """Make each call in an event loop of its own."""

    async def make(call: Callable[[], Awaitable[Any]]) -> Any:
        return await call()

    return [asyncio.run(make(call)) for call in calls]


@pytest.fixture(params=["SQLite alone", "SQLite shared", "PostgreSQL"])
def loopless(request: pytest.FixtureRequest, postgres: PostgresServer, file_url: str) -> SQLAlchemySessionStorage:
    """A storage for tests that have no event loop yet."""
    if request.param == "PostgreSQL":
        return SQLAlchemySessionStorage(postgres.url(asyncio.run(postgres.create_database())))
    return SQLAlchemySessionStorage(file_url, shared=request.param == "SQLite shared")


def test_a_storage_that_was_closed_works_in_another_event_loop(loopless: SQLAlchemySessionStorage) -> None:
    storage = loopless

    async def turn() -> list[Any]:
        await storage.start()
        there = await use(storage)
        await storage.aclose()
        return there

    assert in_loops(turn, turn, turn) == [[sent(1)]] * 3


def calls_of(storage: SQLAlchemySessionStorage) -> Sequence[Callable[[], Awaitable[Any]]]:
    return [
        storage.start,
        partial(storage.open, KEY, at=NOW),
        partial(storage.record, SCOPE, sent(2)),
        partial(storage.add, KEY, sent(2)),
        partial(storage.list, KEY),
        partial(storage.clear, KEY),
    ]


def test_a_storage_that_is_open_in_another_event_loop_says_so(loopless: SQLAlchemySessionStorage) -> None:
    storage = loopless

    async def refused() -> set[str]:
        calls = [*calls_of(storage), storage.aclose]
        failures = await asyncio.gather(*(call() for call in calls), return_exceptions=True)
        return {str(failure) for failure in failures}

    with asyncio.Runner() as home:
        assert home.run(use(storage)) == [sent(1)]
        assert in_loops(refused) == [{OTHER_LOOP}]
        assert home.run(use(storage)) == [sent(1)]
        home.run(storage.aclose())


@pytest.mark.filterwarnings("ignore:coroutine 'Connection.close' was never awaited")  # by an older SQLAlchemy
def test_a_storage_whose_event_loop_has_ended_says_so_until_it_is_closed(file_url: str) -> None:
    storage = SQLAlchemySessionStorage(file_url)

    async def refused() -> set[str]:
        failures = await asyncio.gather(*(call() for call in calls_of(storage)), return_exceptions=True)
        return {str(failure) for failure in failures}

    async def start_again() -> list[Any]:
        await storage.aclose()
        await storage.start()
        there = await use(storage)
        await storage.aclose()
        return there

    assert in_loops(partial(use, storage), refused, start_again) == [[sent(1)], {OTHER_LOOP}, [sent(1)]]
