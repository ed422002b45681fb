"""What it costs to lease sessions and pending deletions that are due, out of a million and beside an old transaction.

Run ``python -m benchmarks.leases [rows]``.
"""

from __future__ import annotations

import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, nullcontext
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import asyncpg  # type: ignore[import-untyped]  # it ships no types

from benchmarks.databases import Target, postgresql_target, sqlite_target
from benchmarks.large import SERIES
from benchmarks.on_redis import BOT as REDIS_BOT
from benchmarks.on_redis import fill_redis, redis_server
from benchmarks.rows import NOW
from tgslices import MemorySessionStorage, SessionKey
from tgslices.storage.codec import encode_time
from tgslices.storage.ending_protocol import Due
from tgslices.storage.redis import RedisSessionStorage
from tgslices.storage.sqlalchemy import SQLAlchemySessionStorage
from tgslices.storage.sqlalchemy.tables.schema import NO_ID

BOT = 1
AT_ONCE = 100
LEASES = 1_000
MESSAGES = 400_000
LONG = 20
"""How many messages each of the first sessions holds where that is measured."""
MOMENT = timedelta(microseconds=1)
UNTIL = NOW + timedelta(minutes=1)

Lease = Callable[[], Awaitable[list[Any]]]


async def fill(target: Target, rows: int) -> None:
    """Put sessions and pending deletions into empty tables, all of them due."""
    true = "1" if target.is_sqlite else "true"
    empty = "x''" if target.is_sqlite else "''::bytea"
    number = "CAST(n AS BLOB)" if target.is_sqlite else "n::text::bytea"
    series = SERIES[target.name].format(count=rows)
    at, limit = encode_time(NOW - timedelta(hours=1)), encode_time(NOW + timedelta(hours=1))
    await target.execute(
        "INSERT INTO tgslices_keys"
        " (bot_id, chat_id, user_id, thread_id, label, is_open, opened_at, due_at, limit_at)"
        f" {series} SELECT {BOT}, n, n, {NO_ID + 1} - 1, {empty}, {true}, {at}, {at} + n, {limit} + n FROM s",
        "INSERT INTO tgslices_pending (identity, bot_id, key_chat_id, chat_id, message_id, variant, direction,"
        " recorded_at, claimed_at, due_at)"
        f" {series} SELECT {number}, {BOT}, n, n, n, {empty}, 'in', {at}, {at}, {at} + n FROM s",
        "ANALYZE",
    )


async def fill_memory(storage: MemorySessionStorage, rows: int) -> None:
    """Open sessions that are due."""
    for number in range(rows):
        due = Due(
            NOW - timedelta(hours=1) + timedelta(microseconds=number), NOW + timedelta(hours=1, microseconds=number)
        )
        await storage.open(SessionKey(BOT, number), at=NOW - timedelta(hours=1), due=due)


async def fill_messages(target: Target, sessions: int) -> None:
    """Put messages into the sessions that are leased first."""
    empty = "x''" if target.is_sqlite else "''::bytea"
    series = SERIES[target.name].format(count=sessions * LONG)
    at = encode_time(NOW - timedelta(hours=1))
    await target.execute(
        "INSERT INTO tgslices_messages"
        " (key_id, chat_id, message_id, variant, user_id, kind, direction, sent_at, recorded_at)"
        f" {series} SELECT 1 + n % {sessions}, 1 + n % {sessions}, n, {empty}, n, 'text', 'in', {at}, {at} FROM s",
        "ANALYZE",
    )


async def measure(name: str, lease: Lease, leases: int = LEASES) -> None:
    """Print what leases cost, one after the other: the first tenth of them, and the last; and the processor's time."""
    times, processor = [], time.process_time()
    for _ in range(leases):
        started = time.perf_counter()
        leased = await lease()
        times.append((time.perf_counter() - started) * 1_000)
        assert len(leased) == AT_ONCE, len(leased)
    ours = (time.process_time() - processor) / leases * 1_000
    tenth = leases // 10
    first, last = (statistics.median(part) for part in (times[:tenth], times[-tenth:]))
    print(
        f"  {name}: {first:.2f} ms a lease of {AT_ONCE} at first, {last:.2f} ms after {leases * AT_ONCE:,};"
        f" {ours:.2f} ms of this process's processor time"
    )


