"""A bot that is fed by polling, with one storage for sessions and states, for as many lives as a test wants."""

from __future__ import annotations

from tests.data.conftest import postgres, postgres_url, redis_server, redis_url, store
from tests.doors.conftest import api, stage

__all__ = ("api", "postgres", "postgres_url", "redis_server", "redis_url", "stage", "store")
