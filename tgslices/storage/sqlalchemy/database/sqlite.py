"""SQLite through aiosqlite: one writer at a time, each call a trip to a thread."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager, suppress
from itertools import chain, repeat
from typing import Any, Final, Generic, cast

from aiosqlite import Connection
from sqlalchemy import URL, AsyncAdaptedQueuePool, event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from tgslices.errors import StorageError
from tgslices.storage.sqlalchemy.database.file_lock import FileLock
from tgslices.storage.sqlalchemy.database.notices import Notices
from tgslices.storage.sqlalchemy.database.open_file import OpenFile
from tgslices.storage.sqlalchemy.database.sqlite_notices import SQLiteNotices
from tgslices.storage.sqlalchemy.database.steps import StatementOf, Step, Steps, T, taken, taken_one_by_one

MIN_VERSION: Final = (3, 35, 0)
"""The first SQLite that knows RETURNING. Source: https://www.sqlite.org/lang_returning.html"""

CACHE_KIBIBYTES: Final = 32_768

BUSY_PAUSE: Final = 0.005
"""Seconds until the journal mode is tried again."""

MAX_ROWS: Final = 100
_SIZES: Final = (1, 2, 5, 10, 20, 50, MAX_ROWS)
"""How many rows a statement may have. Groups are padded with their last row, which changes nothing."""


def create_sqlite_engine(url: URL, *, synchronous: str, timeout: float) -> AsyncEngine:
    """Return an engine with the given durability, which waits for locks for less time than a call may take.

    No transaction begins on it by itself, so that a single statement is one and costs one trip.
    """
    waits = {} if "timeout" in url.query else {"timeout": timeout / 2}
    engine = create_async_engine(
        url,
        connect_args=waits,
        poolclass=AsyncAdaptedQueuePool,
        hide_parameters=True,
        pool_timeout=timeout,
        pool_use_lifo=True,  # what a connection has in its cache is worth nothing once another one has written
        pool_reset_on_return=None,  # every transaction is ended by whoever began it
    )

    @event.listens_for(engine.sync_engine, "connect")
    def set_up(connection: DBAPIConnection, _: object) -> None:
        try:
            connection.isolation_level = None
            cursor = connection.cursor()
            cursor.execute(f"PRAGMA synchronous={synchronous}")
            cursor.execute(f"PRAGMA cache_size=-{CACHE_KIBIBYTES}")
            cursor.close()
        except BaseException:
            connection.close()  # because SQLAlchemy before 2.1 strands it
            raise

    return engine


class SQLite:
    """A :class:`~tgslices.storage.sqlalchemy.database.dialect.Database` for ``sqlite+aiosqlite``."""

    lanes: Final = 1
    max_group: Final = 100
    one_writer: Final = True
    max_rows: Final = MAX_ROWS
    can_be_alone: Final = True
    record_counts: Final = False
    keeps_dead_rows: Final = False
    tells_old_values: Final = False

    def __init__(self) -> None:
        self._checks: tuple[Callable[[], None], ...] = ()
        self._file = OpenFile("", None)

    def engine(self, engine: AsyncEngine) -> AsyncEngine:
        """Return the engine itself: whatever its connections do about transactions, :meth:`transaction` copes with."""
        return engine

    def require_place(self) -> None:
        """Check that the file is still there: a new connection would make an empty one."""
        self._file.require_in_place()

    async def check(self, connection: AsyncConnection) -> None:
        """Do nothing: every file keeps every text."""

    async def prepare(self, connection: AsyncConnection) -> None:
        """Let readers and the writer work at the same time.

        Raises:
            StorageError: the file system cannot do that.
        """
        driver = await _driver(connection)
        [[milliseconds]] = await driver.execute_fetchall("PRAGMA busy_timeout")
        loop = asyncio.get_running_loop()
        deadline = loop.time() + milliseconds / 1000
        while True:
            try:
                [[mode]] = await driver.execute_fetchall("PRAGMA journal_mode=WAL")
                break
            except sqlite3.OperationalError as error:
                # Another connection is changing the mode as well. SQLite does not wait here, because two would for
                # each other. Source: https://www.sqlite.org/c3ref/busy_handler.html
                if getattr(error, "sqlite_errorcode", 0) & 0xFF != sqlite3.SQLITE_BUSY or loop.time() >= deadline:
                    raise
            await asyncio.sleep(BUSY_PAUSE)
        if mode != "wal":
            raise StorageError(
                f"SQLite keeps the journal mode {mode} there, because the file system shares no memory.",
                "Name a file on a disk of this machine, or pass an engine of your own, which keeps its journal mode.",
            )

    @asynccontextmanager
    async def hold(self, engine: AsyncEngine, prefix: str, *, shared: bool) -> AsyncIterator[None]:
        """Hold a lock file beside the database, alone or together with others."""
        async with engine.connect() as connection:
            file = await _file_of(connection)
        with FileLock(file, f"{prefix}lock", shared=shared) as lock:
            self._file = OpenFile.at(file)
            self._checks = (self._file.require_in_place, lock.require_held)
            try:
                yield
            finally:
                self._checks, self._file = (), OpenFile("", None)

    async def lock_schema(self, connection: AsyncConnection, prefix: str, schema: str | None) -> None:
        """Do nothing: the transaction is the only one that writes."""

    async def notices(self, engine: AsyncEngine, prefix: str, schema: str | None, *, seconds: float) -> Notices | None:
        """Watch the file, unless the tables are in another one that is attached."""
        if schema is not None:
            return None
        async with engine.connect() as connection:
            return SQLiteNotices(await _file_of(connection), f"{prefix}meta")

    @asynccontextmanager
    async def transaction(self, connection: AsyncConnection) -> AsyncIterator[None]:
        """Take the write lock at once: one that is taken after a read cannot be waited for."""
        driver = await self._begin(connection)
        try:
            yield
            await connection.commit()
        except BaseException:
            with suppress(Exception):
                await driver.rollback()
            raise

    @asynccontextmanager
    async def single(self, connection: AsyncConnection) -> AsyncIterator[None]:
        """Let the statement be a transaction of its own, which takes the write lock at once as well.

        On a user's engine the driver may have begun one before it.
        """
        self._require_files()
        driver = await _idle_driver(connection)
        try:
            yield
            if driver.in_transaction:
                await driver.commit()
        except BaseException:
            with suppress(Exception):
                await driver.rollback()
            raise

    def _require_files(self) -> None:
        """Check that what is about to be written stays where others look for it, and that nobody else owns it."""
        for check in self._checks:
            check()

    async def _begin(self, connection: AsyncConnection) -> Connection:
        self._require_files()
        if not connection.in_transaction():
            await connection.begin()  # a user's engine may emit a BEGIN of its own here
        driver = await _idle_driver(connection)
        await driver.execute_fetchall("BEGIN IMMEDIATE")
        return driver

    async def execute(
        self, connection: AsyncConnection, spell: StatementOf, rows: Sequence[Sequence[Any]]
    ) -> Sequence[tuple[Any, ...]]:
        """Run a statement in one trip to the connection's thread."""
        driver = await _driver(connection)
        found: Iterable[Any] = await driver.execute_fetchall(*_spelled(Step(spell, rows)))
        return list(found)

    async def take(self, connection: AsyncConnection, steps: Steps[T]) -> T:
        """Take each step in a trip of its own."""
        return await taken_one_by_one(steps, lambda step: self.execute(connection, step.statement, step.rows))

    async def transact(self, connection: AsyncConnection, steps: Steps[T], *, done: Callable[[], None]) -> T:
        """Take the steps, and commit, in one trip to the connection's thread."""
        self._require_files()
        transaction = _Transaction(steps, done)
        try:
            return await _in_thread(await _driver(connection), transaction)
        except asyncio.CancelledError:
            transaction.is_abandoned = True
            raise


