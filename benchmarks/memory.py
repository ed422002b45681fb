"""What the storage in process memory weighs, and what ``record`` costs with up to a million open sessions.

Run it with ``python -m benchmarks.memory``. Weight is the growth of the process's resident memory, allocator's waste
included, each shape in a process of its own. The pause is one full ``gc.collect()`` over it, imported modules left out.
The cost of ``record`` is the median over rounds that time every size once, in turn, so that a noisy machine disturbs
all alike: "hot" records into one session again and again, "cold" into random ones, which adds the processor's cache
misses.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import random
import statistics
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import partial
from multiprocessing import get_context

import psutil

from tests.storage.samples import NOW
from tgslices.model import Direction, Scope, SessionKey, TrackedMessage
from tgslices.storage.memory import MemorySessionStorage
from tgslices.telegram_facts.message_kind import MessageKind

BOT = 42
START = datetime(2026, 7, 1, tzinfo=UTC)
PER_ROUND = 2_000


def message(message_id: int, chat_id: int) -> TrackedMessage:
    """Return a message as an update brings it: no object of it is shared with another one."""
    date = START + timedelta(seconds=message_id)
    at = date + timedelta(microseconds=123_456)
    return TrackedMessage(message_id, chat_id, chat_id, MessageKind.TEXT, Direction.INCOMING, date, at)


def chat_of(number: int) -> int:
    """Return a chat's id of the usual size."""
    return 5_000_000_000 + number


async def fill(entries: int, sessions: int) -> MemorySessionStorage:
    """Open sessions in as many chats and spread the entries over them, one to each in turn."""
    storage = MemorySessionStorage()
    for number in range(sessions):
        chat = chat_of(number)
        await storage.open(SessionKey(BOT, chat, chat, qualifier="order"), at=NOW)
    for number in range(entries):
        chat = chat_of(number % sessions)
        await storage.record(Scope(BOT, chat, "private", chat), message(1000 + number, chat))
    return storage


def packed(entries: int, sessions: int) -> object:
    """Return a filled storage."""
    return asyncio.run(fill(entries, sessions))


def plain(entries: int) -> object:
    """Return what a first attempt would keep: a list of the messages."""
    return [message(1000 + number, chat_of(7)) for number in range(entries)]


def pause() -> float:
    """Return how many milliseconds a full garbage collection takes, the best of ten."""
    times = []
    for _ in range(10):
        start = time.perf_counter()
        gc.collect()
        times.append(time.perf_counter() - start)
    return min(times) * 1000


def weigh(build: Callable[[], object]) -> tuple[int, float]:
    """Return how many bytes the thing takes, and how many milliseconds a full garbage collection of it."""
    process = psutil.Process()
    gc.collect()
    gc.freeze()
    before = process.memory_info().rss
    kept = build()
    took = pause()
    after = process.memory_info().rss
    del kept
    return after - before, took


def weights(entries: int) -> None:
    """Print weight and pause for several shapes of the same number of entries."""
    shapes: list[tuple[str, Callable[[], object]]] = [("a list of TrackedMessage", partial(plain, entries))]
    shapes += [
        (f"{sessions:,} sessions of {entries // sessions:,}", partial(packed, entries, sessions))
        for sessions in sorted({1, entries // 1000, entries // 10, entries // 3, entries})
        if sessions
    ]
    print(f"\n{entries:,} tracked messages{'bytes each':>31}{'gc pause, ms':>15}")
    with ProcessPoolExecutor(1, get_context("spawn"), max_tasks_per_child=1) as processes:
        for name, build in shapes:
            size, milliseconds = processes.submit(weigh, build).result()
            print(f"{name:<40}{size / entries:>17.0f}{milliseconds:>15.1f}")


async def timed(call: Callable[[Scope, TrackedMessage], Awaitable[int]], chats: Sequence[int], first: int) -> float:
    """Return how many nanoseconds one ``record`` takes, on average over these chats."""
    work = [(Scope(BOT, chat, "private", chat), message(first + n, chat)) for n, chat in enumerate(chats)]
    gc.disable()
    start = time.perf_counter_ns()
    for scope, entry in work:
        await call(scope, entry)
    took = time.perf_counter_ns() - start
    gc.enable()
    return took / len(chats)


async def costs(sizes: Iterable[int], rounds: int) -> None:
    """Print what one ``record`` costs with so many open sessions, relative to one."""
    storages = {size: await fill(0, size) for size in sizes}
    hot: dict[int, list[float]] = {size: [] for size in storages}
    cold: dict[int, list[float]] = {size: [] for size in storages}
    for number in range(rounds):
        first = number * 2 * PER_ROUND
        for size, storage in storages.items():
            chat = chat_of(size // 2)
            hot[size].append(await timed(storage.record, [chat] * PER_ROUND, first))
            spread = [chat_of(random.randrange(size)) for _ in range(PER_ROUND)]
            cold[size].append(await timed(storage.record, spread, first + PER_ROUND))
    print(f"\n{'record() with open sessions':<40}{'hot, ns':>10}{'of one':>8}{'cold, ns':>10}{'of one':>8}")
    for size in storages:
        columns = ""
        for rows in (hot, cold):
            ratio = statistics.median(a / b for a, b in zip(rows[size], rows[1], strict=True))
            columns += f"{statistics.median(rows[size]):>10.0f}{ratio:>8.2f}"
        print(f"{size:<40,}{columns}")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Weight and speed of the storage in process memory.")
    parser.add_argument("--entries", type=int, default=1_000_000, help="tracked messages to weigh")
    parser.add_argument("--rounds", type=int, default=15, help="rounds of the timing")
    options = parser.parse_args()
    weights(options.entries)
    sizes = [size for size in (1, 1_000, 100_000, 1_000_000) if size <= max(options.entries, 1)]
    asyncio.run(costs(sizes, options.rounds))


if __name__ == "__main__":
    main()
