"""PostgreSQL through asyncpg: every statement a trip to the server, and many workers at once."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext, suppress
from importlib import import_module
from inspect import signature
from typing import Any, Final

from sqlalchemy import URL
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from tgslices.errors import StorageError
from tgslices.storage.sqlalchemy.database.advisory import schema_of_tables, wait_for_schema
from tgslices.storage.sqlalchemy.database.connections import max_connections
from tgslices.storage.sqlalchemy.database.notices import Notices
from tgslices.storage.sqlalchemy.database.postgresql_notices import PostgreSQLNotices, channel_of
from tgslices.storage.sqlalchemy.database.steps import ANY_NUMBER, StatementOf, Step, Steps, T, taken_one_by_one
from tgslices.storage.sqlalchemy.database.urls import for_asyncpg

MIN_TO_LISTEN: Final = 3
"""How many connections a pool must have room for, so that one of them listens all the time."""

_OF_SQLALCHEMY: Final = ("prepared_statement_cache_size", "async_fallback")
"""What a URL may say beside the parameters of the driver."""

_ENCODINGS: Final = ("UTF8", "SQL_ASCII")
"""The encodings that keep every text. SQL_ASCII keeps bytes as they come.
Source: https://www.postgresql.org/docs/current/multibyte.html"""


_CONSTRAINT: Final = "23"
"""What SQLSTATEs begin with that tell of a constraint.
Source: https://www.postgresql.org/docs/current/errcodes-appendix.html"""

MAX_CONNECTIONS: Final = 10
"""How many an engine has that the storage makes. A server allows 100 in all unless its administrator says otherwise.
Source: https://www.postgresql.org/docs/current/runtime-config-connection.html#GUC-MAX-CONNECTIONS"""


def create_postgresql_engine(url: URL, *, timeout: float) -> AsyncEngine:
    """Return an engine that gives up on a silent server in time.

    Raises:
        StorageError: the URL has a parameter that means nothing to the driver.
    """
    known = {*signature(import_module("asyncpg").connect).parameters, *_OF_SQLALCHEMY}
    url, arguments = for_asyncpg(url, known)
    waits = {"timeout": timeout, **arguments}
    # None beyond those that are kept: a connection of a burst would end with it, and with it what it has prepared.
    room = {"pool_size": MAX_CONNECTIONS, "max_overflow": 0, "pool_timeout": timeout}
    return create_async_engine(url, connect_args=waits, hide_parameters=True, **room)


