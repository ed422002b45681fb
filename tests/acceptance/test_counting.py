"""Promise: whoever has data has it alone, across workers, and what a killed one acknowledged is not lost."""

from __future__ import annotations

import asyncio
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.acceptance.counter import COUNT, KEY, Count, shared_storage
from tests.forks import Program, start
from tests.storage.conftest import postgres, postgres_url, redis_server, redis_url
from tgslices.storage.acquiring import durable

__all__ = ["postgres", "postgres_url", "redis_server", "redis_url"]

WORKERS = 8
TIMES = int(os.environ.get("TGSLICES_COUNTING", "30"))
"""How often each worker adds one; a thousand times takes minutes."""


@pytest.fixture(params=["sqlite", "postgresql", "redis"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite+aiosqlite:///{tmp_path}/slices.db"
    found: str = request.getfixturevalue("postgres_url" if request.param == "postgresql" else "redis_url")
    return found


async def begin(url: str, name: str, times: int) -> Program:
    return await start("tests.acceptance.counter", url, name, str(times))


async def prepare(url: str) -> None:
    """Let one process make what all of them need."""
    storage = durable(shared_storage(url))
    await storage.start()
    await storage.aclose()


async def kept(url: str) -> Count:
    storage = durable(shared_storage(url))
    found = await storage.read_data(KEY, ("Count",), now=datetime.now(UTC))
    await storage.aclose()
    return COUNT.value_of(found.get("Count"))


@pytest.mark.timeout(1200)
async def test_eight_workers_that_add_to_one_counter_lose_nothing(url: str) -> None:
    await prepare(url)
    workers = [await begin(url, str(number), TIMES) for number in range(WORKERS)]
    outputs = await asyncio.gather(*(worker.communicate() for worker in workers))
    assert [(errors.decode(), len(out)) for out, errors in outputs] == [("", TIMES)] * WORKERS
    count = await kept(url)
    assert count.total == WORKERS * TIMES
    assert count.by_worker == {str(number): TIMES for number in range(WORKERS)}


@pytest.mark.timeout(240)
async def test_killed_holders_lose_nothing_that_was_acknowledged(url: str) -> None:
    await prepare(url)
    steady = await begin(url, "steady", TIMES)
    dots = 0
    for kill in range(3):
        doomed = await begin(url, f"doomed {kill}", 100_000)
        dots += len(await doomed.stdout.readexactly(3 + kill))
        doomed.kill()
        dots += len((await doomed.communicate())[0])
    out, errors = await steady.communicate()
    assert (errors.decode(), len(out)) == ("", TIMES)
    count = await kept(url)
    assert count.total == sum(count.by_worker.values()), "nothing is half written"
    assert count.by_worker["steady"] == TIMES
    # A kill between the write and its dot leaves at most one for each handler that was at work.
    assert dots <= count.total - TIMES <= dots + 3 * 5
