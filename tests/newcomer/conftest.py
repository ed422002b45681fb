"""Somebody's first tests of four bots, with the fixtures of the plugin as docs/testing.md describes them.

``NEWCOMER_TIMES=50 pytest tests/newcomer`` runs each of them fifty times.
"""

from __future__ import annotations

import os

import pytest

from tgslices.testing.plugin import _storages, bot, bot_account, bot_api, chat, person, run, session_storage

__all__ = ("_storages", "bot", "bot_account", "bot_api", "chat", "person", "run", "session_storage")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run each test on both storages of a newcomer, as often as wanted."""
    if "session_storage" in metafunc.fixturenames:
        urls = ["memory://", "sqlite:///{tmp_path}/slices.db"]
        metafunc.parametrize("session_storage", urls, indirect=True, ids=["memory", "sqlite"])
        times = int(os.environ.get("NEWCOMER_TIMES", "1"))
        if times > 1:
            metafunc.fixturenames.append("time")
            metafunc.parametrize("time", range(times))
