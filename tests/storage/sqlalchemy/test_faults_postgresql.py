"""What can go wrong with a server: nobody waits for ever, nothing that was acknowledged is lost, and all comes back."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from itertools import count
from typing import Any

import pytest
from asyncpg import InternalClientError  # type: ignore[import-untyped]  # it ships no types
from sqlalchemy import make_url, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from tests.storage.sqlalchemy.backends import PostgresServer
from tgslices.errors import StorageError
from tgslices.model import Gone, IfClosed, Scope
from tgslices.storage.protocol import Closed
from tgslices.storage.sqlalchemy import SQLAlchemySessionStorage
from tgslices.testing.contract.samples import KEY, MINUTE, NOW, sent

SCOPE = Scope(42, 7, "private", 7)
SECOND = timedelta(seconds=1)


async def failure_of(storage: SQLAlchemySessionStorage) -> str:
    with pytest.raises(StorageError) as caught:
        await storage.list(KEY)
    await storage.aclose()
    return str(caught.value)


async def test_a_server_that_is_not_there_is_named_without_its_password() -> None:
    storage = SQLAlchemySessionStorage("postgresql://bot:topsecret@127.0.0.1:1/slices")
    assert await failure_of(storage) == (
        "The storage at postgresql+asyncpg://bot:***@127.0.0.1:1/slices cannot be reached "
        "(ConnectionRefusedError: [Errno 111] Connect call failed ('127.0.0.1', 1)). "
        "Check that the server runs and that host and port of the URL are right."
    )


async def test_a_database_that_does_not_exist_is_named(postgres: PostgresServer) -> None:
    text = await failure_of(SQLAlchemySessionStorage(postgres.url("nowhere")))
    assert "knows no such database" in text
    assert 'database "nowhere" does not exist' in text
    assert text.endswith("Create it, or correct the name in the URL.")


async def test_a_schema_that_does_not_exist_is_named(postgres_url: str) -> None:
    text = await failure_of(SQLAlchemySessionStorage(postgres_url, schema="nowhere"))
    assert "knows no such schema" in text
    assert text.endswith("Create it, or correct the name that the storage was given.")


async def test_a_user_without_rights_is_told_which_are_missing(postgres: PostgresServer, postgres_url: str) -> None:
    database = str(make_url(postgres_url).database)
    await postgres.execute(database, "CREATE ROLE stranger LOGIN")
    text = await failure_of(SQLAlchemySessionStorage(postgres_url.replace("//postgres:@", "//stranger:pw@")))
    assert "refuses this user the right to do that" in text
    assert "permission denied for schema public" in text
    assert "pw" not in text
    assert text.endswith("Grant it, or create the tables beforehand and pass create=False.")
    await postgres.execute(database, "DROP ROLE stranger")


async def test_tables_that_vanish_are_named(postgres: PostgresServer, postgres_url: str) -> None:
    storage = SQLAlchemySessionStorage(postgres_url)
    await storage.open(KEY, at=NOW)
    await postgres.execute(str(make_url(postgres_url).database), "DROP TABLE tgslices_messages")
    text = await failure_of(storage)
    assert 'relation "tgslices_messages" does not exist' in text
    assert text.endswith("Restore it from a backup, or create it as storage.metadata describes it.")


async def test_connections_that_were_cut_are_replaced_without_anybody_noticing(
    postgres: PostgresServer, postgres_url: str
) -> None:
    storage = SQLAlchemySessionStorage(postgres_url)
    database = make_url(postgres_url).database
    await storage.open(KEY, at=NOW)
    calls: list[tuple[Callable[[], Awaitable[Any]], Any]] = [
        (lambda: storage.record(SCOPE, sent(1)), 1),
        (lambda: storage.list(KEY), [sent(1)]),
        (lambda: storage.add(KEY, sent(2)), True),
        (lambda: storage.claim(KEY, [sent(2)], now=NOW, until=NOW), [sent(2)]),
        (lambda: storage.close(KEY, at=NOW), Closed(1, was_open=True)),
    ]
    for call, answer in calls:
        await postgres.execute(
            "postgres", f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{database}'"
        )
        assert await call() == answer
    await storage.aclose()


@pytest.mark.parametrize("kind", ["read", "write"])
async def test_a_connection_whose_server_is_about_to_hang_up_is_not_tried_again(postgres_url: str, kind: str) -> None:
    storage = SQLAlchemySessionStorage(postgres_url)
    await storage.start()
    tried: list[int] = []

    async def work(connection: AsyncConnection) -> str:
        tried.append(await connection.scalar(text("SELECT pg_backend_pid()")))
        if len(tried) == 1:
            raise InternalClientError("cannot switch to state 11; another operation (2) is in progress")
        return "done"

    assert await getattr(storage._backend.transactions, kind)(work) == "done"
    assert len(set(tried)) == 2
    await storage.aclose()


async def test_a_frozen_server_holds_nobody_up_for_longer_than_the_timeout(fragile_postgres: PostgresServer) -> None:
    storage = SQLAlchemySessionStorage(fragile_postgres.url("postgres"), timeout=SECOND, prefix="frozen_")
    await storage.add(KEY, sent(1), if_closed=IfClosed.OPEN)
    loop = asyncio.get_running_loop()
    with fragile_postgres.frozen():
        started = loop.time()
        calls = [storage.record(SCOPE, sent(2)), storage.list(KEY), storage.close(KEY, at=NOW), storage.matching(SCOPE)]
        failures = await asyncio.gather(
            *calls, *(storage.add(KEY, sent(it)) for it in range(50)), return_exceptions=True
        )
        assert loop.time() - started < 10
    where = make_url(fragile_postgres.url("postgres")).render_as_string()
    text = (
        f"The storage at {where} did not answer within 1 seconds. "
        "Check that the server can be reached and who keeps locks in the database, "
        "or give the storage a longer timeout."
    )
    assert {str(failure) for failure in failures} == {text}
    patient = SQLAlchemySessionStorage(fragile_postgres.url("postgres"), timeout=MINUTE, prefix="frozen_")
    assert await patient.record(SCOPE, sent(1_000)) in (0, 1)  # whether the closing got through is not known
    await patient.aclose()
    await storage.aclose()


class Load:
    """Twenty writers that go on until the server has gone and come back, however long it takes to stop."""

    def __init__(self, storage: SQLAlchemySessionStorage) -> None:
        self.recorded: set[int] = set()
        self.most_waiting = 0
        self.has_gone, self.is_back = asyncio.Event(), asyncio.Event()
        self._storage = storage
        self._failures = 0

    async def write(self, writer: int) -> None:
        for number in count(writer, 20):
            while number not in self.recorded:
                await self._record(number)
            if self.is_back.is_set():
                return

    async def _record(self, number: int) -> None:
        try:
            async with asyncio.timeout(30):
                await self._storage.record(SCOPE, sent(number))
            self.recorded.add(number)
        except StorageError:
            self._failures += 1
            self.most_waiting = max(self.most_waiting, len(self._storage._open_keys.writer._waiting))
            if self._failures > 100:
                self.has_gone.set()
                await self.is_back.wait()


async def test_a_server_that_goes_away_under_load_and_comes_back_loses_nothing(
    fragile_postgres: PostgresServer,
) -> None:
    storage = SQLAlchemySessionStorage(fragile_postgres.url("postgres"), prefix="gone_")
    await storage.open(KEY, at=NOW)
    load = Load(storage)
    writing = [asyncio.create_task(load.write(writer)) for writer in range(20)]
    while len(load.recorded) < 200:
        await asyncio.sleep(0)
    await asyncio.to_thread(fragile_postgres.stop)
    await load.has_gone.wait()
    acknowledged = set(load.recorded)
    await asyncio.to_thread(fragile_postgres.start)
    load.is_back.set()
    await asyncio.gather(*writing)
    listed = {it.message_id for it in await storage.list(KEY)}
    assert acknowledged <= listed
    assert listed == load.recorded
    assert load.most_waiting <= 20
    await storage.aclose()


class Deadlock(Exception):
    """What a driver raises for PostgreSQL's victim of a deadlock."""

    sqlstate = "40P01"


