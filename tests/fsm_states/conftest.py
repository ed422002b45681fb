"""A bot that is fed by polling, with one storage for sessions and states, for as many lives as a test wants."""

from __future__ import annotations

from itertools import count

import pytest

from tests.data.conftest import emptied_postgres_url, postgres, postgres_url, redis_server, redis_url, store
from tests.middlewares.conftest import api, stage

__all__ = ("api", "emptied_postgres_url", "postgres", "postgres_url", "redis_server", "redis_url", "stage", "store")


@pytest.fixture(autouse=True)
def _windows_have_ids_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """aiogram_dialog draws ids of windows from a hundred for each second; two that meet are one window to it."""
    numbers = count(1)
    monkeypatch.setattr("aiogram_dialog.api.entities.stack.new_int_id", lambda: next(numbers))
