"""A bot whose handlers use session data, wired and fed by hand; and every storage that data can be kept in."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.middlewares.conftest import api, stage
from tests.promises.storages import ListStorage
from tests.storage.conftest import emptied_postgres_url, postgres, postgres_url, redis_server, redis_url
from tests.storage.prepared import prepared
from tgslices import MemorySessionStorage, SessionStorage
from tgslices.storage.opening import open_storage
from tgslices.storage.sqlalchemy import SQLAlchemySessionStorage

__all__ = ("api", "emptied_postgres_url", "postgres", "postgres_url", "redis_server", "redis_url", "stage")


class Store:
    """Opens storages on the same data, as processes that come and go would."""

    def __init__(self, kind: str, url: str | None) -> None:
        self.kind = kind
        self._url = url
        self._kept = MemorySessionStorage() if kind == "memory" else ListStorage() if kind == "plugin" else None
        self.is_shared = kind in ("sqlite-shared", "postgresql", "redis")

    def open(self) -> SessionStorage:
        """Return a storage that sees what earlier ones have kept, as far as its kind allows."""
        if self._url is None:
            assert self._kept is not None
            return self._kept
        if self.kind == "redis":
            return open_storage(self._url)
        return SQLAlchemySessionStorage(self._url, shared=self.is_shared)


@pytest.fixture(params=["memory", "plugin", "sqlite", "sqlite-shared", "postgresql", "redis"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    """A place that storages can be opened on."""
    kind = str(request.param)
    if kind in ("postgresql", "redis"):
        return Store(kind, request.getfixturevalue("emptied_postgres_url" if kind == "postgresql" else "redis_url"))
    return Store(kind, f"sqlite:///{prepared(tmp_path / 'kept.db')}" if kind.startswith("sqlite") else None)
