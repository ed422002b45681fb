"""How the storage holds with full tables."""

from __future__ import annotations

import asyncio
import random
import time
from datetime import timedelta

import psutil

from benchmarks.databases import Target
from benchmarks.rows import NOW, messages_of
from tgslices.model import Scope, SessionKey
from tgslices.storage.sqlalchemy import SQLAlchemySessionStorage
from tgslices.storage.sqlalchemy.tables.schema import NO_ID

SERIES = {
    "SQLite": "WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < {count}) ",
    "PostgreSQL": "WITH s(n) AS (SELECT * FROM generate_series(1, {count})) ",
}
OPTIONS = {"SQLite": (False, True), "PostgreSQL": (True,)}


async def fill(target: Target, sessions: int, messages: int) -> None:
    """Put sessions with messages into empty tables, as if each had grown while the others did."""
    true = "1" if target.is_sqlite else "true"
    empty = "x''" if target.is_sqlite else "''::bytea"
    series = SERIES[target.name].format(count=sessions)
    await target.execute(
        f"INSERT INTO tgslices_keys (bot_id, chat_id, user_id, thread_id, label, is_open) {series}"
        f"SELECT 1, n, n, {NO_ID + 1} - 1, {empty}, {true} FROM s",
        *(
            "INSERT INTO tgslices_messages"
            " (key_id, chat_id, message_id, variant, user_id, kind, direction, sent_at, recorded_at)"
            f" {series} SELECT n, n, {number}, {empty}, n, 'text', 'in', 1782864000000000, 1782864000000000 FROM s"
            for number in range(messages)
        ),
        *(() if target.is_sqlite else ("ANALYZE",)),
    )


async def measure_large(target: Target, sessions: int, messages: int) -> None:
    """Print what the storage costs in full tables, alone and shared."""
    print(f"\n== {target.name}, {sessions:,} open sessions with {messages} messages each ==")
    await target.empty()
    storage = SQLAlchemySessionStorage(target.url, shared=True)
    await storage.start()
    await storage.aclose()
    started = time.perf_counter()
    await fill(target, sessions, messages)
    print(f"  filled in {time.perf_counter() - started:.0f} s")
    for number, shared in enumerate(OPTIONS[target.name]):
        await _measure(target, sessions, shared=shared, first=10**6 * (number + 1))


async def _measure(target: Target, sessions: int, *, shared: bool, first: int) -> None:
    before = psutil.Process().memory_info().rss
    started = time.perf_counter()
    storage = SQLAlchemySessionStorage(target.url, shared=shared)
    await storage.start()
    grown = (psutil.Process().memory_info().rss - before) / 2**20
    print(
        f"  {'shared' if shared else 'alone'}: started in {time.perf_counter() - started:.1f} s, {grown:,.0f} MiB more"
    )
    chance = random.Random(first)

    async def write(rows: int, chats: list[int]) -> None:
        for message in messages_of(first, rows, chats):
            await storage.record(Scope(1, message.chat_id, "private", message.chat_id), message)

    for writers, rows in ((100, 100), (1, 500)):
        work = [write(rows, [chance.randint(1, sessions) for _ in range(rows)]) for _ in range(writers)]
        started = time.perf_counter()
        await asyncio.gather(*work)
        print(f"    {writers:3} writers: {writers * rows / (time.perf_counter() - started):>9,.0f} rows/s")
    keys = [SessionKey(1, chat, chat) for chat in chance.sample(range(1, sessions + 1), 100)]
    started = time.perf_counter()
    listed = [await storage.list(key) for key in keys]
    looked = time.perf_counter()
    for key, entries in zip(keys, listed, strict=True):
        await storage.claim(key, entries, now=NOW, until=NOW + timedelta(minutes=1))
    cleared = time.perf_counter()
    print(f"    listing a session: {(looked - started) * 10:.2f} ms, claiming it: {(cleared - looked) * 10:.2f} ms")
    await storage.aclose()
