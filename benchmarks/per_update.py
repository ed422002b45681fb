"""What sessions cost per update, paired in one run against bare aiogram.

Run it with ``python -m benchmarks.per_update``. Every round times each variant once, in an order of its own, and the
medians of the differences and ratios within rounds are printed, so that a noisy machine disturbs all variants alike.
A middleware that does nothing is timed too: what it costs is the least that any middleware can cost.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import random
import statistics
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

from aiogram import Bot, Dispatcher
from aiogram.types import Message, TelegramObject, Update

from tgslices import MemorySessionStorage, SessionKey, setup_sessions

TOKEN = "42:" + "A" * 35
CHAT, USER = 7, 7
SENT = int(datetime(2026, 1, 1, tzinfo=UTC).timestamp())


def updates(bot: Bot, first: int, count: int) -> list[Update]:
    """Return updates with one text message each, mounted to the bot as a polling loop gets them."""
    person = {"id": USER, "is_bot": False, "first_name": "Ann"}
    return [
        Update.model_validate(
            {
                "update_id": number,
                "message": {
                    "message_id": number,
                    "date": SENT,
                    "chat": {"id": CHAT, "type": "private", "first_name": "Ann"},
                    "from": person,
                    "text": "hi",
                },
            },
            context={"bot": bot},
        )
        for number in range(first, first + count)
    ]


def dispatcher() -> Dispatcher:
    """Return a dispatcher with one trivial handler and aiogram's defaults."""
    made = Dispatcher()

    @made.message()
    async def handle(message: Message) -> None:
        return None

    return made


async def nothing(
    handler: Callable[[TelegramObject, dict[str, Any]], Awaitable[Any]], event: TelegramObject, data: dict[str, Any]
) -> Any:
    """Do what the least middleware does."""
    return await handler(event, data)


class Variant:
    """One way to handle an update."""

    def __init__(self, name: str, *, sessions: bool, others: int = 0, recording: bool = False) -> None:
        """Wire a bot of its own; open ``others`` sessions of other chats, and one of this chat if it records."""
        self.name = name
        self.bot = Bot(TOKEN)
        self.dispatcher = dispatcher()
        self.storage = MemorySessionStorage()
        self.key = SessionKey(42, CHAT, USER) if recording else None
        self.others = others
        if sessions:
            setup_sessions(self.dispatcher, self.bot, storage=self.storage)
        self.taken: list[float] = []

    async def prepare(self) -> None:
        """Open what is to be open."""
        for number in range(self.others):
            await self.storage.open(SessionKey(42, 1_000 + number, 1_000 + number))

    async def round(self, first: int, count: int) -> None:
        """Time one round, in microseconds an update."""
        if self.key is not None:
            await self.storage.close(self.key)
            await self.storage.open(self.key)
        batch = updates(self.bot, first, count)
        feed = self.dispatcher.feed_update
        begun = time.perf_counter()
        for update in batch:
            await feed(self.bot, update)
        self.taken.append((time.perf_counter() - begun) / count * 1e6)
        if self.key is not None:
            assert len(await self.storage.list(self.key)) == count


def median(function: Callable[[float, float], float], left: Variant, right: Variant) -> float:
    """Return the median over the rounds of a comparison of two variants."""
    return statistics.median(map(function, left.taken, right.taken))


async def main(rounds: int, count: int) -> None:
    """Time all variants and print the figures."""
    bare = Variant("bare aiogram", sessions=False)
    least = Variant("a middleware that does nothing", sessions=False)
    least.dispatcher.update.outer_middleware(nothing)
    idle = Variant("idle: no session open", sessions=True)
    recording = [
        Variant(f"recording, {others + 1:,} open", sessions=True, others=others, recording=True)
        for others in (0, 999, 99_999, 999_999)
    ]
    variants = [bare, least, idle, *recording]
    for variant in variants:
        await variant.prepare()
    gc.collect()
    gc.freeze()  # a million open sessions are no garbage; benchmarks/memory.py measures what they cost the collector
    order = list(variants)
    for number in range(rounds + 1):
        random.shuffle(order)
        for variant in order:
            await variant.round(1 + number * count, count)
    for variant in variants:
        del variant.taken[0]  # the first round warms up
    print(f"{rounds} rounds of {count} updates; medians")
    print(f"{'variant':<32}{'µs/update':>10}{'more than bare, µs':>20}{'ratio':>8}")
    for variant in variants:
        more = median(lambda ours, theirs: ours - theirs, variant, bare)
        ratio = median(lambda ours, theirs: ours / theirs, variant, bare)
        print(f"{variant.name:<32}{statistics.median(variant.taken):>10.2f}{more:>20.2f}{ratio:>8.3f}")
    base = recording[0]
    for variant in recording[1:]:
        ratio = median(lambda ours, theirs: ours / theirs, variant, base)
        print(f"{variant.name} takes {ratio:.3f} of what {base.name} takes")
    for variant in variants:
        await variant.bot.session.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--updates", type=int, default=300)
    arguments = parser.parse_args()
    asyncio.run(main(arguments.rounds, arguments.updates))
