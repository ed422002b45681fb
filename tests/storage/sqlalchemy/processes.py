"""Processes that use a storage until they are done or killed, and report what they were told."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from multiprocessing.connection import Connection
from struct import Struct
from typing import Any, Final

from tests.forks import FORKS
from tgslices.model import PendingDeletion, Scope
from tgslices.storage.data_protocol import DataHold, StoredData
from tgslices.storage.sqlalchemy import SQLAlchemySessionStorage
from tgslices.testing.contract.samples import KEY, MINUTE, NOW, sent

SCOPE: Final = Scope(KEY.bot_id, KEY.chat_id, "private", 7)
WRITERS: Final = 20
PATIENCE: Final = timedelta(seconds=30)
"""What a call may take on a busy machine."""

_NUMBER: Final = Struct("<q")

Report = Callable[[int], None]


class Worker:
    """A process, and the numbers that it has reported."""

    def __init__(self, work: Callable[..., Any], url: str, **arguments: Any) -> None:
        """Start the process: ``work`` gets a storage at the URL, what reports a number, and the arguments."""
        self._receiving, sending = multiprocessing.Pipe(duplex=False)
        self._process = FORKS.Process(target=_run, args=(work, url, sending, arguments), daemon=True)
        self._process.start()
        sending.close()
        self.told: list[int] = []

    async def reports(self, count: int) -> None:
        """Wait until it has reported so many numbers, or has ended."""
        await asyncio.to_thread(self._read, count)

    async def kill(self) -> None:
        """Kill it, and read what it had still reported."""
        self._process.kill()
        await self.end()
        assert self._process.exitcode == -9

    async def end(self) -> None:
        """Wait until it has ended, and read the rest."""
        await asyncio.to_thread(self._read, None)
        await asyncio.to_thread(self._process.join)
        assert self._process.exitcode in (0, -9)
        self._receiving.close()

    def _read(self, count: int | None) -> None:
        while count is None or len(self.told) < count:
            number = os.read(self._receiving.fileno(), _NUMBER.size)
            if not number:
                return
            self.told.append(*_NUMBER.unpack(number))


def _run(work: Callable[..., Any], url: str, sending: Connection, arguments: dict[str, Any]) -> None:
    def report(number: int) -> None:
        os.write(sending.fileno(), _NUMBER.pack(number))

    async def run() -> None:
        storage = SQLAlchemySessionStorage(url, shared=arguments.pop("shared"), timeout=PATIENCE)
        await work(storage, report, **arguments)
        await storage.aclose()

    asyncio.run(run())


async def record(storage: SQLAlchemySessionStorage, report: Report, first: int, rows: int) -> None:
    """Record rows with several writers at once; report each when it is acknowledged."""
    await storage.open(KEY, at=NOW)

    async def write(writer: int) -> None:
        for number in range(first + writer, first + rows, WRITERS):
            assert await storage.record(SCOPE, sent(number)) == 1
            report(number)

    await asyncio.gather(*(write(writer) for writer in range(WRITERS)))


async def wipe(storage: SQLAlchemySessionStorage, report: Report, seed: int) -> None:
    """Claim a few entries and settle them, until none is left; report claimed ones, and minus one less when settled."""
    chance = random.Random(seed)
    while there := await storage.list(KEY):
        wanted = chance.sample(there, min(7, len(there)))
        for message in (claimed := await storage.claim(KEY, wanted, now=NOW, until=NOW + MINUTE)):
            report(message.message_id)
        await storage.settle([PendingDeletion(KEY, message, NOW, NOW + MINUTE) for message in claimed])
        for message in claimed:
            report(-1 - message.message_id)


LEASE: Final = timedelta(seconds=2)
TWINS: Final = ("left", "right")
"""Two counters that are always alike."""


async def count_up(storage: SQLAlchemySessionStorage, report: Report, worker: int, rounds: int) -> None:
    """Count two counters up together, again and again; report each number when it is acknowledged."""
    for number in range(rounds):
        hold = DataHold(KEY, frozenset(TWINS), f"{worker}:{number}")
        found, now = await taken(storage, hold)
        counts = {int(it.text) for it in found.values()} or {0}
        assert len(counts) == 1, "half of it was written"
        [count] = counts
        changes = {name: StoredData(str(count + 1), 1, now) for name in TWINS}
        assert await storage.write_data(hold, changes)
        report(count + 1)


async def keep_hold(storage: SQLAlchemySessionStorage, report: Report) -> None:
    """Take the counters, report that, and never let go of them."""
    hold = DataHold(KEY, frozenset(TWINS), "killed")
    await taken(storage, hold)
    report(1)
    while True:
        await storage.renew_data([hold], until=datetime.now(UTC) + LEASE)
        await asyncio.sleep(LEASE.total_seconds() / 4)


async def taken(storage: SQLAlchemySessionStorage, hold: DataHold) -> tuple[dict[str, StoredData], datetime]:
    """Wait for a hold; return what is there, and when it was taken."""
    while True:
        now = datetime.now(UTC)
        found = await storage.hold_data(hold, now=now, until=now + LEASE)
        if found is not None:
            return found, now
        await asyncio.sleep(random.uniform(0.001, 0.01))
