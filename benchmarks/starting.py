"""How long a start takes that loads a million open sessions from SQLite, as a multiple of reading them with sqlite3.

Run it with ``python -m benchmarks.starting``; it takes about a minute. A storage of SQLite that belongs to one process
has all open keys in memory, so that an update of a chat without a session asks the database nothing.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import sqlite3
import statistics
import time
from collections.abc import Awaitable, Callable
from contextlib import closing

from benchmarks.databases import Target, sqlite_target
from benchmarks.large import fill
from benchmarks.storage import directory
from tgslices.storage.sqlalchemy import SQLAlchemySessionStorage

READ = (
    "SELECT id, after_id, bot_id, chat_id, user_id, thread_id, business_connection_id, label"
    " FROM tgslices_keys WHERE is_open"
)


async def read(target: Target) -> None:
    """Read the rows, and let go of them."""
    with closing(sqlite3.connect(target.dsn)) as connection:
        for _ in connection.execute(READ):
            pass


async def read_into_memory(target: Target) -> None:
    """Read the rows into a dictionary by chat, which is the least that a bot needs of them."""
    with closing(sqlite3.connect(target.dsn)) as connection:
        gc.disable()
        found = {row[3]: row for row in connection.execute(READ)}
        gc.enable()
    assert found


async def start(target: Target) -> None:
    """Start the storage, alone."""
    storage = SQLAlchemySessionStorage(target.url)
    await storage.start()
    await storage.aclose()


WAYS: dict[str, Callable[[Target], Awaitable[None]]] = {
    "sqlite3, rows read": read,
    "sqlite3, into a dictionary": read_into_memory,
    "the storage's start": start,
}


async def main(sessions: int, rounds: int) -> None:
    """Time all ways in turn; print the medians, and those of the ratios to the first within a round."""
    taken: dict[str, list[float]] = {name: [] for name in WAYS}
    with directory() as place, sqlite_target(place) as target:
        await start(target)  # which makes the tables
        await fill(target, sessions, 0)
        for _ in range(rounds):
            for name, way in WAYS.items():
                started = time.perf_counter()
                await way(target)
                taken[name].append(time.perf_counter() - started)
    limit = taken["sqlite3, rows read"]
    print(f"{f'{sessions:,} open sessions':<32}{'s':>8}{'times the first':>18}")
    for name, seconds in taken.items():
        ratio = statistics.median(mine / theirs for mine, theirs in zip(seconds, limit, strict=True))
        print(f"{name:<32}{statistics.median(seconds):>8.2f}{ratio:>18.2f}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sessions", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    chosen = parser.parse_args()
    asyncio.run(main(chosen.sessions, chosen.rounds))
