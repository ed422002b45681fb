"""The connections of an engine of the storage's own, so that they can be cut when their server is silent."""

from __future__ import annotations

from contextlib import suppress

from sqlalchemy import event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.pool import Pool, QueuePool


class Connections:
    """Knows what an engine has connected and has not begun to close."""

    def __init__(self, engine: AsyncEngine) -> None:
        """Watch an engine that has connected nothing yet."""
        self._dialect = engine.dialect
        self._open: dict[int, DBAPIConnection] = {}
        event.listen(engine.sync_engine, "connect", self._connected)
        event.listen(engine.sync_engine, "close", self._closed)

    def cut(self) -> None:
        """Abort every connection, without telling the server. Callers that wait for an answer get an error."""
        for connection in list(self._open.values()):
            with suppress(Exception):  # it may be closed, or belong to an event loop that is
                self._dialect.do_terminate(connection)
        self._open.clear()

    def _connected(self, connection: DBAPIConnection, _: object) -> None:
        self._open[id(connection)] = connection

    def _closed(self, connection: DBAPIConnection, _: object) -> None:
        self._open.pop(id(connection), None)


def max_connections(pool: Pool) -> int:
    """Return how many connections a pool gives out at once; 0 or less means any number."""
    if not isinstance(pool, QueuePool):
        return 0
    overflow: int = getattr(pool, "_max_overflow", -1)
    return pool.size() + overflow if pool.size() and overflow >= 0 else 0