class PostgreSQL:
    """A :class:`~tgslices.storage.sqlalchemy.database.dialect.Database` for ``postgresql+asyncpg``."""

    lanes: Final = 2
    max_group: Final = 50
    one_writer: Final = False
    max_rows: Final = 1_000
    can_be_alone: Final = False
    record_counts: Final = True
    keeps_dead_rows: Final = True
    tells_old_values: Final = True

    def engine(self, engine: AsyncEngine) -> AsyncEngine:
        """Return the engine with every statement on its own, so that a single one costs one trip."""
        return engine.execution_options(isolation_level="AUTOCOMMIT")

    def require_place(self) -> None:
        """Do nothing: a server makes no database by itself."""

    async def check(self, connection: AsyncConnection) -> None:
        """Refuse an encoding that lacks most characters. The server names it when a connection begins."""
        driver: Any = (await connection.get_raw_connection()).driver_connection
        encoding = getattr(driver.get_settings(), "server_encoding", "UTF8")  # a pooler may keep it to itself
        if encoding not in _ENCODINGS:
            raise StorageError(
                f"The database keeps text as {encoding}, which lacks most of the characters that people write.",
                "Create one for the storage with ENCODING 'UTF8' TEMPLATE template0.",
            )

    async def prepare(self, connection: AsyncConnection) -> None:
        """Do nothing: the server's settings are its administrator's."""

    def hold(self, engine: AsyncEngine, prefix: str, *, shared: bool) -> AbstractAsyncContextManager[None]:
        """Do nothing: the tables are always shared."""
        return nullcontext()

    async def lock_schema(self, connection: AsyncConnection, prefix: str, schema: str | None) -> None:
        """Take turns with other workers that start at the same moment."""
        await wait_for_schema(connection, prefix, schema)

    async def notices(self, engine: AsyncEngine, prefix: str, schema: str | None, *, seconds: float) -> Notices | None:
        """Listen on one connection, if the engine has room for it beside the two that the storage needs."""
        if 0 < max_connections(engine.pool) < MIN_TO_LISTEN:
            return None
        alone = self.engine(engine)
        async with alone.connect() as connection:
            channel = channel_of(await schema_of_tables(connection, prefix, schema), prefix)
        return PostgreSQLNotices(alone, channel, timeout=seconds)

    @asynccontextmanager
    async def transaction(self, connection: AsyncConnection, last: Sequence[str] = ()) -> AsyncIterator[None]:
        """Begin, whatever the server's default is, a transaction in which each statement sees what is committed.

        What is in ``last`` by its end is sent with the commit.
        """
        await self.send(connection, "execute", "BEGIN ISOLATION LEVEL READ COMMITTED")
        try:
            yield
            await self.send(connection, "execute", "; ".join([*last, "COMMIT"]))
        except BaseException:
            # A connection that goes back to its pool within a transaction would poison whoever gets it next.
            with suppress(Exception):
                await connection.invalidate()
            raise

    def single(self, connection: AsyncConnection) -> AbstractAsyncContextManager[None]:
        """Do nothing: every statement is a transaction."""
        return nullcontext()

    async def execute(
        self, connection: AsyncConnection, spell: StatementOf, rows: Sequence[Sequence[Any]]
    ) -> Sequence[Any]:
        """Run a statement in one trip to the server."""
        size, values = (1, rows[0]) if len(rows) == 1 else (ANY_NUMBER, zip(*rows, strict=True))
        found: Sequence[Any] = await self.send(connection, "fetch", spell(size), *values)
        return found

    async def send(self, connection: AsyncConnection, way: str, *arguments: Any) -> Any:
        """Call a method of the driver, past SQLAlchemy, whose own part of a trip takes longer than the driver's.

        Raises:
            DBAPIError: what SQLAlchemy raises for an error of the server, and for a connection that is lost.
        """
        driver = await _driver(connection)
        try:
            return await getattr(driver, way)(*arguments)
        except Exception as error:
            told = await _as_told(connection, driver, error)
            if told is error:
                raise
            raise told from error
        except BaseException:
            # Nobody knows how far the server has come.
            with suppress(Exception):
                await connection.invalidate()
            raise

    async def take(self, connection: AsyncConnection, steps: Steps[T]) -> T:
        """Take each step in a trip of its own."""
        return await taken_one_by_one(steps, lambda step: self.execute(connection, step.statement, step.rows))

    async def transact(self, connection: AsyncConnection, steps: Steps[T], *, done: Callable[[], None]) -> T:
        """Begin, take each step, and commit, each in a trip of its own but for what goes with the commit."""
        last: list[str] = []

        async def take(step: Step) -> Sequence[Any]:
            if not step.is_last:
                return await self.execute(connection, step.statement, step.rows)
            last.append(step.statement(1))
            return ()

        async with self.transaction(connection, last):
            result = await taken_one_by_one(steps, take)
            done()
        return result


async def _driver(connection: AsyncConnection) -> Any:
    borrowed = connection.sync_connection
    if borrowed is not None and not borrowed.invalidated:
        return borrowed.connection.driver_connection  # without a greenlet, because every statement asks for it
    return (await connection.get_raw_connection()).driver_connection


async def _as_told(connection: AsyncConnection, driver: Any, error: Exception) -> Exception:
    """Return what SQLAlchemy would raise for an error of the driver."""
    is_lost: bool = driver.is_closed()
    if is_lost and not connection.invalidated:
        # SQLAlchemy is to find out as well: it lets go of every connection that is as old, and may be cut, too.
        with suppress(Exception):
            await connection.exec_driver_sql("SELECT 1")
    state = getattr(error, "sqlstate", None)
    if not (is_lost or isinstance(state, str)):
        return error
    kind = IntegrityError if isinstance(state, str) and state.startswith(_CONSTRAINT) else DBAPIError
    return kind(None, None, error, connection_invalidated=is_lost)
