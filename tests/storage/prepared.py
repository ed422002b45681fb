"""SQLite files that have their tables: to make those takes longer than most tests, and few tests are about it."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from tgslices.storage.sqlalchemy import SQLAlchemySessionStorage


def prepared(file: Path) -> Path:
    """Give a file its tables, unless it is there; return it."""
    if not file.exists():
        file.write_bytes(_with_tables())
    return file


@cache
def _with_tables() -> bytes:
    async def make(file: Path) -> None:
        storage = SQLAlchemySessionStorage(f"sqlite:///{file}")
        await storage.start()
        await storage.aclose()

    with TemporaryDirectory(prefix="tgslices-") as folder, ThreadPoolExecutor(1) as beside:
        file = Path(folder, "slices.db")
        beside.submit(asyncio.run, make(file)).result()  # an event loop of a test's may be running here
        return file.read_bytes()