@pytest.mark.parametrize(("collisions", "succeeds"), [(7, True), (8, False)])
async def test_a_transaction_that_was_chosen_as_victim_is_done_again(
    postgres_url: str, collisions: int, succeeds: bool
) -> None:
    storage = SQLAlchemySessionStorage(postgres_url)
    await storage.add(KEY, sent(1))
    left = collisions

    async def collide(connection: Any) -> str:
        nonlocal left
        if left:
            left -= 1
            raise DBAPIError("DELETE", None, Deadlock("deadlock detected"))
        return "done"

    if succeeds:
        assert await storage._backend.transactions.write(collide) == "done"
    else:
        with pytest.raises(StorageError, match="deadlock detected"):
            await storage._backend.transactions.write(collide)
    assert await storage.list(KEY) == [sent(1)]
    await storage.aclose()


async def test_workers_that_move_and_close_the_same_keys_never_block_each_other_for_ever(postgres_url: str) -> None:
    workers = [SQLAlchemySessionStorage(postgres_url) for _ in range(4)]
    await workers[0].start()
    keys = [replace(KEY, qualifier=str(number)) for number in range(10)]

    async def stir(number: int) -> None:
        worker = workers[number % len(workers)]
        for turn in range(8):
            await asyncio.gather(
                *(worker.add(key, sent(turn), if_closed=IfClosed.OPEN) for key in keys[:: 1 if number % 2 else -1])
            )
            await worker.record(SCOPE, sent(100 + turn))
            await worker.migrate(42, *((7, 8) if (turn + number) % 2 else (8, 7)))
            await worker.discard(42, Gone(7, frozenset({turn})))
            await asyncio.gather(*(worker.close(key, at=NOW) for key in keys[number::3]))

    await asyncio.gather(*(stir(number) for number in range(8)))
    for key in await workers[0].open_keys(42):
        assert len(await workers[0].list(key)) == (await workers[1].close(key, at=NOW)).dropped
    for worker in workers:
        await worker.aclose()
