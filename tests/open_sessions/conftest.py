"""A bot that polls, with a storage of each kind."""

from __future__ import annotations

from tests.ending.conftest import (
    any_storage,
    api,
    emptied_postgres_url,
    postgres,
    postgres_url,
    redis_server,
    redis_url,
    stage,
    url,
)

__all__ = (
    "any_storage",
    "api",
    "emptied_postgres_url",
    "postgres",
    "postgres_url",
    "redis_server",
    "redis_url",
    "stage",
    "url",
)
