"""What a handler that sends one message into its session costs, paired in one run against bare aiogram.

Run it with ``python -m benchmarks.handler``. Telegram answers at once, within the process, so that what is left is
aiogram's own work and ours: the update, ``bot.sessions.get``, ``async with``, one message sent and recorded.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import random
import statistics
import time
from collections.abc import AsyncGenerator, Sequence
from datetime import UTC, datetime
from typing import Any

from aiogram import Bot, Dispatcher
from aiogram.client.session.base import BaseSession
from aiogram.methods import TelegramMethod
from aiogram.methods.base import TelegramType
from aiogram.types import Chat, Message, Update

from benchmarks.per_update import CHAT, TOKEN, USER, updates
from tgslices import sessions_of, setup_sessions

SENT = datetime(2026, 1, 1, tzinfo=UTC)


class AtOnce(BaseSession):
    """A client session whose every request is answered at once with the next message of the chat."""

    def __init__(self) -> None:
        super().__init__()
        self.next_id = 0

    async def make_request(
        self,
        bot: Bot,
        method: TelegramMethod[TelegramType],
        timeout: int | None = None,  # noqa: ASYNC109  # aiogram's own signature
    ) -> TelegramType:
        """Answer with a message."""
        self.next_id += 1
        chat = Chat(id=CHAT, type="private", first_name="Ann")
        made: Any = Message(message_id=self.next_id, date=SENT, chat=chat, text="ok").as_(bot)
        return made  # type: ignore[no-any-return]  # every method here returns a message

    async def stream_content(self, *_: Any, **__: Any) -> AsyncGenerator[bytes, None]:
        """Refuse to load a file."""
        raise NotImplementedError
        yield b""

    async def close(self) -> None:
        """There is nothing to close."""


class Variant:
    """One way to answer a message."""

    def __init__(self, name: str, *, wired: bool, inside: bool = False) -> None:
        self.name, self.inside = name, inside
        self.client = AtOnce()
        self.bot, self.dispatcher = Bot(TOKEN, session=self.client), Dispatcher()
        self.taken: list[float] = []
        self.dispatcher.message.register(self.answer_inside if inside else self.answer)
        if wired:
            setup_sessions(self.dispatcher, self.bot)

    async def answer(self, message: Message, bot: Bot) -> None:
        """Answer as every bot does."""
        await bot.send_message(message.chat.id, "ok")

    async def answer_inside(self, message: Message, bot: Bot) -> None:
        """Answer inside of the person's session."""
        async with sessions_of(bot).get(CHAT, USER):
            await bot.send_message(message.chat.id, "ok")

    async def begin(self, first: int, count: int) -> None:
        """Start anew, with updates to come; between the numbers of two messages there is one for the answer."""
        if self.inside:
            await sessions_of(self.bot).get(CHAT, USER).close()
        self.updates = updates(self.bot, first, 2 * count)[::2]

    async def feed(self, updates: Sequence[Update]) -> None:
        """Time some updates, in microseconds an update."""
        begun = time.perf_counter_ns()
        for update in updates:
            self.client.next_id = update.update_id
            await self.dispatcher.feed_update(self.bot, update)
        self.taken.append((time.perf_counter_ns() - begun) / len(updates) / 1e3)


async def main(rounds: int, count: int) -> None:
    """Time all variants in turn and print the medians of the differences within a turn."""
    bare = Variant("bare aiogram", wired=False)
    variants = [
        bare,
        Variant("wired, no session open", wired=True),
        Variant("get, async with and send", wired=True, inside=True),
    ]
    gc.collect()
    gc.freeze()
    for number in range(rounds + 1):
        for variant in variants:
            await variant.begin(1 + 2 * number * count, count)
        for start in range(count):
            for variant in random.sample(variants, len(variants)):
                await variant.feed(variant.updates[start : start + 1])
        if not number:
            for variant in variants:
                variant.taken.clear()
    print(f"{'variant':<32}{'µs/update':>10}{'more than bare, µs':>20}{'ratio':>8}")
    for variant in variants:
        more = statistics.median(ours - theirs for ours, theirs in zip(variant.taken, bare.taken, strict=True))
        ratio = statistics.median(ours / theirs for ours, theirs in zip(variant.taken, bare.taken, strict=True))
        print(f"{variant.name:<32}{statistics.median(variant.taken):>10.2f}{more:>20.2f}{ratio:>8.3f}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--updates", type=int, default=300)
    arguments = parser.parse_args()
    asyncio.run(main(arguments.rounds, arguments.updates))
