"""From a URL or with a user's engine: what is made here is disposed here, and what is not is left alone."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import (
    URL,
    AssertionPool,
    AsyncAdaptedQueuePool,
    NullPool,
    Pool,
    StaticPool,
    create_engine,
    event,
    make_url,
    text,
)
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from tests.storage.sqlalchemy.backends import PostgresServer, sqlite_rows
from tgslices.errors import StorageError
from tgslices.model import IfClosed, Scope
from tgslices.storage.sqlalchemy import SQLAlchemySessionStorage
from tgslices.storage.sqlalchemy.database.urls import for_asyncpg, masked
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


def test_postgresql_that_is_to_be_owned_alone_is_refused_with_the_reason() -> None:
    with pytest.raises(StorageError) as caught:
        SQLAlchemySessionStorage("postgresql://localhost/slices", shared=False)
    assert str(caught.value) == (
        "A storage on PostgreSQL is always shared, because to own it alone would make it no faster. "
        "Leave out shared=False."
    )


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


@pytest.mark.parametrize("name", ["password", "sslpassword", "passfile", "sslkey", "pAsSwOrD"])
def test_what_is_secret_in_the_parameters_of_a_url_is_never_shown(name: str) -> None:
    url = make_url(f"postgresql+asyncpg://bot:topsecret@host/slices?{name}=topsecret&host=b")
    assert masked(url) == f"postgresql+asyncpg://bot:***@host/slices?host=b&{name}=***"


async def test_a_password_in_the_parameters_is_neither_shown_nor_told() -> None:
    storage = SQLAlchemySessionStorage("postgresql://bot@127.0.0.1:1/slices?password=topsecret&passfile=mine")
    where = "postgresql+asyncpg://bot@127.0.0.1:1/slices?passfile=***&password=***"
    assert repr(storage) == f"SQLAlchemySessionStorage('{where}')"
    with pytest.raises(StorageError) as caught:
        await storage.list(KEY)
    assert str(caught.value) == (
        f"The storage at {where} cannot be reached "
        "(ConnectionRefusedError: [Errno 111] Connect call failed ('127.0.0.1', 1)). "
        "Check that the server runs and that host and port of the URL are right."
    )
    empty = SQLAlchemySessionStorage("postgresql://bot:@host/slices?password=")
    assert str(empty._backend.explain(RuntimeError("spoilt"))).endswith(
        "failed (RuntimeError: spoilt). The cause is chained to this error."
    )
    told = storage._backend.explain(RuntimeError("no topsecret, no mine"))
    assert str(told) == (
        f"The storage at {where} failed (RuntimeError: no ***, no ***). The cause is chained to this error."
    )
    await storage.aclose()


def test_an_engine_that_cannot_be_made_is_told_without_the_password() -> None:
    assert refusal_of("sqlite:///slices.db?check_same_thread=maybe&password=topsecret") == (
        "An engine for sqlite+aiosqlite:///slices.db?check_same_thread=maybe&password=*** cannot be made. "
        "Correct the URL; the cause is chained to this error."
    )


@pytest.mark.parametrize(
    "query",
    [
        "timeout=10",
        "connect_timeout=10&sslmode=disable&channel_binding=prefer",
        "sslmode=prefer&application_name=bot&gssencmode=disable",
        "command_timeout=5&statement_cache_size=0&prepared_statement_cache_size=0",
    ],
)
async def test_a_url_may_say_what_hosting_providers_write(postgres_url: str, query: str) -> None:
    storage = SQLAlchemySessionStorage(f"{postgres_url}{'&' if '?' in postgres_url else '?'}{query}")
    await use(storage)
    await storage.aclose()


def test_what_a_url_says_reaches_the_driver() -> None:
    query = "sslmode=require&connect_timeout=10&application_name=bot&channel_binding=require&command_timeout=2"
    url, arguments = for_asyncpg(make_url(f"postgresql+asyncpg://host/slices?{query}&host=b"), {"host"})
    assert str(url) == "postgresql+asyncpg://host/slices?host=b"
    assert arguments == {
        "ssl": "require",
        "timeout": 10.0,
        "server_settings": {"application_name": "bot"},
        "command_timeout": 2.0,
    }


@pytest.mark.parametrize(
    ("query", "text"),
    [
        (
            "timeout=soon",
            (
                "The parameter timeout of the storage's URL is 'soon', which is no number. "
                "Write it like timeout=10, or leave it out."
            ),
        ),
        (
            "sslrootcert=system",
            (
                "The storage's URL has a parameter sslrootcert, which asyncpg does not know. "
                "Take it out of the URL; what asyncpg takes otherwise goes into connect_args of an engine of your own."
            ),
        ),
    ],
)
def test_a_parameter_that_the_driver_cannot_use_is_named(query: str, text: str) -> None:
    assert refusal_of(f"postgresql://bot:topsecret@host/slices?{query}") == text


@pytest.mark.parametrize("timeout", [5, None, timedelta(0), timedelta(seconds=-1)])
def test_a_timeout_that_is_no_length_of_time_is_refused(timeout: Any) -> None:
    with pytest.raises(StorageError) as caught:
        SQLAlchemySessionStorage("sqlite:///slices.db", timeout=timeout)
    assert str(caught.value) == (
        f"The timeout of a storage is {timeout!r}, which is no length of time. Pass timedelta(seconds=5)."
    )


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("shared", "no", "shared of a storage is no str but True, False or None."),
        ("create", "no", "create of a storage is no str but True or False."),
        ("create", None, "create of a storage is no NoneType but True or False."),
        ("prefix", None, "prefix of a storage is no NoneType but a text."),
        ("prefix", 3, "prefix of a storage is no int but a text."),
        ("schema", 3, "schema of a storage is no int but a text or None."),
        ("metadata", "x", "metadata of a storage is no str but a MetaData of SQLAlchemy."),
    ],
)
def test_an_argument_of_another_type_is_refused_and_not_quoted(name: str, value: Any, text: str) -> None:
    with pytest.raises(StorageError) as caught:
        SQLAlchemySessionStorage("sqlite:///slices.db", **{name: value})
    assert str(caught.value).startswith(text)


@pytest.mark.parametrize("level", ["FUL", "full", 1, None])
def test_a_durability_that_sqlite_does_not_know_is_refused(level: Any) -> None:
    with pytest.raises(StorageError) as caught:
        SQLAlchemySessionStorage("sqlite:///slices.db", synchronous=level)
    assert str(caught.value) == (
        f"synchronous of a storage is {level!r}, which SQLite does not know. Pass one of OFF, NORMAL, FULL, EXTRA."
    )


@pytest.mark.parametrize("pool", [StaticPool, AssertionPool])
def test_an_engine_with_one_connection_for_everybody_is_refused(tmp_path: Path, pool: type[Pool]) -> None:
    """The storage would commit what its user has not, and a reader would undo what a writer has half done."""
    engine = create_async_engine(f"sqlite+aiosqlite:///{tmp_path / 'slices.db'}", poolclass=pool)
    assert refusal_of(engine) == (
        f"The engine's {pool.__name__} has one connection for everybody, "
        "so that the storage would end the transactions of others. "
        "Name a file or a server, and create the engine with poolclass=AsyncAdaptedQueuePool or NullPool."
    )


def test_an_engine_with_room_for_one_connection_is_refused() -> None:
    one: dict[str, Any] = {"poolclass": AsyncAdaptedQueuePool, "pool_size": 1, "max_overflow": 0}
    for url in ("sqlite+aiosqlite:///slices.db", "postgresql+asyncpg://host/slices"):
        assert refusal_of(create_async_engine(url, **one)) == (
            "The engine's pool has room for one connection, and the storage needs two. "
            "Create the engine with pool_size=2 or more."
        )
        for room in ({"pool_size": 2}, {"max_overflow": 1}, {"max_overflow": -1}, {"pool_size": 0}):
            SQLAlchemySessionStorage(create_async_engine(url, **(one | room)))
    SQLAlchemySessionStorage(create_async_engine("postgresql+asyncpg://host/slices", poolclass=NullPool))


async def test_an_engine_that_translates_schemas_is_refused_with_the_way_to_do_without(
    postgres: PostgresServer, postgres_url: str
) -> None:
    """Half of the statements would follow it."""
    database = str(make_url(postgres_url).database)
    await postgres.execute(database, "CREATE SCHEMA tenant")
    engine = create_async_engine(postgres_url, execution_options={"schema_translate_map": {None: "tenant"}})
    assert refusal_of(engine) == (
        "The engine translates schemas ({None: 'tenant'}), which the storage's own statements do not follow. "
        "Pass schema= to the storage, and an engine that does not translate."
    )
    plain = create_async_engine(postgres_url)
    storage = SQLAlchemySessionStorage(plain, schema="tenant")
    await use(storage)
    assert [row["count"] for row in await postgres.execute(database, "SELECT count(*) FROM tenant.tgslices_meta")] == [
        1
    ]
    await storage.aclose()
    await plain.dispose()
    await engine.dispose()


async def test_a_pool_that_others_have_emptied_is_told(tmp_path: Path) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path / 'slices.db'}"
    engine = create_async_engine(url, poolclass=AsyncAdaptedQueuePool, pool_size=2, max_overflow=0, pool_timeout=0.1)
    storage = SQLAlchemySessionStorage(engine)
    await storage.open(KEY, at=NOW)
    async with engine.connect(), engine.connect():
        for call in (storage.list(KEY), storage.record(SCOPE, sent(1))):
            with pytest.raises(StorageError) as caught:
                await call
            assert str(caught.value) == (
                f"The storage at {url} got no connection, because all of the engine's pool are in use. "
                "Give connections back sooner, make the pool larger, or give the storage an engine of its own."
            )
    await storage.aclose()
    await engine.dispose()


async def test_a_database_that_keeps_few_characters_is_refused(postgres: PostgresServer) -> None:
    for encoding in ("LATIN1", "SQL_ASCII"):
        await postgres.execute(
            "postgres",
            f"CREATE DATABASE {encoding} ENCODING '{encoding}' TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'",
        )
    latin = SQLAlchemySessionStorage(postgres.url("latin1"))
    with pytest.raises(StorageError) as caught:
        await latin.start()
    assert str(caught.value) == (
        "The database keeps text as LATIN1, which lacks most of the characters that people write. "
        "Create one for the storage with ENCODING 'UTF8' TEMPLATE template0."
    )
    ascii_ = SQLAlchemySessionStorage(postgres.url("sql_ascii"))
    key = replace(KEY, qualifier="\N{RECEIPT} чек")
    await ascii_.add(key, sent(1), if_closed=IfClosed.OPEN)
    assert await ascii_.open_keys(42) == [key]
    for storage in (latin, ascii_):
        await storage.aclose()
    for encoding in ("latin1", "sql_ascii"):
        await postgres.drop_database(encoding)


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
        await storage.open(KEY, at=NOW)
        async with storage._backend.engine.connect() as connection:
            assert await connection.scalar(text("PRAGMA synchronous")) == level
        assert sqlite_rows(file, "PRAGMA journal_mode") == [{"journal_mode": "wal"}]
        await storage.aclose()


async def test_a_file_of_our_own_is_flushed_at_checkpoints_unless_told_otherwise(tmp_path: Path) -> None:
    storage = SQLAlchemySessionStorage(f"sqlite:///{tmp_path / 'slices.db'}")
    await storage.open(KEY, at=NOW)
    async with storage._backend.engine.connect() as connection:
        assert await connection.scalar(text("PRAGMA synchronous")) == 1  # NORMAL
    await storage.aclose()


async def use(storage: SQLAlchemySessionStorage, *, first: int = 1) -> None:
    """Do a bit of everything that writes, with two messages that the key does not know."""
    one, two = sent(first), sent(first + 1)
    await storage.add(KEY, one, if_closed=IfClosed.OPEN)
    assert await storage.record(SCOPE, two) == 1
    assert await storage.claim(KEY, [one], now=NOW, until=NOW) == [one]
    assert len(await storage.lease(42, now=NOW, until=NOW + MINUTE, limit=5)) == 1
    assert await storage.list(KEY) == [two]
    assert (await storage.close(KEY, at=NOW)).dropped == 1
    assert await storage.settle(await storage.pending(42)) == 1


@pytest.mark.parametrize("level", [None, "AUTOCOMMIT", "SERIALIZABLE"])
async def test_a_users_engine_works_at_any_isolation_level_and_is_never_disposed(
    tmp_path: Path, postgres_url: str, level: str | None
) -> None:
    for url in (f"sqlite+aiosqlite:///{tmp_path / 'slices.db'}", postgres_url):
        engine = create_async_engine(
            url, poolclass=AsyncAdaptedQueuePool, **({} if level is None else {"isolation_level": level})
        )
        for first, shared in ((1, True), (3, None)):
            storage = SQLAlchemySessionStorage(engine, shared=shared)
            await use(storage, first=first)
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
        await storage.add(KEY, sent(1), if_closed=IfClosed.OPEN)
        await connection.rollback()
        assert await connection.scalar(text("SELECT count(*) FROM orders")) == 0
    assert await storage.list(KEY) == [sent(1)]
    await storage.aclose()
    await engine.dispose()


@pytest.mark.parametrize("shared", [True, None])
async def test_an_engine_with_two_connections_is_enough(tmp_path: Path, postgres_url: str, shared: bool | None) -> None:
    for url in (f"sqlite+aiosqlite:///{tmp_path / 'slices.db'}", postgres_url):
        # Named, because SQLAlchemy before 2.0.38 has no pool for files unless it is told to.
        engine = create_async_engine(url, poolclass=AsyncAdaptedQueuePool, pool_size=2, max_overflow=0)
        storage = SQLAlchemySessionStorage(engine, shared=shared)
        await storage.open(KEY, at=NOW)
        await asyncio.gather(
            *(storage.record(SCOPE, sent(number)) for number in range(200)),
            *(storage.list(KEY) for _ in range(20)),
            *(storage.remove(KEY, [sent(number)]) for number in range(20)),
        )
        await storage.aclose()
        await engine.dispose()


@contextmanager
def connections_made() -> Iterator[list[object]]:
    """Collect every connection that any pool makes."""
    made: list[object] = []

    def note(connection: object, _record: object) -> None:
        made.append(connection)

    event.listen(Pool, "connect", note)
    try:
        yield made
    finally:
        event.remove(Pool, "connect", note)


async def test_the_connections_of_a_burst_are_there_for_the_next_one(postgres_url: str) -> None:
    keys = [replace(KEY, chat_id=number) for number in range(1, 31)]

    async def burst() -> None:
        await asyncio.gather(*(storage.open(key, at=NOW) for key in keys))
        await asyncio.gather(*(storage.close(key, at=NOW) for key in keys))

    with connections_made() as made:
        storage = SQLAlchemySessionStorage(postgres_url)
        await burst()
        first = len(made)
        await burst()
        await storage.aclose()

    assert 5 < first <= 10
    assert len(made) == first
