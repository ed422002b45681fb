"""Runs aiogram's own tests of storages and isolations against ``FSMStorage``.

``AIOGRAM=<checkout> python -m tests.peers.aiogram_states URL [URL...]``, each URL one of a storage, like ``memory://``,
``sqlite:///states.db`` or ``postgresql://user:password@host/database``. What those tests are told to run on is replaced
by ours; what they expect stays.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

FILES: Final = ("test_storages.py", "test_isolation.py")

FIXTURES: Final = """
import os
import pytest
from aiogram.fsm.storage.base import StorageKey
from tgslices.fsm import FSMStorage
from tgslices.storage.opening import open_storage

@pytest.fixture
async def storage():
    storage = FSMStorage(open_storage(os.environ["STORAGE"]))
    key = StorageKey(chat_id=-42, user_id=42, bot_id=42)
    await storage.set_state(key, None)
    await storage.set_data(key, {})
    yield storage
    await storage.close()

@pytest.fixture
async def isolation(storage):
    isolation = storage.isolation()
    yield isolation
    await isolation.close()

@pytest.fixture
def storage_key():
    return StorageKey(chat_id=-42, user_id=42, bot_id=42)
"""

_ON_WHAT: Final = re.compile(r"@pytest\.mark\.parametrize\(\n    \"(storage|isolation)\",\n.*?\n\)\n", re.DOTALL)


def run(checkout: Path, url: str) -> int:
    """Run the tests on one storage; return pytest's exit code."""
    with TemporaryDirectory(prefix="tgslices-states-") as place:
        for name in FILES:
            source = (checkout / "tests" / "test_fsm" / "storage" / name).read_text("utf-8")
            Path(place, name).write_text(_ON_WHAT.sub("", source), "utf-8")
        Path(place, "conftest.py").write_text(FIXTURES, "utf-8")
        options = (
            "-q",
            "-n0",
            "-c",
            os.devnull,
            "--rootdir",
            place,
            "-o",
            "asyncio_mode=auto",
            "-p",
            "no:cacheprovider",
        )
        environment = {**os.environ, "STORAGE": url}
        return subprocess.run(
            [sys.executable, "-m", "pytest", *options, place], env=environment, check=False
        ).returncode


if __name__ == "__main__":
    codes = [run(Path(os.environ["AIOGRAM"]), url) for url in sys.argv[1:]]
    sys.exit(max(codes))
