"""Sessions that come due within one minute, ended by four workers of which two are killed.

Run it with ``python -m benchmarks.lifetimes [--sessions N] [--messages N] [--on sqlite|postgresql|valkey]``: by default
10,000 sessions of 20 messages on each of them, whose messages reach Telegram's limit a few minutes later. It prints how
many were past the limit, ended twice, and how many requests there were for each batch.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import multiprocessing
import os
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Final

from aiogram import Dispatcher

from benchmarks.databases import postgresql_target
from benchmarks.on_redis import redis_server
from tgslices import Direction, Ended, Lifetime, SessionBot, SessionKey, TrackedMessage, setup_sessions
from tgslices.model import IfClosed
from tgslices.storage.ending_protocol import Due
from tgslices.storage.protocol import DurableSessionStorage
from tgslices.storage.redis import RedisSessionStorage
from tgslices.storage.sqlalchemy import SQLAlchemySessionStorage
from tgslices.telegram_facts.age_limit import AGE_LIMIT
from tgslices.telegram_facts.message_kind import MessageKind
from tgslices.testing import BotAccount, BotApi, StoredMessage
from tgslices.testing.http.client import loopback_session

WORKERS: Final = 4
KILLED: Final = 2
IDLE: Final = timedelta(hours=2)
SIDE_BY_SIDE: Final = 50
"""How many sessions are planted at once."""

PATIENCE: Final = timedelta(seconds=60)
"""What a call of the storage may take on a busy machine."""

FORKS: Final = multiprocessing.get_context("forkserver")


PLACES: Final = ("sqlite", "postgresql", "valkey")


def storage_at(url: str) -> DurableSessionStorage:
    """Return a storage that shares what is there with others."""
    if url.startswith("redis"):
        return RedisSessionStorage(url, timeout=PATIENCE)
    return SQLAlchemySessionStorage(url, shared=True, timeout=PATIENCE)


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be ended: sessions that come due in the course of ``within``, and reach the limit after ``left``."""

    sessions: int
    messages: int
    within: timedelta
    left: timedelta
    lease: timedelta


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of them."""

    seconds: float
    told: Counter[int]
    """How often each chat's end was told."""
    past_limit: int
    requests: int
    left_over: int
    """Messages that are still in their chats."""


def work(api: str, token: str, url: str, journal: Path, lease: timedelta) -> None:
    """Be a worker that ends sessions, until killed; write down each end that is told."""
    logging.disable()

    async def tell(ended: Ended) -> None:
        line = f"{ended.key.chat_id} {len(ended.result.expired)}\n"
        with journal.open("a", buffering=1) as lines:
            lines.write(line)

    async def run() -> None:
        storage = storage_at(url)
        bot = SessionBot(token, session=loopback_session(api))
        lifetimes = {"order": Lifetime(idle=IDLE)}
        setup_sessions(Dispatcher(), bot, storage=storage, lifetimes=lifetimes, on_end=tell, lease=lease)
        await bot.sessions.start()
        await asyncio.Event().wait()

    asyncio.run(run())


async def run(url: str, plan: Plan, place: Path, *, say: Callable[[str], None] = lambda _: None) -> Outcome:
    """Make what is to be ended, let the workers end it, kill two of them on the way, and count."""
    journal = place / "journal"
    journal.touch()
    async with BotApi() as api:
        account = api.add_bot("order_bot")
        storage = storage_at(url)
        await storage.start()
        await _plant(api, account, storage, plan)
        say("planted")
        started = time.perf_counter()
        arguments = (api.url, account.token, url, journal, plan.lease)
        workers = [FORKS.Process(target=work, args=arguments, daemon=True) for _ in range(WORKERS)]
        for worker in workers:
            worker.start()
        try:
            for number in range(KILLED):
                told = plan.sessions * (number + 1) // (KILLED + 2)
                await _until(lambda told=told: len(_read(journal)) >= told)  # type: ignore[misc]  # a default
                await _kill(workers[number])
                say(f"killed worker {number + 1} after {len(_read(journal))} ends")
            await _until(lambda: len({chat for chat, _ in _read(journal)}) >= plan.sessions)
            while await _has_any(storage, account.id):  # the last are told, but not settled
                await _until(lambda: True)
            seconds = time.perf_counter() - started
        finally:
            for worker in workers:
                await _kill(worker)
        await storage.aclose()
        ends = _read(journal)
        left_over = sum(len(place.messages) for place in api.world.chats.values())
        requests = api.count("deleteMessages") + api.count("deleteMessage")
        past_limit = sum(expired for _, expired in ends)
        return Outcome(seconds, Counter(chat for chat, _ in ends), past_limit, requests, left_over)


