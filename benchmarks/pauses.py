"""How long large sessions keep the event loop: the longest step while one is listed, planned and cleared.

Run it with ``python -m benchmarks.pauses``; it takes a few seconds. A task that does nothing but take turns measures
the longest time between two of its turns. Requests are answered at once and in the same process, so that nothing but
the library's own work counts, and it counts in processor time, so that a busy machine adds nothing. The collector is
off in the first rounds, because its pauses depend on everything that the process keeps; the last rounds have it on.
"""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncGenerator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from time import thread_time
from typing import Any

from aiogram import Bot
from aiogram.client.session.base import BaseSession
from aiogram.methods import TelegramMethod
from aiogram.methods.base import TelegramType

from tgslices import Direction, MemorySessionStorage, Session, SessionBot, TrackedMessage
from tgslices.config import SessionConfig
from tgslices.manager import SessionManager
from tgslices.telegram_facts.message_kind import MessageKind

CHAT = 5
SIZES = (1_000, 10_000, 100_000)


class Accepting(BaseSession):
    """A client session that accepts every deletion at once."""

    async def make_request(
        self,
        bot: Bot,
        method: TelegramMethod[TelegramType],
        timeout: int | None = None,  # noqa: ASYNC109  # aiogram's signature
    ) -> TelegramType:
        await asyncio.sleep(0)
        return True  # type: ignore[return-value]

    async def stream_content(self, *_: Any, **__: Any) -> AsyncGenerator[bytes, None]:
        yield b""

    async def close(self) -> None: ...


async def longest_step(work: Callable[[], Awaitable[object]]) -> tuple[float, float]:
    """Return how long some work took in all, and its longest step, in seconds of the processor."""
    longest, last = 0.0, thread_time()

    async def tick() -> None:
        nonlocal longest, last
        while True:
            await asyncio.sleep(0)
            now = thread_time()
            longest, last = max(longest, now - last), now

    ticking = asyncio.create_task(tick())
    await asyncio.sleep(0)
    started = last = thread_time()
    await work()
    took = thread_time() - started
    await asyncio.sleep(0)
    ticking.cancel()
    return took, longest


async def filled(bot: SessionBot, size: int, *, late: bool) -> tuple[SessionManager, Session]:
    """Return a session of so many entries; ``late``: the last hundred were sent before all others."""
    storage = MemorySessionStorage()
    manager = SessionManager(bot, SessionConfig(storage=storage))
    session, now = manager.get(CHAT), datetime.now(UTC).replace(microsecond=0)
    for number in range(size):
        date = now - timedelta(seconds=size - number if not late or number < size - 100 else 2 * size) / 10
        await storage.add(
            session.key,
            TrackedMessage(number + 1, CHAT, bot.id, MessageKind.TEXT, Direction.OUTGOING, date, date),
        )
    return manager, session


async def measure(size: int, *, late: bool) -> None:
    async with SessionBot("42:" + "a" * 35, session=Accepting()) as bot:
        manager, session = await filled(bot, size, late=late)
        for name, work in (
            ("messages()", session.messages),
            ("messages(predicate)", lambda: session.messages(lambda entry: entry.message_id > 0)),
            ("plan()", session.plan),
            ("clear()", session.clear),
        ):
            gc.collect()
            took, longest = await longest_step(work)
            print(f"{size:>9,}  {name:<22}{took * 1000:>10.1f} ms{longest * 1000:>10.1f} ms")
        await manager.aclose()


async def main() -> None:
    """Measure and print."""
    for collects in (False, True):
        print(f"\n  entries  the collector is {'on' if collects else 'off':<3}      in all  longest step")
        gc.enable() if collects else gc.disable()
        for size in SIZES:
            await measure(size, late=False)
        await measure(SIZES[-1], late=True)


if __name__ == "__main__":
    asyncio.run(main())