@asynccontextmanager
async def old_transaction(target: Target) -> AsyncIterator[None]:
    """Keep a transaction open that has seen the tables as they are."""
    connection = await asyncpg.connect(target.dsn)
    transaction = connection.transaction(isolation="repeatable_read")
    await transaction.start()
    await connection.fetch("SELECT count(*) FROM tgslices_meta")
    yield
    await transaction.rollback()
    await connection.close()


async def measure_commit(target: Target) -> None:
    """Print what a commit takes whatever is in it."""
    connection = await asyncpg.connect(target.dsn)
    change = await connection.prepare("UPDATE tgslices_meta SET value = value RETURNING name")
    times = []
    for _ in range(300):
        started = time.perf_counter()
        await change.fetch()
        times.append((time.perf_counter() - started) * 1_000)
    await connection.close()
    print(f"      of which a change of one row that waits for the disk takes {statistics.median(times):.2f} ms")


async def measure_database(
    target: Target, rows: int, *, has_floor: bool = True, is_old_open: bool = False, messages: int = 0
) -> None:
    """Measure both kinds of leases in one database."""
    await target.empty()
    storage = SQLAlchemySessionStorage(
        target.url, shared=None if target.is_sqlite else True, timeout=timedelta(minutes=5)
    )
    await storage.start()
    await fill(target, rows)
    if messages:
        await fill_messages(target, messages // LONG)
    if not has_floor:
        for floors in (storage._pendings._floors, storage._due_sessions._floors):
            floors._is_used = False
    kinds: dict[str, Lease] = {
        "sessions": lambda: storage.lease_sessions(BOT, now=NOW, until=UNTIL, limit=AT_ONCE),
        "pending deletions": lambda: storage.lease(BOT, now=NOW, until=UNTIL, limit=AT_ONCE),
    }
    async with old_transaction(target) if is_old_open else nullcontext():
        for kind, lease in kinds.items():
            await measure(kind, lease, messages // LONG // AT_ONCE or LEASES)
            due = storage.next_session_due if kind == "sessions" else storage.next_due
            times = []
            for _ in range(20):
                started = time.perf_counter()
                await due(BOT, now=NOW)
                times.append((time.perf_counter() - started) * 1_000)
            print(f"      and when the next is due: {statistics.median(times):.2f} ms")
            if messages:
                break
    await storage.aclose()


async def measure_redis(place: Path, rows: int) -> None:
    """Measure leases of sessions on Valkey; those of pending deletions are in ``benchmarks.storage --large``."""
    hour = timedelta(hours=1)
    with redis_server(place) as url:
        await fill_redis(url, rows, lambda number: Due(NOW - hour + number * MOMENT, NOW + hour + number * MOMENT))
        storage = RedisSessionStorage(url)
        await measure("sessions", partial(storage.lease_sessions, REDIS_BOT, now=NOW, until=UNTIL, limit=AT_ONCE))
        await storage.aclose()


async def main(rows: int) -> None:
    with tempfile.TemporaryDirectory() as place:
        print(f"== memory, {rows:,} sessions due ==")
        memory = MemorySessionStorage()
        await fill_memory(memory, rows)
        await measure("sessions", partial(memory.lease_sessions, BOT, now=NOW, until=UNTIL, limit=AT_ONCE))
        print(f"== Valkey, {rows:,} sessions due ==")
        await measure_redis(Path(place), rows)
        with sqlite_target(Path(place)) as target:
            print(f"== SQLite, {rows:,} sessions and pending deletions due ==")
            await measure_database(target, rows)
            print(f"== the same, with {LONG} messages in each session ==")
            await measure_database(target, rows, messages=MESSAGES)
        with postgresql_target(Path(place)) as target:
            print(f"== PostgreSQL, {rows:,} sessions and pending deletions due ==")
            await measure_database(target, rows)
            await measure_commit(target)
            print(f"== the same, with {LONG} messages in each session ==")
            await measure_database(target, rows, messages=MESSAGES)
            for has_floor in (False, True):
                words = "a remembered lower bound" if has_floor else "no lower bound"
                print(f"== the same beside an old transaction, with {words} ==")
                await measure_database(target, rows, has_floor=has_floor, is_old_open=True)


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000))
