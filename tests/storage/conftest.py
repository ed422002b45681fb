"""A real PostgreSQL and a real Valkey, started once for the tests that ask for them, and a storage of each kind."""

from __future__ import annotations

import shutil
import tempfile
import warnings
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from typing import Final, TypeVar

import pytest

from tests.promises.storages import ListStorage
from tests.storage.prepared import prepared
from tests.storage.redis.servers import RedisServer, free_port, prefix_of
from tests.storage.sqlalchemy.backends import PostgresServer, start_postgres
from tests.thoroughness import IS_THOROUGH
from tgslices import MemorySessionStorage, SessionStorage
from tgslices.storage.redis import RedisSessionStorage
from tgslices.storage.sqlalchemy import SQLAlchemySessionStorage

T = TypeVar("T")

_POSTGRES: Final = pytest.StashKey[PostgresServer]()
_REDIS: Final = pytest.StashKey[RedisServer]()


def _of_all(config: pytest.Config, key: pytest.StashKey[T], running: AbstractContextManager[T]) -> T:
    """Return the one of this process: each folder that imports a fixture has an instance of it."""
    if key not in config.stash:
        stack = ExitStack()
        config.stash[key] = stack.enter_context(running)
        config.add_cleanup(stack.close)
    return config.stash[key]


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Take one parameter of each test of the contract where a storage differs from another in its connection alone."""
    if IS_THOROUGH:
        return
    first: dict[str, str] = {}
    for item in items:
        if item.get_closest_marker("sampled") is not None:
            name = item.nodeid.partition("[")[0]
            first[name] = min(first.get(name, item.nodeid), item.nodeid)  # the same in each process of a run
    taken: list[pytest.Item] = []
    left_out: list[pytest.Item] = []
    for item in items:
        is_taken = first.get(item.nodeid.partition("[")[0], item.nodeid) == item.nodeid
        (taken if is_taken else left_out).append(item)
    items[:] = taken
    config.hook.pytest_deselected(items=left_out)


@pytest.fixture(scope="session")
def postgres(pytestconfig: pytest.Config) -> PostgresServer:
    """A server that trusts this machine, and that writes without waiting for the disk."""
    return _of_all(pytestconfig, _POSTGRES, running_postgres())


@pytest.fixture(scope="module")
def fragile_postgres() -> Iterator[PostgresServer]:
    """Another server, for tests that stop it."""
    with running_postgres() as server:
        yield server


@contextmanager
def running_postgres() -> Iterator[PostgresServer]:
    """Start a server in a directory whose path is short enough for a socket."""
    directory = Path(tempfile.mkdtemp(prefix="tgslices-pg-"))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        server = start_postgres(directory)
    yield server
    server.close()
    shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture
async def postgres_url(postgres: PostgresServer) -> AsyncIterator[str]:
    """An empty database of its own."""
    name = await postgres.create_database()
    yield postgres.url(name)
    await postgres.drop_database(name)


@pytest.fixture
async def emptied_postgres_url(postgres: PostgresServer) -> str:
    """A database that has its tables, with nothing in them: to make one takes longer than most tests."""
    return postgres.url(await postgres.emptied_database())


@pytest.fixture(scope="session")
def redis_server(pytestconfig: pytest.Config) -> RedisServer:
    """A server that keeps nothing on disk."""
    return _of_all(pytestconfig, _REDIS, running_redis())


@pytest.fixture
def redis_url(redis_server: RedisServer) -> str:
    """An empty database."""
    with redis_server.client() as client:
        client.flushall()
    return redis_server.url


@contextmanager
def running_redis(*options: str) -> Iterator[RedisServer]:
    """Start a server with these options in a directory of its own."""
    directory = Path(tempfile.mkdtemp(prefix="tgslices-redis-"))
    server = RedisServer(directory, free_port(), options)
    server.start()
    try:
        yield server
    finally:
        server.stop(kill=True)
        shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture(params=["sqlite", "postgresql", "redis"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database of each kind, with nothing in it."""
    match request.param:
        case "sqlite":
            return f"sqlite:///{prepared(tmp_path / 'slices.db')}"
        case "redis":
            return str(request.getfixturevalue("redis_url"))
        case _:
            return str(request.getfixturevalue("emptied_postgres_url"))


@pytest.fixture(params=["memory", "plugin", "sqlite", "postgresql", "redis"])
def any_storage(request: pytest.FixtureRequest, tmp_path: Path) -> SessionStorage:
    """A storage of each kind, with nothing in it."""
    match request.param:
        case "memory":
            return MemorySessionStorage()
        case "plugin":
            return ListStorage()
        case "sqlite":
            return SQLAlchemySessionStorage(f"sqlite:///{prepared(tmp_path / 'kept.db')}")
        case "redis":
            server: RedisServer = request.getfixturevalue("redis_server")
            return RedisSessionStorage(server.url, prefix=prefix_of(tmp_path))
        case _:
            return SQLAlchemySessionStorage(request.getfixturevalue("emptied_postgres_url"))