async def _plant(api: BotApi, account: BotAccount, storage: DurableSessionStorage, plan: Plan) -> None:
    """Put messages into private chats, and into sessions that have been idle for nearly two hours."""
    age = AGE_LIMIT - plan.left
    api.clock.move(-age)
    now = datetime.now(UTC)

    async def plant(number: int) -> None:
        place = api.world.private_chat(api.add_person("Ann"), account)
        key = SessionKey(account.id, place.id, place.id, qualifier="order")
        active_at = now - IDLE + plan.within * (number / plan.sessions)
        due = Due(active_at + IDLE, now + plan.left)
        stored = [api.world.store(place, account, "text", {}) for _ in range(plan.messages)]
        entries = [_entry(it, account, active_at) for it in stored]
        await storage.add(key, entries[0], if_closed=IfClosed.OPEN, due=due)
        await asyncio.gather(*(storage.add(key, entry) for entry in entries[1:]))

    for first in range(0, plan.sessions, SIDE_BY_SIDE):
        await asyncio.gather(*map(plant, range(first, min(first + SIDE_BY_SIDE, plan.sessions))))
    api.clock.move(age)


def _entry(stored: StoredMessage, account: BotAccount, at: datetime) -> TrackedMessage:
    date, bot_id = datetime.fromtimestamp(stored.date, UTC), account.id
    text, out = MessageKind.TEXT, Direction.OUTGOING
    return TrackedMessage(stored.id_for(bot_id), stored.chat.id, bot_id, text, out, date, at)


async def _has_any(storage: DurableSessionStorage, bot_id: int) -> bool:
    dues = (await storage.next_session_due(bot_id, now=datetime.now(UTC)), await storage.pending(bot_id))
    return dues[0] is not None or bool(dues[1])


async def _until(holds: Callable[[], bool]) -> None:
    """Look again and again: what changes is a file, and a database."""
    await asyncio.sleep(0.1)
    while not holds():  # noqa: ASYNC110  # other processes set no event
        await asyncio.sleep(0.1)


def _read(journal: Path) -> list[tuple[int, int]]:
    lines = [line.split() for line in journal.read_text().splitlines()]
    return [(int(line[0]), int(line[1])) for line in lines if len(line) == 2]


async def _kill(worker: BaseProcess) -> None:
    worker.kill()
    await asyncio.to_thread(worker.join)


@contextmanager
def url_on(name: str, place: Path) -> Iterator[str]:
    """Start what is to be measured on, and tell its URL."""
    if name == "sqlite":
        yield f"sqlite:///{place}/slices.db"
    elif name == "postgresql":
        with postgresql_target(place) as target:
            yield target.url
    else:
        with redis_server(place) as url:
            yield url


async def measure(name: str, sessions: int, messages: int) -> None:
    plan = Plan(sessions, messages, timedelta(minutes=1), timedelta(minutes=15), timedelta(minutes=1))
    with tempfile.TemporaryDirectory() as place, url_on(name, Path(place)) as url:
        print(
            f"== {name}: {sessions:,} sessions of {messages} messages, due within {plan.within}, {WORKERS} workers =="
        )
        outcome = await run(url, plan, Path(place), say=print)
    again = sum(times - 1 for times in outcome.told.values())
    print(f"  all ended in {outcome.seconds:.0f} s; the last was due after {plan.within.total_seconds():.0f} s")
    print(f"  past Telegram's limit: {outcome.past_limit}, left in their chats: {outcome.left_over}")
    print(f"  told {len(outcome.told):,}, of these again after a kill: {again}")
    print(f"  {outcome.requests / sessions:.4f} requests for each batch")
    print(f"  load at the end: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sessions", type=int, default=10_000)
    parser.add_argument("--messages", type=int, default=20)
    parser.add_argument("--on", choices=PLACES)
    chosen = parser.parse_args()
    for name in PLACES:
        if chosen.on in (None, name):
            await measure(name, chosen.sessions, chosen.messages)


if __name__ == "__main__":
    os.nice(5)
    asyncio.run(main())
