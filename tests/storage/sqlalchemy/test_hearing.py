"""What workers of one database hear of each other: an idle bot asks it nothing, and nothing that is open is missed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import make_url
from sqlalchemy.ext.asyncio import create_async_engine

from tests.storage.hearing import (
    ELSEWHERE,
    SCOPE,
    HearingTests,
    opens_while_read,
    until,
    until_idle,
    until_known,
)
from tests.storage.sqlalchemy.backends import PostgresServer, sqlite_rows, watch
from tgslices.errors import StorageError
from tgslices.storage.sqlalchemy import SQLAlchemySessionStorage
from tgslices.storage.sqlalchemy.database.steps import Steps
from tgslices.testing.contract.samples import KEY, NOW, sent

UPDATES = 1_000


@pytest.fixture(params=["SQLite", "PostgreSQL"])
def url(request: pytest.FixtureRequest, postgres_url: str, tmp_path: Path) -> str:
    return postgres_url if request.param == "PostgreSQL" else f"sqlite+aiosqlite:///{tmp_path / 'slices.db'}"


@pytest.fixture
async def workers(url: str) -> AsyncIterator[list[SQLAlchemySessionStorage]]:
    """Two workers that know that nothing is open."""
    workers = [SQLAlchemySessionStorage(url, shared=True) for _ in range(2)]
    for worker in workers:
        await worker.start()
    for worker in workers:
        await until_idle(worker)
    yield workers
    for worker in workers:
        await worker.aclose()


def statements_of(worker: SQLAlchemySessionStorage) -> list[str]:
    told: list[str] = []
    watch(worker, told.append)
    execute = worker._backend.database.execute

    async def counting(*arguments: Any) -> Any:
        told.append("a statement")
        return await execute(*arguments)

    vars(worker._backend.database)["execute"] = counting
    return told


async def test_idle_workers_ask_the_database_nothing(workers: list[SQLAlchemySessionStorage]) -> None:
    told = statements_of(workers[0])
    for number in range(UPDATES):
        assert workers[0].is_idle(KEY.bot_id)
        assert await workers[0].record(SCOPE, sent(number)) == 0
    assert told == []


async def test_updates_of_chats_without_a_session_ask_the_database_nothing(
    workers: list[SQLAlchemySessionStorage],
) -> None:
    await workers[1].open(KEY, at=NOW)
    await until_known(workers[0], KEY)
    told = statements_of(workers[0])
    for number in range(UPDATES):
        assert await workers[0].record(ELSEWHERE, sent(number, 8)) == 0
        assert await workers[0].open(KEY, at=NOW) is False
    assert told == []


class TestHearing(HearingTests):
    """What both kinds of shared storages have in common."""


async def test_a_bot_with_very_many_sessions_asks_each_time(
    workers: list[SQLAlchemySessionStorage], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tgslices.storage.inprocess.shared_keys.MAX_KEYS", 3)
    mine, other = workers
    keys = [replace(KEY, qualifier=str(number)) for number in range(5)]
    for key in keys:
        await mine.open(key, at=NOW)
    for key in keys:
        await mine.close(key, at=NOW)
    for worker in workers:
        assert not mine.is_idle(KEY.bot_id)
        assert await worker.record(SCOPE, sent(1)) == 0
    await mine.open(KEY, at=NOW)
    assert await other.record(SCOPE, sent(1)) == 1


async def test_what_is_opened_while_the_open_keys_are_read_is_not_missed(url: str) -> None:
    await opens_while_read(
        SQLAlchemySessionStorage(url, shared=True), lambda: SQLAlchemySessionStorage(url, shared=True)
    )


# Doubt


async def test_a_worker_that_lost_its_connection_asks_until_it_listens_again(
    postgres: PostgresServer, postgres_url: str
) -> None:
    mine, other = (SQLAlchemySessionStorage(postgres_url) for _ in range(2))
    for worker in (mine, other):
        await worker.start()
        await until_idle(worker)
    database = make_url(postgres_url).database or ""
    await postgres.execute(
        "postgres", f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{database}'"
    )
    await until(lambda: not other.is_idle(KEY.bot_id))
    await mine.open(KEY, at=NOW)
    for number in range(100):
        assert not other.is_idle(KEY.bot_id)
        assert await other.record(SCOPE, sent(number)) == 1
        await asyncio.sleep(0.002)
    await mine.close(KEY, at=NOW)
    for worker in (mine, other):
        await until_idle(worker)
        await worker.aclose()


async def test_a_notice_that_nobody_understands_casts_doubt_on_everything(
    postgres: PostgresServer, postgres_url: str
) -> None:
    worker = SQLAlchemySessionStorage(postgres_url)
    await worker.start()
    await until_idle(worker)
    notices: Any = worker._backend._notices
    database = make_url(postgres_url).database or ""
    for payload in ("", "a b c", "a 1 +1:2", "a 1 +1:2:x"):
        await postgres.execute(database, f"SELECT pg_notify('{notices._channel}', '{payload}')")
        await until(lambda: worker._open_keys._hearing is not None and worker._open_keys._hearing.as_of is None)
        await until_idle(worker)
    await worker.aclose()


async def test_an_engine_without_room_for_a_listener_is_never_idle(postgres_url: str) -> None:
    engine = create_async_engine(postgres_url, pool_size=2, max_overflow=0)
    worker = SQLAlchemySessionStorage(engine)
    await worker.start()
    await asyncio.sleep(0.1)
    assert not worker.is_idle(KEY.bot_id)
    await worker.open(KEY, at=NOW)
    assert not worker.knows_open(KEY)
    assert await worker.record(SCOPE, sent(1)) == 1
    await worker.aclose()
    await engine.dispose()


async def test_a_file_whose_count_was_changed_by_hand_is_read_again(tmp_path: Path) -> None:
    worker = SQLAlchemySessionStorage(f"sqlite+aiosqlite:///{tmp_path / 'slices.db'}", shared=True)
    await worker.open(KEY, at=NOW)
    await until_known(worker, KEY)
    [row] = sqlite_rows(tmp_path / "slices.db", "SELECT value FROM tgslices_meta WHERE name = 'openings'")
    assert row["value"].startswith("1 ")
    await worker.aclose()
    assert not worker.knows_open(KEY)
    assert not worker.is_idle(43)


async def test_what_is_known_of_a_file_stays_known_while_this_worker_writes_there(tmp_path: Path) -> None:
    worker = SQLAlchemySessionStorage(f"sqlite+aiosqlite:///{tmp_path / 'slices.db'}", shared=True)
    await worker.open(KEY, at=NOW)
    await until_known(worker, KEY)
    for number in range(50):
        key = replace(KEY, qualifier=f"{number}")
        opening = asyncio.create_task(worker.open(key, at=NOW))
        while not opening.done():
            assert worker.knows_open(KEY)
            await asyncio.sleep(0)
        assert worker.knows_open(key)
        await worker.close(key, at=NOW)
        assert not worker.knows_open(key)
    await worker.aclose()


async def test_what_another_worker_has_opened_in_the_file_is_no_work_of_ones_own(tmp_path: Path) -> None:
    one, two = (
        SQLAlchemySessionStorage(f"sqlite+aiosqlite:///{tmp_path / 'slices.db'}", shared=True) for _ in range(2)
    )
    await one.open(KEY, at=NOW)
    await one.close(KEY, at=NOW)
    while not one.is_idle(KEY.bot_id):
        await asyncio.sleep(0.01)
    with pytest.raises(StorageError, match="no"):
        await one._open_keys.take(partial(failing, one))
    await two.open(KEY, at=NOW)
    assert not one.is_idle(KEY.bot_id)
    await one.aclose()
    await two.aclose()


def failing(storage: SQLAlchemySessionStorage) -> Steps[None]:
    """Tell the others, and be undone."""
    yield from storage._backend.telling("")
    raise OSError("no")
