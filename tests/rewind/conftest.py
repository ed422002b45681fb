"""A bot whose sessions are marked, wired and fed by hand; and every storage that marks can be kept in."""

from __future__ import annotations

from tests.data.conftest import emptied_postgres_url, postgres, postgres_url, redis_server, redis_url, store
from tests.middlewares.conftest import api, stage

__all__ = ("api", "emptied_postgres_url", "postgres", "postgres_url", "redis_server", "redis_url", "stage", "store")