class _Transaction(Generic[T]):
    """A transaction that a connection's thread carries out. One that nobody waits for any more is undone."""

    def __init__(self, steps: Steps[T], done: Callable[[], None]) -> None:
        self._steps = steps
        self._done = done
        self.is_abandoned = False

    def __call__(self, connection: sqlite3.Connection) -> T:
        _roll_back(connection)
        connection.execute("BEGIN IMMEDIATE")
        try:
            result = taken(self._steps, lambda step: connection.execute(*_spelled(step)).fetchall())
            self._require_waiting()
            self._done()
            connection.execute("COMMIT")
        except BaseException:
            with suppress(sqlite3.Error):
                _roll_back(connection)
            raise
        return result

    def _require_waiting(self) -> None:
        if self.is_abandoned:
            raise TimeoutError


def _roll_back(connection: sqlite3.Connection) -> None:
    if connection.in_transaction:
        connection.execute("ROLLBACK")


async def _idle_driver(connection: AsyncConnection) -> Connection:
    """Return the driver in no transaction: neither one that it has begun by itself, nor one that was given up."""
    driver = await _driver(connection)
    if driver.in_transaction:
        await _in_thread(driver, _roll_back)  # unless it has ended when the thread gets to this
    return driver


async def _in_thread(driver: Connection, work: Callable[[sqlite3.Connection], T]) -> T:
    """Do what aiosqlite does for each of its own methods: it has none that takes a function."""
    return cast(T, await driver._execute(work, driver._conn))  # type: ignore[no-untyped-call]


def _spelled(step: Step) -> tuple[str, tuple[Any, ...]]:
    """Return the text of a step and its values, in as many rows as a text is for."""
    statement, rows, _ = step
    size = next(size for size in _SIZES if size >= len(rows))
    padding = repeat(rows[-1], size - len(rows))
    return statement(size), tuple(chain.from_iterable(chain(rows, padding)))


async def _driver(connection: AsyncConnection) -> Connection:
    borrowed = connection.sync_connection
    if borrowed is not None and not borrowed.invalidated:
        raw = borrowed.connection  # without a greenlet, because every statement asks for it
    else:
        raw = await connection.get_raw_connection()
    driver = raw.driver_connection
    assert isinstance(driver, Connection)  # noqa: S101 - for type checkers; the URL's driver was checked
    return driver


async def _file_of(connection: AsyncConnection) -> str:
    """Return the path of the file that the connection has really opened.

    Raises:
        StorageError: there is no file.
    """
    driver = await _driver(connection)
    files = [row[2] for row in await driver.execute_fetchall("PRAGMA database_list") if row[1] == "main"]
    if not files or not files[0]:
        raise StorageError(
            "An SQLite database in memory is no storage, because every connection has another and takes it along.",
            "Name a file, or use MemorySessionStorage.",
        )
    return str(files[0])


def require_version() -> None:
    """Check the SQLite that Python was built with.

    Raises:
        StorageError: it is too old.
    """
    if sqlite3.sqlite_version_info < MIN_VERSION:
        wanted = ".".join(map(str, MIN_VERSION))
        raise StorageError(
            f"This Python comes with SQLite {sqlite3.sqlite_version}, which is older than {wanted}.",
            "Use a newer Python or system library, or PostgreSQL.",
        )
