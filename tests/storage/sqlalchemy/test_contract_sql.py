"""The contract on SQLite, alone and shared, from a URL and with a user's engine, and on PostgreSQL, in both ways."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

import pytest
from sqlalchemy import event
from sqlalchemy.ext.asyncio import create_async_engine

from tests.storage.prepared import prepared
from tests.storage.sqlalchemy.backends import (
    TABLES,
    PostgresServer,
    list_statement,
    message_of,
    sqlite_count,
    sqlite_rows,
)
from tests.thoroughness import tries
from tgslices.model import SessionKey, TrackedMessage
from tgslices.storage.sqlalchemy import SQLAlchemySessionStorage
from tgslices.testing.contract import DurableStorageContract


class SQLiteContract(DurableStorageContract):
    examples = tries(10)
    options: ClassVar[dict[str, Any]] = {}

    async def open_storage(self, place: Path) -> SQLAlchemySessionStorage:
        self.file = prepared(place / "slices.db")
        storage = SQLAlchemySessionStorage(f"sqlite+aiosqlite:///{self.file}", **self.options)
        await storage.start()
        return storage

    async def raw_list(self, storage: SQLAlchemySessionStorage, key: SessionKey) -> list[TrackedMessage]:
        return [message_of(row) for row in sqlite_rows(self.file, list_statement(key))]

    async def raw_count(self, storage: SQLAlchemySessionStorage) -> int:
        return sqlite_count(self.file)

    async def raw_data_count(self, storage: SQLAlchemySessionStorage) -> int:
        return sqlite_count(self.file, ["tgslices_data"])


class TestSQLiteAlone(SQLiteContract):
    pass


class TestSQLiteShared(SQLiteContract):
    shared = True
    knows_idleness = False
    options: ClassVar[dict[str, Any]] = {"shared": True}


@pytest.mark.sampled
class TestSQLiteOfUser(SQLiteContract):
    """A user's engine that begins transactions by itself: SQLAlchemy's documentation gave the recipe for years."""

    examples = tries(5)
    shared = True
    knows_idleness = False

    async def open_storage(self, place: Path) -> SQLAlchemySessionStorage:
        self.file = prepared(place / "slices.db")
        engine = create_async_engine(f"sqlite+aiosqlite:///{self.file}")

        @event.listens_for(engine.sync_engine, "connect")
        def connect(connection: Any, _: object) -> None:
            connection.isolation_level = None

        @event.listens_for(engine.sync_engine, "begin")
        def begin(connection: Any) -> None:
            connection.exec_driver_sql("BEGIN")

        storage = SQLAlchemySessionStorage(engine, shared=True)
        await storage.start()
        return storage

    async def close_storage(self, storage: SQLAlchemySessionStorage) -> None:
        await storage.aclose()
        await storage._backend.engine.dispose()


class PostgreSQLContract(DurableStorageContract):
    """All places are one schema, which is emptied for the next: to make the tables takes longer than most tests."""

    schema = "contract"
    last_place: ClassVar[Path | None] = None
    examples = tries(10)
    options: ClassVar[dict[str, Any]] = {}

    @pytest.fixture(autouse=True)
    def _use_server(self, postgres: PostgresServer) -> None:
        self.postgres = postgres

    async def open_storage(self, place: Path) -> SQLAlchemySessionStorage:
        await self._empty(place)
        storage = SQLAlchemySessionStorage(self.postgres.url("postgres"), schema=self.schema, **self.options)
        await storage.start()
        return storage

    async def _empty(self, place: Path) -> None:
        if PostgreSQLContract.last_place is None:
            await self.postgres.execute("postgres", f"CREATE SCHEMA {self.schema}")
        elif place != PostgreSQLContract.last_place:
            await self.postgres.empty("postgres", self.schema)
        PostgreSQLContract.last_place = place

    async def raw_list(self, storage: SQLAlchemySessionStorage, key: SessionKey) -> list[TrackedMessage]:
        rows = await self.postgres.execute("postgres", list_statement(key, f"{self.schema}."))
        return [message_of(row) for row in rows]

    async def raw_count(self, storage: SQLAlchemySessionStorage) -> int:
        counts = [
            await self.postgres.execute("postgres", f"SELECT count(*) FROM {self.schema}.{table}") for table in TABLES
        ]
        return sum(rows[0]["count"] for rows in counts)

    async def raw_data_count(self, storage: SQLAlchemySessionStorage) -> int:
        [row] = await self.postgres.execute("postgres", f"SELECT count(*) FROM {self.schema}.tgslices_data")
        return int(row["count"])


class TestPostgreSQL(PostgreSQLContract):
    shared = True
    knows_idleness = False
