"""What other processes open in an SQLite file: a count that stands in the file, read whenever the file has changed.

SQLite tells a connection whether another one has changed the file since it looked last. That takes two microseconds,
and no lock that anybody waits for. Source: https://www.sqlite.org/pragma.html#pragma_data_version
"""

# ruff: noqa: D102 - the methods are documented once, on the protocol

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from tgslices.storage.sqlalchemy.database.notices import Hear, Told
from tgslices.storage.sqlalchemy.database.steps import Step, Steps

_NAME = "openings"


class SQLiteNotices:
    """The :class:`~tgslices.storage.sqlalchemy.database.notices.Notices` of a file: others are seen and not heard."""

    def __init__(self, file: str, table: str) -> None:
        """Count in a table of names and values."""
        self._file = Path(file).absolute()
        quoted = '"{}"'.format(table.replace('"', '""'))
        self._read = f"SELECT value FROM {quoted} WHERE name = '{_NAME}'"  # noqa: S608 - a name of ours, quoted
        self._count_up = (
            f"INSERT INTO {quoted} (name, value) VALUES ('{_NAME}', '1') "  # noqa: S608 - the same
            "ON CONFLICT (name) DO UPDATE SET value = CAST(value AS INTEGER) + 1 RETURNING value"
        )
        self._connection: sqlite3.Connection | None = None
        self._version: int | None = None
        self._count = 0

    def state(self) -> int | None:
        if self._connection is None:
            return None
        try:
            [version] = self._connection.execute("PRAGMA data_version").fetchone()
            if version != self._version:
                found = self._connection.execute(self._read).fetchone()
                self._count, self._version = 0 if found is None else int(found[0]), version
        except (sqlite3.Error, ValueError):  # it is locked, or in nobody's hands any more
            self._version = None
            return None
        return self._count

    def telling(self, notice: str) -> Steps[Told]:
        [[count]] = yield Step(lambda _: self._count_up, [()])
        return Told(int(count) - 1, int(count))

    @asynccontextmanager
    async def listen(self, hear: Hear) -> AsyncIterator[None]:
        self._version = None
        with suppress(sqlite3.Error):
            self._connection = sqlite3.connect(
                f"{self._file.as_uri()}?mode=ro", uri=True, timeout=0, isolation_level=None, check_same_thread=False
            )
        try:
            yield
        finally:
            connection, self._connection = self._connection, None
            if connection is not None:
                connection.close()
