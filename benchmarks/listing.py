"""What it costs to list a page of the sessions that are open, out of a million.

Run ``python -m benchmarks.listing [sessions]``.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

from benchmarks.databases import Target, postgresql_target, sqlite_target
from benchmarks.large import SERIES
from benchmarks.on_redis import redis_server
from benchmarks.rows import NOW
from tgslices import MemorySessionStorage, SessionKey
from tgslices.storage.codec import encode_time
from tgslices.storage.ending_protocol import Due
from tgslices.storage.listing_protocol import SessionFilter, SessionOrder
from tgslices.storage.redis import RedisSessionStorage
from tgslices.storage.sqlalchemy import SQLAlchemySessionStorage
from tgslices.storage.sqlalchemy.tables.schema import NO_ID

BOT = 1
AT_ONCE = 50
GROUP = -1
"""A chat in which every second session is, of a person each."""


def key_of(number: int) -> SessionKey:
    """Return one of the keys: in a group or in a private chat, one in ten thousand for support."""
    qualifier = "support" if number % 10_000 == 7 else "order"
    return SessionKey(BOT, GROUP if number % 2 else number, number, qualifier=qualifier)


async def open_each(storage: Any, sessions: int) -> None:
    """Open sessions through the storage."""
    for start in range(0, sessions, 2_000):
        await asyncio.gather(
            *(
                storage.open(key_of(it), at=NOW + timedelta(microseconds=it), due=Due(NOW + timedelta(hours=it), NOW))
                for it in range(start, min(start + 2_000, sessions))
            )
        )


async def fill(target: Target, sessions: int) -> None:
    """Put the same sessions into empty tables."""
    true, empty = ("1", "x''") if target.is_sqlite else ("true", "''::bytea")
    await target.execute(
        "INSERT INTO tgslices_keys (bot_id, chat_id, user_id, thread_id, label, is_open, opened_at, due_at, limit_at,"
        f" qualifier) {SERIES[target.name].format(count=sessions)} SELECT {BOT},"
        f" CASE WHEN n % 2 = 1 THEN {GROUP} ELSE n END, n, {NO_ID + 1} - 1, {empty}, {true}, {encode_time(NOW)} + n,"
        f" {encode_time(NOW)} + 3600000000 * n, {encode_time(NOW)},"
        " CASE WHEN n % 10000 = 7 THEN 'support' ELSE 'order' END FROM s",
        *(() if target.is_sqlite else ("ANALYZE",)),
    )


async def measure(storage: Any, sessions: int) -> None:
    """Print what pages cost."""
    started = time.perf_counter()
    page = await storage.list_sessions(BOT, limit=AT_ONCE)
    print(f"  the first {len(page.sessions)}: {(time.perf_counter() - started) * 1000:8.1f} ms")
    started, count = time.perf_counter(), 1
    middle = SessionFilter(opened_before=NOW + timedelta(microseconds=sessions))
    after, seen = None, 0
    while seen < sessions // 2:
        page = await storage.list_sessions(BOT, middle, after=after, limit=1_000)
        after, seen, count = page.after, seen + len(page.sessions), count + 1
    print(f"  a thousand at a time, half of all: {(time.perf_counter() - started) / count * 1000:.1f} ms a page")
    filters = {
        "from the middle": SessionFilter(),
        "of a private chat": SessionFilter(chat_id=sessions // 2),
        "of a group with half of all": SessionFilter(chat_id=GROUP),
        "of one person somewhere": SessionFilter(user_id=sessions - 1),
        "of one in ten thousand": SessionFilter(qualifiers=frozenset({"support"})),
    }
    for name, where in filters.items():
        started, place, found, pages = time.perf_counter(), after if name == "from the middle" else None, 0, 0
        while found < AT_ONCE:
            page = await storage.list_sessions(BOT, where, after=place, limit=AT_ONCE - found)
            place, found, pages = page.after, found + len(page.sessions), pages + 1
            if place is None:
                break
        took = (time.perf_counter() - started) * 1000
        print(f"  {found} {name}: {took:8.1f} ms in {pages} pages, {took / pages:.1f} ms a page")
    started = time.perf_counter()
    await storage.list_sessions(BOT, order=SessionOrder.DUE, limit=AT_ONCE)
    print(f"  the first by when they are due: {(time.perf_counter() - started) * 1000:8.1f} ms")
    started = time.perf_counter()
    count = await storage.count_sessions(BOT)
    print(f"  how many there are ({count:,}): {(time.perf_counter() - started) * 1000:8.1f} ms")


async def measure_database(target: Target, sessions: int) -> None:
    """Measure a database, shared, so that nothing is loaded at the start."""
    print(f"== {target.name}, {sessions:,} open sessions ==")
    await target.empty()
    storage = SQLAlchemySessionStorage(target.url, shared=True)
    await storage.start()
    await fill(target, sessions)
    await measure(storage, sessions)
    await storage.aclose()


async def main(sessions: int) -> None:
    with tempfile.TemporaryDirectory() as place:
        print(f"== memory, {sessions:,} open sessions ==")
        memory = MemorySessionStorage()
        await open_each(memory, sessions)
        await measure(memory, sessions)
        del memory
        for target_of in (sqlite_target, postgresql_target):
            with target_of(Path(place)) as target:
                await measure_database(target, sessions)
        with redis_server(Path(place)) as url:
            print(f"== Valkey, {sessions:,} open sessions ==")
            storage = RedisSessionStorage(url)
            await open_each(storage, sessions)
            await measure(storage, sessions)
            await storage.aclose()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000))
