"""What other processes open in an SQLite file: a count that stands in the file, read whenever the file has changed.

Behind the count stands a token of the transaction that counted last. So what this process has committed, and has yet to
be told by the connection's thread, is not taken for somebody else's. When a transaction fails, it is after all: that
may be committed of which nobody will be told any more.

SQLite tells a connection whether another one has changed the file since it looked last. That takes two microseconds,
and no lock that anybody waits for. Source: https://www.sqlite.org/pragma.html#pragma_data_version
"""

# ruff: noqa: D102 - the methods are documented once, on the protocol

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from secrets import token_hex

from tgslices.storage.sqlalchemy.database.notices import Hear, Told
from tgslices.storage.sqlalchemy.database.steps import Step, Steps

_NAME = "openings"
_NOTHING = "0"


class SQLiteNotices:
    """The :class:`~tgslices.storage.sqlalchemy.database.notices.Notices` of a file: others are seen and not heard."""

    def __init__(self, file: str, table: str) -> None:
        """Count in a table of names and values."""
        self._file = Path(file).absolute()
        quoted = '"{}"'.format(table.replace('"', '""'))
        self._read = f"SELECT value FROM {quoted} WHERE name = '{_NAME}'"  # noqa: S608 - a name of ours, quoted
        self._count_up = (
            f"INSERT INTO {quoted} (name, value) VALUES ('{_NAME}', ?) "  # noqa: S608 - the same
            "ON CONFLICT (name) DO UPDATE SET value = excluded.value"
        )
        self._connection: sqlite3.Connection | None = None
        self._version: int | None = None
        self._count = 0
        self._under_way: dict[str, int] = {}
        """What own transactions count up to, and from where, until they are known to be committed."""

    def state(self) -> int | None:
        if self._connection is None:
            return None
        try:
            [version] = self._connection.execute("PRAGMA data_version").fetchone()
            if version != self._version:
                found = self._connection.execute(self._read).fetchone()
                self._look_at(_NOTHING if found is None else found[0])
                self._version = version
        except (sqlite3.Error, ValueError):  # it is locked, or in nobody's hands any more
            self._version = None
            return None
        return self._count

    def _look_at(self, value: str) -> None:
        """Take over a count, unless nobody has counted since the last one but a transaction that is under way."""
        if self._under_way.get(value) != self._count:
            self._count = _number(value)

    def telling(self, notice: str) -> Steps[Told]:
        found = yield Step(lambda _: self._read, [()])
        there = found[0][0] if found else _NOTHING
        before = _number(there)
        value = f"{before + 1} {token_hex(8)}"
        # One transaction may tell several times.
        self._under_way[value] = self._under_way.get(there, before)
        yield Step(lambda _: self._count_up, [(value,)])
        return Told(before, before + 1)

    def done(self, told: Told) -> None:
        if self._count == told.before:
            self._count = told.after
        self._under_way = {value: start for value, start in self._under_way.items() if _number(value) > told.after}

    def failed(self) -> None:
        self._under_way.clear()
        self._version = None

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


def _number(value: str) -> int:
    return int(value.split(" ", maxsplit=1)[0])
