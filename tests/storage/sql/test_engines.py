"""From a URL or with a user's engine: what is made here is disposed here, and what is not is left alone."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import URL, AsyncAdaptedQueuePool, create_engine, text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from tests.storage.sql.backends import sqlite_rows
from tgslices.errors import StorageError
from tgslices.model import Scope
from tgslices.storage.sqlalchemy import SQLAlchemySessionStorage
from tgslices.testing.contract.samples import KEY, MINUTE, NOW, sent

SCOPE = Scope(42, 7, "private", 7)


def refusal_of(url: Any) -> str:
    with pytest.raises(StorageError) as caught:
        SQLAlchemySessionStorage(url)
    return str(caught.value)


UNREADABLE = (
    "The URL of the storage cannot be read. "
    "Write it like sqlite+aiosqlite:///slices.db or postgresql+asyncpg://user:password@host/database."
)
UNSUPPORTED = (
    "{} is no database that this storage can use. "
    "Use sqlite+aiosqlite or postgresql+asyncpg, or write a storage of your own: four methods are enough."
)


@pytest.mark.parametrize(
    ("url", "text"),
    [
        ("slices.db", UNREADABLE),
        ("postgresql://bot:topsecret@host:port/slices", UNREADABLE),
        ("mysql://bot:topsecret@host/slices", UNSUPPORTED.format("mysql")),
        ("postgresql+psycopg://bot:topsecret@host/slices", UNSUPPORTED.format("postgresql+psycopg")),
    ],
)
def test_a_wrong_url_is_refused_at_once_and_without_its_password(url: str, text: str) -> None:
    assert refusal_of(url) == text


def test_an_engine_that_is_none_or_of_another_kind_is_refused(tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path / 'slices.db'}")
    assert refusal_of(engine) == (
        "A storage was given Engine, which is no AsyncEngine. "
        "Pass a URL, or what sqlalchemy.ext.asyncio.create_async_engine returns."
    )


@pytest.mark.parametrize(
    ("driver", "scheme", "install"),
    [
        ("asyncpg", "postgresql+asyncpg", "pip install 'tgslices[postgres]'"),
        ("aiosqlite", "sqlite+aiosqlite", "pip install tgslices"),
    ],
)
def test_a_driver_that_is_missing_is_named_with_the_way_to_install_it(
    monkeypatch: pytest.MonkeyPatch, driver: str, scheme: str, install: str
) -> None:
    monkeypatch.setitem(sys.modules, driver, None)
    assert refusal_of(f"{scheme}://bot:topsecret@host/slices") == (
        f"A storage at {scheme}:// needs {driver}, which is not installed. Install it: {install}"
    )


def test_an_sqlite_that_is_too_old_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sqlite3.sqlite_version", "3.34.1")
    monkeypatch.setattr("sqlite3.sqlite_version_info", (3, 34, 1))
    assert refusal_of("sqlite:///slices.db") == (
        "This Python comes with SQLite 3.34.1, which is older than 3.35.0. "
        "Use a newer Python or system library, or PostgreSQL."
    )


def test_a_storage_shows_where_it_is_without_the_password() -> None:
    storage = SQLAlchemySessionStorage("postgresql://bot:topsecret@host/slices")
    assert repr(storage) == "SQLAlchemySessionStorage('postgresql+asyncpg://bot:***@host/slices')"


@pytest.mark.parametrize("short", [True, False])
async def test_a_url_may_be_short_or_an_object(tmp_path: Path, short: bool) -> None:
    file = str(tmp_path / "slices.db")
    storage = SQLAlchemySessionStorage(f"sqlite:///{file}" if short else URL.create("sqlite", database=file))
    await storage.add(KEY, sent(1))
    assert await storage.list(KEY) == [sent(1)]
    await storage.aclose()


async def test_a_file_of_our_own_is_written_ahead_and_with_the_durability_that_was_asked_for(tmp_path: Path) -> None:
    levels = {"OFF": 0, "NORMAL": 1, "FULL": 2, "EXTRA": 3}
    for name, level in levels.items():
        file = tmp_path / f"{name}.db"
        storage = SQLAlchemySessionStorage(f"sqlite:///{file}", synchronous=name)  # type: ignore[arg-type]  # a literal
        await storage.open(KEY)
        async with storage._backend.engine.connect() as connection:
            assert await connection.scalar(text("PRAGMA synchronous")) == level
        assert sqlite_rows(file, "PRAGMA journal_mode") == [{"journal_mode": "wal"}]
        await storage.aclose()


async def use(storage: SQLAlchemySessionStorage) -> None:
    """Do a bit of everything that writes."""
    await storage.add_opening(KEY, sent(1))
    assert await storage.record(SCOPE, sent(2)) == 1
    assert await storage.claim(KEY, [sent(1)], now=NOW, until=NOW) == [sent(1)]
    assert len(await storage.lease(42, now=NOW, until=NOW + MINUTE, limit=5)) == 1
    assert await storage.list(KEY) == [sent(2)]
    assert await storage.close(KEY) == 1
    assert await storage.settle(await storage.pending(42)) == 1


@pytest.mark.parametrize("level", [None, "AUTOCOMMIT", "SERIALIZABLE"])
async def test_a_users_engine_works_at_any_isolation_level_and_is_never_disposed(
    tmp_path: Path, postgres_url: str, level: str | None
) -> None:
    for url in (f"sqlite+aiosqlite:///{tmp_path / 'slices.db'}", postgres_url):
        engine = create_async_engine(
            url, poolclass=AsyncAdaptedQueuePool, **({} if level is None else {"isolation_level": level})
        )
        for shared in (True, False):
            storage = SQLAlchemySessionStorage(engine, shared=shared)
            await use(storage)
            await storage.aclose()
        async with engine.connect() as connection:
            assert await connection.scalar(text("SELECT 1")) == 1
        assert isinstance(engine.pool, AsyncAdaptedQueuePool)
        assert engine.pool.checkedout() == 0
        await engine.dispose()


async def test_a_users_file_keeps_its_journal_mode(tmp_path: Path) -> None:
    file = tmp_path / "slices.db"
    engine = create_async_engine(f"sqlite+aiosqlite:///{file}")
    storage = SQLAlchemySessionStorage(engine)
    await use(storage)
    await storage.aclose()
    await engine.dispose()
    assert sqlite_rows(file, "PRAGMA journal_mode") == [{"journal_mode": "delete"}]


async def test_the_storage_takes_part_in_no_transaction_of_the_user(postgres_url: str) -> None:
    engine: AsyncEngine = create_async_engine(postgres_url)
    storage = SQLAlchemySessionStorage(engine)
    async with engine.begin() as connection:
        await connection.execute(text("CREATE TABLE orders (id int)"))
    async with engine.connect() as connection:
        await connection.execute(text("INSERT INTO orders VALUES (1)"))
        await storage.add_opening(KEY, sent(1))
        await connection.rollback()
        assert await connection.scalar(text("SELECT count(*) FROM orders")) == 0
    assert await storage.list(KEY) == [sent(1)]
    await storage.aclose()
    await engine.dispose()


@pytest.mark.parametrize("shared", [True, False])
async def test_an_engine_with_two_connections_is_enough(tmp_path: Path, postgres_url: str, shared: bool) -> None:
    for url in (f"sqlite+aiosqlite:///{tmp_path / 'slices.db'}", postgres_url):
        # Named, because SQLAlchemy before 2.0.38 has no pool for files unless it is told to.
        engine = create_async_engine(url, poolclass=AsyncAdaptedQueuePool, pool_size=2, max_overflow=0)
        storage = SQLAlchemySessionStorage(engine, shared=shared)
        await storage.open(KEY)
        await asyncio.gather(
            *(storage.record(SCOPE, sent(number)) for number in range(200)),
            *(storage.list(KEY) for _ in range(20)),
            *(storage.remove(KEY, [sent(number)]) for number in range(20)),
        )
        await storage.aclose()
        await engine.dispose()
