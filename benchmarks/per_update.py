"""What sessions cost per update, paired in one run against bare aiogram.

Run it with ``python -m benchmarks.per_update``. Every round times each variant once, in an order of its own, and the
medians of the differences and ratios within rounds are printed, so that a noisy machine disturbs all variants alike.
First a round is one update of each variant, so that the processor's caches are as cold as in a bot that does something
between two updates; then it is a burst of updates of each variant, when the caches hold little else.
A middleware that does nothing is timed too: what it costs is the least that any middleware can cost.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import random
import statistics
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from typing import Any

from aiogram import Bot, Dispatcher
from aiogram.types import Message, TelegramObject, Update

from tests.storage.samples import NOW
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
            await self.storage.open(SessionKey(42, 1_000 + number, 1_000 + number), at=NOW)

    async def begin(self, first: int, count: int) -> None:
        """Start anew, with updates to come."""
        if self.key is not None:
            await self.storage.close(self.key, at=NOW)
            await self.storage.open(self.key, at=NOW)
        self.updates = updates(self.bot, first, count)

    async def feed(self, updates: Sequence[Update]) -> None:
        """Time one round, in microseconds an update."""
        feed = self.dispatcher.feed_update
        begun = time.perf_counter_ns()
        for update in updates:
            await feed(self.bot, update)
        self.taken.append((time.perf_counter_ns() - begun) / len(updates) / 1e3)

    async def check(self) -> None:
        """Make sure that it has recorded what it was to record."""
        if self.key is not None:
            assert len(await self.storage.list(self.key)) == len(self.updates)


async def run(variants: Sequence[Variant], rounds: int, count: int, burst: int, *, first: int) -> None:
    """Feed ``count`` updates to every variant, ``burst`` of them in turn, again and again; the first time warms up.

    They are numbered from ``first``. Telegram's numbers grow, and what came before is looked for as a repetition.
    """
    for number in range(rounds + 1):
        for variant in variants:
            await variant.begin(first + number * count, count)
        order = list(variants)
        for start in range(0, count, burst):
            random.shuffle(order)
            for variant in order:
                await variant.feed(variant.updates[start : start + burst])
        for variant in variants:
            await variant.check()
            if number == 0:
                variant.taken.clear()


def median(function: Callable[[float, float], float], left: Variant, right: Variant) -> float:
    """Return the median over the rounds of a comparison of two variants."""
    return statistics.median(map(function, left.taken, right.taken))


def report(variants: Sequence[Variant]) -> None:
    """Print what was measured, and forget it."""
    bare, *_ = variants
    print(f"{'variant':<32}{'µs/update':>10}{'more than bare, µs':>20}{'ratio':>8}")
    for variant in variants:
        more = median(lambda ours, theirs: ours - theirs, variant, bare)
        ratio = median(lambda ours, theirs: ours / theirs, variant, bare)
        print(f"{variant.name:<32}{statistics.median(variant.taken):>10.2f}{more:>20.2f}{ratio:>8.3f}")
    base, *others = [variant for variant in variants if variant.key is not None]
    for variant in others:
        ratio = median(lambda ours, theirs: ours / theirs, variant, base)
        print(f"{variant.name} takes {ratio:.3f} of what {base.name} takes")
    for variant in variants:
        variant.taken.clear()


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
    first = 1
    for title, burst in (("one at a time", 1), ("in bursts", count)):
        await run(variants, rounds, count, burst, first=first)
        first += (rounds + 1) * count
        print(f"\n{title}: {rounds} rounds of {count} updates; medians")
        report(variants)
    for variant in variants:
        await variant.bot.session.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--updates", type=int, default=300)
    arguments = parser.parse_args()
    asyncio.run(main(arguments.rounds, arguments.updates))
