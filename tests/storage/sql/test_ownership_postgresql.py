"""Who may use the tables of a server alone, and that nobody goes on with what is theirs no more."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import make_url
from sqlalchemy.ext.asyncio import create_async_engine

from tests.storage.sql.backends import PostgresServer
from tgslices.errors import StorageError
from tgslices.model import Scope
from tgslices.storage.sqlalchemy import SQLAlchemySessionStorage
from tgslices.testing.contract.samples import KEY, sent

SCOPE = Scope(42, 7, "private", 7)
SECOND_KEY = replace(KEY, qualifier="second")
OWNED_ALONE = (
    "The tables are owned alone by another storage, which would miss what is opened here. "
    "Use that storage, or close it first; several at once must all be given shared=True."
)
SHARED = (
    "The tables are shared by other storages, so they cannot be owned alone. "
    "Pass shared=True here as well, or stop them."
)
ORPHANS = (
    "SELECT count(*) FROM tgslices_messages m WHERE NOT EXISTS (SELECT 1 FROM tgslices_keys k WHERE k.id = m.key_id)"
)


class Database:
    """One database of a server, seen by its administrator."""

    def __init__(self, server: PostgresServer, url: str) -> None:
        self.server = server
        self.name = str(make_url(url).database)

    async def rows(self, statement: str) -> list[Sequence[Any]]:
        return [tuple(row) for row in await self.server.execute(self.name, statement)]

    async def connections(self) -> int:
        """Count those of others."""
        [(number,)] = await self.rows(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        return int(number)

    async def owners(self) -> list[Sequence[Any]]:
        """Return state and snapshot of the connections that hold an advisory lock alone."""
        return await self.rows("""
            SELECT a.state, a.backend_xmin FROM pg_locks l JOIN pg_stat_activity a USING (pid)
            WHERE l.locktype = 'advisory' AND l.mode = 'ExclusiveLock' AND a.datname = current_database()
        """)

    async def cut_owner(self) -> None:
        await self.rows("""
            SELECT pg_terminate_backend(pid, 10000) FROM pg_locks
            WHERE locktype = 'advisory' AND mode = 'ExclusiveLock'
              AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
        """)

    async def cut_all(self) -> None:
        await self.rows("""
            SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity
            WHERE datname = current_database() AND pid <> pg_backend_pid()
        """)


@pytest.fixture
def database(postgres: PostgresServer, postgres_url: str) -> Database:
    return Database(postgres, postgres_url)


@pytest.fixture
async def alone(postgres_url: str) -> AsyncIterator[SQLAlchemySessionStorage]:
    """A storage that owns the tables alone, with one key open."""
    storage = SQLAlchemySessionStorage(postgres_url, shared=False)
    await storage.open(KEY)
    yield storage
    await storage.aclose()


async def refusal_of(storage: SQLAlchemySessionStorage) -> str:
    with pytest.raises(StorageError) as caught:
        await storage.open(SECOND_KEY)
    return str(caught.value)


@pytest.mark.parametrize("shared", [False, True])
async def test_tables_that_are_owned_alone_are_refused_to_others(
    postgres_url: str, alone: SQLAlchemySessionStorage, shared: bool
) -> None:
    other = SQLAlchemySessionStorage(postgres_url, shared=shared)
    assert await refusal_of(other) == OWNED_ALONE
    assert await alone.record(SCOPE, sent(1)) == 1
    await alone.aclose()
    assert await other.open_keys(KEY.bot_id) == [KEY]
    await other.aclose()


async def test_tables_that_are_owned_alone_are_refused_to_an_engine_of_a_user(
    postgres_url: str, alone: SQLAlchemySessionStorage
) -> None:
    engine = create_async_engine(postgres_url)
    other = SQLAlchemySessionStorage(engine)
    assert await refusal_of(other) == OWNED_ALONE
    await alone.aclose()
    assert await other.open_keys(KEY.bot_id) == [KEY]
    await other.aclose()
    # Its connections live on, and keep nobody away.
    await alone.start()
    await engine.dispose()


async def test_tables_that_are_shared_cannot_be_owned_alone(postgres_url: str) -> None:
    workers = [SQLAlchemySessionStorage(postgres_url) for _ in range(2)]
    for worker in workers:
        await worker.open(KEY)
    alone = SQLAlchemySessionStorage(postgres_url, shared=False)
    assert await refusal_of(alone) == SHARED
    await workers[0].aclose()
    assert await refusal_of(alone) == SHARED
    await workers[1].aclose()
    assert await alone.open_keys(KEY.bot_id) == [KEY]
    await alone.aclose()


async def test_to_share_takes_no_connection_more(postgres_url: str, database: Database) -> None:
    storage = SQLAlchemySessionStorage(postgres_url)
    await storage.open(KEY)
    assert await database.connections() == 1
    await storage.aclose()


async def test_a_shared_storage_that_lost_its_connections_is_refused_once_the_tables_are_owned_alone(
    postgres_url: str, database: Database
) -> None:
    shared = SQLAlchemySessionStorage(postgres_url)
    await shared.open(KEY)
    await database.cut_all()
    alone = SQLAlchemySessionStorage(postgres_url, shared=False)
    await alone.start()
    assert await refusal_of(shared) == OWNED_ALONE
    await alone.aclose()
    await shared.open(SECOND_KEY)
    assert await shared.record(SCOPE, sent(1)) == 2
    await shared.aclose()


@pytest.mark.parametrize("shared", [False, True])
async def test_two_schemas_of_one_database_have_two_owners(
    postgres_url: str, database: Database, alone: SQLAlchemySessionStorage, shared: bool
) -> None:
    await database.rows("CREATE SCHEMA other")
    other = SQLAlchemySessionStorage(postgres_url, shared=shared, schema="other")
    await other.open(SECOND_KEY)
    assert await alone.open_keys(KEY.bot_id) == [KEY]
    await other.aclose()


async def test_the_schema_counts_whichever_way_it_is_found(
    postgres_url: str, database: Database, alone: SQLAlchemySessionStorage
) -> None:
    assert await refusal_of(SQLAlchemySessionStorage(postgres_url, shared=False, schema="public")) == OWNED_ALONE
    await database.rows("CREATE SCHEMA first")
    engine = create_async_engine(postgres_url, connect_args={"server_settings": {"search_path": "first, public"}})
    assert await refusal_of(SQLAlchemySessionStorage(engine, shared=False)) == OWNED_ALONE
    await engine.dispose()


async def test_the_connection_of_an_owner_holds_nothing_up(database: Database, alone: SQLAlchemySessionStorage) -> None:
    """Within a transaction it would keep VACUUM from its work, and the server may cut it for being idle there."""
    assert await database.owners() == [("idle", None)]


# When the connection of the owner breaks


@pytest.mark.parametrize("cut", ["owner", "all"])
async def test_an_owner_that_lost_its_connection_takes_the_lock_again(
    database: Database, alone: SQLAlchemySessionStorage, cut: str
) -> None:
    calls = [
        (lambda: alone.record(SCOPE, sent(1)), 1),
        (lambda: alone.add(KEY, sent(2)), None),
        (lambda: alone.open(SECOND_KEY), None),
        (lambda: alone.record(SCOPE, sent(3)), 2),
        (lambda: alone.open_keys(42), [KEY, SECOND_KEY]),
        (lambda: alone.close(SECOND_KEY), 1),
        (lambda: alone.migrate(42, 7, 8), [KEY]),
    ]
    for call, answer in calls:
        await (database.cut_owner() if cut == "owner" else database.cut_all())
        assert await call() == answer  # type: ignore[no-untyped-call]  # of many types
        assert len(await database.owners()) == 1


async def test_an_owner_whose_tables_became_another_owners_is_refused(
    postgres_url: str, database: Database, alone: SQLAlchemySessionStorage
) -> None:
    await database.cut_owner()
    second = SQLAlchemySessionStorage(postgres_url, shared=False)
    await second.open(SECOND_KEY)
    assert await second.close(KEY) == 0
    assert not alone.is_idle(42)
    with pytest.raises(StorageError) as caught:
        await alone.record(SCOPE, sent(1))
    assert str(caught.value) == OWNED_ALONE
    await second.aclose()
    assert await alone.record(SCOPE, sent(2)) == 1
    assert await alone.open_keys(42) == [SECOND_KEY]
    assert await database.rows(ORPHANS) == [(0,)]


async def test_writes_that_wait_while_the_lock_is_lost_land_where_their_keys_are_then(
    postgres_url: str, database: Database, alone: SQLAlchemySessionStorage
) -> None:
    await alone.open(SECOND_KEY)
    async with alone._backend.transactions.turn:
        waiting = [asyncio.create_task(call) for call in (alone.record(SCOPE, sent(1)), alone.add(KEY, sent(2)))]
        closing = asyncio.create_task(alone.close(replace(KEY, qualifier="third")))
        while len(alone._backend.transactions.turn._waiters or ()) < 2:  # type: ignore[attr-defined]  # a lock's
            await asyncio.sleep(0)
        await database.cut_owner()
        second = SQLAlchemySessionStorage(postgres_url, shared=False)
        await second.close(KEY)
        await second.aclose()
    assert await asyncio.gather(*waiting, closing) == [1, None, 0]
    assert await alone.list(SECOND_KEY) == [sent(1)]
    assert await alone.list(KEY) == [sent(2)]
    assert await alone.open_keys(42) == [SECOND_KEY]
    assert await database.rows(ORPHANS) == [(0,)]


async def test_writes_that_wait_while_the_lock_is_lost_fail_when_the_storage_is_closed(
    database: Database, alone: SQLAlchemySessionStorage
) -> None:
    async with alone._backend.transactions.turn:
        waiting = asyncio.create_task(alone.record(SCOPE, sent(1)))
        while not alone._backend.transactions.turn._waiters:  # type: ignore[attr-defined]  # a lock's
            await asyncio.sleep(0)
        await database.cut_owner()
        closing = asyncio.create_task(alone.aclose())
        await asyncio.sleep(0)
        await asyncio.sleep(0)
    with pytest.raises(StorageError) as caught:
        await waiting
    await closing
    assert str(caught.value) == (
        "The storage lost the lock by which it owned its tables alone, as its connection to the server broke. "
        "Nothing was written. The next call takes the lock again."
    )


async def test_a_key_that_vanished_from_the_tables_gets_no_entry(
    database: Database, alone: SQLAlchemySessionStorage
) -> None:
    await alone.open(SECOND_KEY)
    await database.rows("DELETE FROM tgslices_keys WHERE qualifier IS NULL")
    assert await alone.record(SCOPE, sent(1)) == 1
    assert await alone.list(SECOND_KEY) == [sent(1)]
    assert await alone.open_keys(42) == [SECOND_KEY]
    assert await database.rows(ORPHANS) == [(0,)]


async def test_an_owner_that_is_lost_lets_go_of_everything_when_it_is_closed(
    postgres_url: str, database: Database, alone: SQLAlchemySessionStorage
) -> None:
    await database.cut_owner()
    await alone.aclose()
    while await database.connections():  # the server takes a moment to end them
        pass
