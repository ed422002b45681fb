"""The command as a process of its own, at databases that are real."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import tempfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.storage.conftest import postgres, postgres_url, redis_server, redis_url, url
from tgslices.storage.acquiring import durable
from tgslices.storage.opening import open_storage
from tgslices.storage.protocol import DurableSessionStorage

__all__ = ("postgres", "postgres_url", "redis_server", "redis_url", "url")

BOT = 42


@dataclass(frozen=True, slots=True)
class Ran:
    """What became of a command."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """What was printed, as the one JSON value that it must be."""
        return json.loads(self.out)


async def run(*words: str, stdin: str = "", **environment: str) -> Ran:
    """Run the command in a process of its own."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("BOT_")}
    # Loading what was compiled before is most of the time that a command saves.
    kept |= {"PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": str(Path(tempfile.gettempdir(), "tgslices-pyc"))}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tgslices", *words),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=kept | environment,
    )
    out, err = await process.communicate(stdin.encode())
    return Ran(process.returncode or 0, out.decode(), err.decode())


@pytest.fixture
async def storage(url: str) -> AsyncIterator[DurableSessionStorage]:
    """The storage of a bot that is running: an SQLite file is owned alone."""
    storage = durable(open_storage(url))
    await storage.start()
    yield storage
    await storage.aclose()
