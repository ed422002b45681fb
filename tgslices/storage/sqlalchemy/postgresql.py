"""PostgreSQL through asyncpg: every statement a trip to the server, and many workers at once."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext, suppress
from hashlib import blake2b
from typing import Any, Final

from sqlalchemy import URL, Row, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from tgslices.errors import StorageError
from tgslices.storage.sqlalchemy.database import ANY_NUMBER, Spelling


def create_postgresql_engine(url: URL, *, timeout: float) -> AsyncEngine:
    """Return an engine that gives up on a silent server in time."""
    waits = {} if "timeout" in url.query else {"timeout": timeout}
    return create_async_engine(url, connect_args=waits, hide_parameters=True, pool_timeout=timeout)


class PostgreSQL:
    """A :class:`~tgslices.storage.sqlalchemy.database.Database` for ``postgresql+asyncpg``."""

    lanes: Final = 2
    largest_group: Final = 50
    one_writer: Final = False
    most_rows: Final = 1_000
    record_counts: Final = True

    def engine(self, engine: AsyncEngine) -> AsyncEngine:
        """Return the engine with every statement on its own, so that a single one costs one trip."""
        return engine.execution_options(isolation_level="AUTOCOMMIT")

    async def prepare(self, connection: AsyncConnection) -> None:
        """Do nothing: the server's settings are its administrator's."""

    @asynccontextmanager
    async def hold(self, engine: AsyncEngine, prefix: str, *, shared: bool) -> AsyncIterator[None]:
        """Hold an advisory lock on a connection of its own, which a shared storage does without."""
        if shared:
            yield
            return
        async with engine.connect() as connection:
            lock = {"key": _lock_key(prefix, "alone")}
            if not await connection.scalar(text("SELECT pg_try_advisory_lock(:key)"), lock):
                raise StorageError(
                    "The tables are owned alone by another storage, which would miss what is opened here.",
                    "Use that storage, or close it first; several at once must all be given shared=True.",
                )
            yield
            with suppress(Exception):
                await connection.scalar(text("SELECT pg_advisory_unlock(:key)"), lock)

    async def lock_schema(self, connection: AsyncConnection, prefix: str) -> None:
        """Take turns with other workers that start at the same moment."""
        await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _lock_key(prefix, "schema")})

    @asynccontextmanager
    async def transaction(self, connection: AsyncConnection) -> AsyncIterator[None]:
        """Begin, whatever the server's default is, a transaction in which each statement sees what is committed."""
        await connection.exec_driver_sql("BEGIN ISOLATION LEVEL READ COMMITTED")
        try:
            yield
            await connection.exec_driver_sql("COMMIT")
        except BaseException:
            # A connection that goes back to its pool within a transaction would poison whoever gets it next.
            with suppress(Exception):
                await connection.invalidate()
            raise

    def single(self, connection: AsyncConnection) -> AbstractAsyncContextManager[None]:
        """Do nothing: every statement is a transaction."""
        return nullcontext()

    async def execute(
        self, connection: AsyncConnection, spell: Spelling, rows: Sequence[Sequence[Any]]
    ) -> Sequence[Row[Any]]:
        """Run a statement in one trip to the server."""
        if len(rows) == 1:
            result = await connection.exec_driver_sql(spell(1), tuple(rows[0]))
        else:
            result = await connection.exec_driver_sql(spell(ANY_NUMBER), tuple(zip(*rows, strict=True)))
        return result.all() if result.returns_rows else ()


def _lock_key(prefix: str, purpose: str) -> int:
    """Return a number for an advisory lock that no other user of the database is likely to take."""
    digest = blake2b(f"tgslices/{prefix}/{purpose}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)
