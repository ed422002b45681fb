"""What ``storage.metadata`` says is what the database has, new or upgraded, because migrations rely on it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Column, Connection, Dialect, Text, UniqueConstraint, inspect, make_url, text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from tests.storage.sqlalchemy.backends import PostgresServer
from tgslices.errors import StorageError
from tgslices.storage.sqlalchemy import SQLAlchemySessionStorage, build_tables
from tgslices.storage.sqlalchemy.tables.schema import VERSION, Tables
from tgslices.storage.sqlalchemy.tables.versions import Versions
from tgslices.testing.contract.samples import KEY, sent

DATA = Path(__file__).parent / "data"


@pytest.fixture(params=["SQLite", "PostgreSQL"])
def where(request: pytest.FixtureRequest, postgres_url: str, tmp_path: Path) -> str:
    """An empty database of each kind."""
    return postgres_url if request.param == "PostgreSQL" else f"sqlite+aiosqlite:///{tmp_path / 'slices.db'}"


async def write_version_1(postgres: PostgresServer, where: str) -> None:
    """Write what the first release wrote."""
    url = make_url(where)
    if url.drivername.startswith("postgresql"):
        await postgres.execute_script(str(url.database), (DATA / "version1_postgresql.sql").read_text(encoding="utf-8"))
        return
    with closing(sqlite3.connect(str(url.database))) as connection:
        connection.executescript((DATA / "version1.sql").read_text(encoding="utf-8"))


def in_words(tables: Tables, dialect: Dialect) -> dict[str, Any]:
    """Say what the tables are to be."""
    return {
        table.name: {
            "columns": {
                it.name: (it.type.compile(dialect).replace("BIGSERIAL", "BIGINT"), it.nullable) for it in table.c
            },
            "primary key": [column.name for column in table.primary_key],
            "unique": {
                str(it.name): [column.name for column in it.columns]
                for it in table.constraints
                if isinstance(it, UniqueConstraint)
            },
            "indexes": {
                str(it.name): (
                    [column.name for column in it.columns],
                    it.dialect_options[dialect.name]["where"] is not None,
                )
                for it in table.indexes
            },
        }
        for table in tables.all
    }


def as_found(connection: Connection, tables: Tables) -> dict[str, Any]:
    """Say in the same words what the tables are."""
    inspector = inspect(connection)
    dialect = connection.dialect
    return {
        table.name: {
            "columns": {
                it["name"]: (it["type"].compile(dialect), it["nullable"]) for it in inspector.get_columns(table.name)
            },
            "primary key": inspector.get_pk_constraint(table.name)["constrained_columns"],
            "unique": {it["name"]: it["column_names"] for it in inspector.get_unique_constraints(table.name)},
            "indexes": {
                it["name"]: (it["column_names"], f"{dialect.name}_where" in it.get("dialect_options", {}))
                for it in inspector.get_indexes(table.name)
                if "duplicates_constraint" not in it
            },
        }
        for table in tables.all
    }


@pytest.mark.parametrize("origin", ["new", "upgraded from version 1"])
async def test_the_metadata_is_what_is_in_the_database(postgres: PostgresServer, where: str, origin: str) -> None:
    if origin != "new":
        await write_version_1(postgres, where)
    storage = SQLAlchemySessionStorage(where)
    await storage.start()
    tables = storage._backend.tables
    async with storage._backend.engine.connect() as connection:
        found = await connection.run_sync(as_found, tables)
    assert found == in_words(tables, storage._backend.engine.dialect)
    await storage.aclose()


async def test_what_version_1_wrote_into_postgresql_is_read_by_this_release(
    postgres: PostgresServer, postgres_url: str
) -> None:
    await write_version_1(postgres, postgres_url)
    storage = SQLAlchemySessionStorage(postgres_url)
    assert await storage.list(KEY) == [sent(1), sent(9, business_connection_id="c")]
    assert [it.message for it in await storage.pending(42)] == [sent(4)]
    await storage.add(KEY, sent(2))
    assert await storage.list(KEY) == [sent(1), sent(9, business_connection_id="c"), sent(2)]
    await storage.aclose()


# Tables that somebody else made, and that do not say which version they have


async def make_tables(where: str, *more: str) -> None:
    """Make the tables as a migration tool does, and run what follows."""
    engine = create_async_engine(where)
    async with engine.begin() as connection:
        await connection.run_sync(build_tables().metadata.create_all)
        for statement in more:
            await connection.execute(text(statement))
    await engine.dispose()


async def versions_in(where: str) -> list[str]:
    engine: AsyncEngine = create_async_engine(where)
    async with engine.connect() as connection:
        found = [
            row.value
            for row in await connection.execute(text("SELECT value FROM tgslices_meta WHERE name = 'schema_version'"))
        ]
    await engine.dispose()
    return found


async def refusal_of(storage: SQLAlchemySessionStorage) -> str:
    with pytest.raises(StorageError) as caught:
        await storage.start()
    await storage.aclose()
    return str(caught.value)


@pytest.mark.parametrize("create", [False, True])
async def test_tables_of_this_version_are_used_and_not_given_one(where: str, create: bool) -> None:
    await make_tables(where, "ALTER TABLE tgslices_keys ADD COLUMN mine INTEGER")
    storage = SQLAlchemySessionStorage(where, create=create)
    await storage.add(KEY, sent(1))
    assert await storage.list(KEY) == [sent(1)]
    await storage.aclose()
    assert await versions_in(where) == []


@pytest.mark.parametrize("create", [False, True])
@pytest.mark.parametrize(
    ("change", "what"),
    [
        ("DROP TABLE tgslices_pending", "The table tgslices_pending is missing"),
        ("ALTER TABLE tgslices_messages DROP COLUMN kind", "The table tgslices_messages lacks kind"),
        ("ALTER TABLE tgslices_moved_chats RENAME bot_id TO bot", "The table tgslices_moved_chats lacks bot_id"),
        (
            "CREATE TABLE other (bot_id BIGINT, chat_id BIGINT, note TEXT NOT NULL)",
            "The table tgslices_moved_chats demands note",
        ),
    ],
)
async def test_tables_of_another_version_are_refused_and_left_as_they_are(
    where: str, create: bool, change: str, what: str
) -> None:
    more = ["DROP TABLE tgslices_moved_chats", "ALTER TABLE other RENAME TO tgslices_moved_chats"]
    await make_tables(where, change, *(more if "demands" in what else ()))
    assert await refusal_of(SQLAlchemySessionStorage(where, create=create)) == (
        f"{what}, and the tables that are there do not say which version they have. "
        "Bring them up to storage.metadata with your migrations, or write into tgslices_meta the schema_version "
        "that they have, so that create=True upgrades them. Nothing was changed."
    )
    assert await versions_in(where) == []


def of_a_later_release(where: str) -> SQLAlchemySessionStorage:
    """Return a storage of a release that writes the next version, which keeps a note with each key."""

    def add_notes(connection: Connection, tables: Tables) -> None:
        connection.execute(text("ALTER TABLE tgslices_keys ADD COLUMN note TEXT"))

    storage = SQLAlchemySessionStorage(where)
    tables = storage._backend.tables
    tables.keys.append_column(Column("note", Text))
    storage._backend._versions = Versions(tables, create=True, version=VERSION + 1, upgrades={VERSION: add_notes})
    return storage


async def test_an_older_version_that_does_not_say_so_is_upgraded_once_it_is_written_down(where: str) -> None:
    await make_tables(where)
    assert (await refusal_of(of_a_later_release(where))).startswith("The table tgslices_keys lacks note, ")
    engine = create_async_engine(where)
    async with engine.begin() as connection:
        await connection.execute(
            text("INSERT INTO tgslices_meta (name, value) VALUES ('schema_version', :version)"),
            {"version": str(VERSION)},
        )
    await engine.dispose()
    storage = of_a_later_release(where)
    await storage.start()
    async with storage._backend.engine.connect() as connection:
        columns = (await connection.run_sync(as_found, storage._backend.tables))["tgslices_keys"]["columns"]
    await storage.aclose()
    assert ("note" in columns, await versions_in(where)) == (True, [str(VERSION + 1)])
