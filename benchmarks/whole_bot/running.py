"""Bots that are running: the worker processes of each, and the people who write to it."""

from __future__ import annotations

import asyncio
import multiprocessing
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess

from benchmarks.whole_bot.api import BotApi, Ids
from benchmarks.whole_bot.contestants import Contestant
from benchmarks.whole_bot.load import Load, messages_of
from benchmarks.whole_bot.worker import work

# Workers fork from a process that has imported aiogram and nothing else of theirs: they start at once, and each has in
# memory what it needs itself.
_processes = multiprocessing.get_context("forkserver")
_processes.set_forkserver_preload(["benchmarks.whole_bot.worker"])
PATIENCE = 30


class Running:
    """One contestant with its workers."""

    def __init__(self, contestant: Contestant, workers: int, length: int, *, within: bool) -> None:
        self.contestant, self.workers, self.length = contestant, workers, length
        self.within = within
        self._started: list[tuple[BaseProcess, Connection]] = []

    async def start(self, people: int) -> None:
        self.api = BotApi(Ids())
        address = await self.api.start()
        ports = [await self._start_worker("" if self.within else address, number) for number in range(self.workers)]
        self.load = Load(self.api, ports, self.length)
        await self.load.connect(people)

    async def _start_worker(self, address: str, number: int) -> int:
        ours, theirs = _processes.Pipe()
        process = _processes.Process(target=work, args=(self.contestant, address, number, theirs), daemon=True)
        process.start()
        theirs.close()
        self._started.append((process, ours))
        if not await asyncio.to_thread(ours.poll, PATIENCE):
            raise RuntimeError(f"No worker of {self.contestant.title} started within {PATIENCE} seconds.")
        port: int = ours.recv()
        return port

    async def check(self) -> None:
        """Fail if a message was not deleted that should have been: a bot that loses some is not fast."""
        expected = await self.load.finish() * (messages_of(self.length) - self.contestant.leaves)
        if expected != self.api.deleted and not self.within:
            raise RuntimeError(f"{self.contestant.title} deleted {self.api.deleted} messages, and not {expected}.")

    async def stop(self) -> None:
        if hasattr(self, "load"):
            self.load.close()
        await self.api.stop()
        for process, ours in self._started:
            ours.close()  # which tells the worker to stop
            await asyncio.to_thread(process.join, PATIENCE)
            if process.is_alive():
                process.kill()
                process.join()


@asynccontextmanager
async def running(
    chosen: Sequence[Contestant], *, workers: int, people: int, length: int, within: bool
) -> AsyncIterator[list[Running]]:
    """Run some bots at once, each with so many workers; all of them have stopped afterwards."""
    bots = [Running(contestant, workers, length, within=within) for contestant in chosen]
    started = []
    try:
        for bot in bots:
            started.append(bot)
            await bot.start(people)
        yield bots
    finally:
        for bot in started:
            await bot.stop()
