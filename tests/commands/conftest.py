"""The command in a thread, or as a process of its own, at databases that are real."""

from __future__ import annotations

import asyncio
import io
import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch

import pytest

from tests.storage.conftest import emptied_postgres_url, postgres, postgres_url, redis_server, redis_url, url
from tgslices.commands.main import main
from tgslices.storage.acquiring import durable
from tgslices.storage.opening import open_storage
from tgslices.storage.protocol import DurableSessionStorage

__all__ = ("emptied_postgres_url", "postgres", "postgres_url", "redis_server", "redis_url", "url")

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
    """Run the command in a thread with an event loop of its own: a process would load all modules anew."""
    out, err = io.StringIO(), io.StringIO()
    with (
        patch.dict(os.environ, _kept() | environment, clear=True),
        patch.object(sys, "stdin", io.StringIO(stdin)),
        redirect_stdout(out),
        redirect_stderr(err),
    ):
        code = await asyncio.to_thread(main, words)
    return Ran(code, out.getvalue(), err.getvalue())


async def run_process(*words: str, stdin: str = "", **environment: str) -> Ran:
    """Run the command in a process of its own."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tgslices", *words),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=_kept() | environment,
    )
    out, err = await process.communicate(stdin.encode())
    return Ran(process.returncode or 0, out.decode(), err.decode())


def _kept() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("BOT_")}


@pytest.fixture
async def storage(url: str) -> AsyncIterator[DurableSessionStorage]:
    """The storage of a bot that is running: an SQLite file is owned alone."""
    storage = durable(open_storage(url))
    await storage.start()
    yield storage
    await storage.aclose()
