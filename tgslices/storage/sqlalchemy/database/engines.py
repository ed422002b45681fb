"""From a URL, or a user's engine, to an engine and the database that it speaks to."""

from __future__ import annotations

from typing import Final

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.pool import AssertionPool, SingletonThreadPool, StaticPool

from tgslices.errors import StorageError
from tgslices.storage.sqlalchemy.arguments import Arguments
from tgslices.storage.sqlalchemy.database.connections import max_connections
from tgslices.storage.sqlalchemy.database.dialect import Database
from tgslices.storage.sqlalchemy.database.file_at_rest import read_at_rest
from tgslices.storage.sqlalchemy.database.postgresql import PostgreSQL, create_postgresql_engine
from tgslices.storage.sqlalchemy.database.sqlite import SQLite, create_sqlite_engine, require_version
from tgslices.storage.sqlalchemy.database.urls import masked

MIN_CONNECTIONS: Final = 2

_DRIVERS: Final = {
    "sqlite": "sqlite+aiosqlite",
    "postgres": "postgresql+asyncpg",
    "postgresql": "postgresql+asyncpg",
}
_INSTALL: Final = {"asyncpg": "pip install 'tgslices[postgres]'", "aiosqlite": "pip install tgslices"}


def engine_of_url(url: str | URL, arguments: Arguments) -> AsyncEngine:
    """Return a new engine for a URL.

    Raises:
        StorageError: the URL cannot be read, names a database that is not supported, or its driver is not installed.
    """
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        # The driver's text may quote the whole URL, with its password.
        raise StorageError(
            "The URL of the storage cannot be read.",
            "Write it like sqlite+aiosqlite:///slices.db or postgresql+asyncpg://user:password@host/database.",
        ) from None
    if "@" in (parsed.host or ""):
        raise StorageError(
            "The URL of the storage has two @, and what follows the first may be of its password.",
            "Write an @ of the password as %40.",
        )
    timeout = arguments.timeout.total_seconds()
    parsed = parsed.set(drivername=_DRIVERS.get(parsed.drivername, parsed.drivername))
    try:
        if parsed.drivername == "sqlite+aiosqlite":
            require_version()
            engine = create_sqlite_engine(parsed, synchronous=arguments.synchronous, timeout=timeout)
            if arguments.reads_only:
                read_at_rest(engine)
            return engine
        if parsed.drivername == "postgresql+asyncpg":
            return create_postgresql_engine(parsed, timeout=timeout)
    except ModuleNotFoundError as error:
        raise StorageError(
            f"A storage at {parsed.drivername}:// needs {error.name}, which is not installed.",
            f"Install it: {_INSTALL.get(error.name or '', f'pip install {error.name}')}",
        ) from error
    except (ArgumentError, NoSuchModuleError, TypeError, ValueError) as error:
        raise StorageError(
            f"An engine for {masked(parsed)} cannot be made.", "Correct the URL; the cause is chained to this error."
        ) from error
    raise _unsupported(parsed.drivername)


def database_of(engine: AsyncEngine) -> Database:
    """Return how the database of an engine is written to.

    Raises:
        StorageError: the engine is none, speaks to a database that is not supported or through another driver, or
            cannot give the storage connections of its own.
    """
    if not isinstance(engine, AsyncEngine):
        raise StorageError(
            f"A storage was given {type(engine).__name__}, which is no AsyncEngine.",
            "Pass a URL, or what sqlalchemy.ext.asyncio.create_async_engine returns.",
        )
    _require_usable(engine)
    match engine.dialect.name, engine.dialect.driver:
        case "sqlite", "aiosqlite":
            require_version()
            return SQLite()
        case "postgresql", "asyncpg":
            return PostgreSQL()
        case name, driver:
            raise _unsupported(f"{name}+{driver}")


def _require_usable(engine: AsyncEngine) -> None:
    """Refuse an engine that would work wrongly in silence, or wait for itself."""
    if isinstance(engine.pool, StaticPool | SingletonThreadPool | AssertionPool):
        raise StorageError(
            f"The engine's {type(engine.pool).__name__} has one connection for everybody, "
            "so that the storage would end the transactions of others.",
            "Name a file or a server, and create the engine with poolclass=AsyncAdaptedQueuePool or NullPool.",
        )
    if 0 < max_connections(engine.pool) < MIN_CONNECTIONS:
        raise StorageError(
            "The engine's pool has room for one connection, and the storage needs two.",
            "Create the engine with pool_size=2 or more.",
        )
    translated = engine.sync_engine.get_execution_options().get("schema_translate_map")
    if translated:
        raise StorageError(
            f"The engine translates schemas ({translated!r}), which the storage's own statements do not follow.",
            "Pass schema= to the storage, and an engine that does not translate.",
        )


def _unsupported(drivername: str) -> StorageError:
    return StorageError(
        f"{drivername} is no database that this storage can use.",
        "Use sqlite+aiosqlite or postgresql+asyncpg, or write a storage of your own: four methods are enough.",
    )
