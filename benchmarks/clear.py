"""What clearing a thousand messages takes when every request takes 50 ms, in one run.

Run it with ``python -m benchmarks.clear``; it takes about half a minute. Requests go over HTTP to the emulator, which
answers each of them 50 ms later. Compared are: one message after another, as most bots do it; batches of a hundred, one
after another; and ``Session.clear()``, over one chat and over ten. One by one is measured on a hundred messages and
multiplied by ten. Then the same ways meet a hundred messages of which ten cannot be deleted.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random

from aiogram.exceptions import TelegramBadRequest

from tgslices import Direction, Session, SessionBot, TrackedMessage
from tgslices.telegram_facts.message_kind import MessageKind
from tgslices.testing import BotAccount, BotApi, StoredMessage

LATENCY = timedelta(milliseconds=50)
MESSAGES = 1000
BATCH = 100
CONNECTIONS = 4

Way = Callable[[], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class Measured:
    """One way of clearing: how long it took, its requests, and what it left although it could have gone."""

    name: str
    seconds: float
    requests: int
    left: int

    def line(self, against: Measured) -> str:
        """Return a line of the table, with how many times as fast it is as another way."""
        ratio = against.seconds / self.seconds
        return f"{self.name:<44}{self.seconds:>8.2f} s{self.requests:>10}{self.left:>8}{ratio:>9.1f}x"


class Bench:
    """A bot and the emulator, and the ways of clearing."""

    def __init__(self, api: BotApi, account: BotAccount, bot: SessionBot) -> None:
        self.api = api
        self.account = account
        self.bot = bot

    def plant(self, messages: int, *, chats: int = 1, refused: int = 0) -> list[StoredMessage]:
        """Let messages be there, in private chats. A fresh dice cannot be deleted, and nobody knows which one it is."""
        places = [self.api.world.private_chat(self.api.add_person("Ann"), self.account) for _ in range(chats)]
        dice = set(Random(refused).sample(range(messages), refused))
        return [
            self.api.world.store(places[number % chats], self.account, "dice" if number in dice else "text", {})
            for number in range(messages)
        ]

    async def measure(self, name: str, messages: Sequence[StoredMessage], way: Way) -> Measured:
        """Time a way that is to delete these messages, with its connections open."""
        await asyncio.gather(*(self.bot.get_me() for _ in range(CONNECTIONS)))
        before = len(self.api.requests)
        start = time.perf_counter()
        await way()
        seconds = time.perf_counter() - start
        left = sum(not message.is_deleted and message.kind != "dice" for message in messages)
        return Measured(name, seconds, len(self.api.requests) - before, left)

    async def in_batches(self, messages: Sequence[StoredMessage], *, size: int) -> None:
        """Delete as bots do: one request after another, and what is refused is forgotten."""
        for start in range(0, len(messages), size):
            batch = messages[start : start + size]
            try:
                await self.bot.delete_messages(batch[0].chat.id, [m.id_for(self.account.id) for m in batch])
            except TelegramBadRequest:
                continue

    async def session_with(self, messages: Sequence[StoredMessage]) -> Session:
        """Return a session that has recorded these messages as texts."""
        person = self.api.add_person("Bob")
        session = self.bot.sessions.get(person.id, person.id)
        for message in messages:
            await self.bot.sessions.storage.add(session.key, self._record(message))
        return session

    def _record(self, message: StoredMessage) -> TrackedMessage:
        date, me = datetime.fromtimestamp(message.date, UTC), self.account.id
        return TrackedMessage(message.id_for(me), message.chat.id, me, MessageKind.TEXT, Direction.OUTGOING, date, date)


async def compare(bench: Bench) -> list[Measured]:
    """Clear a thousand messages in each way."""
    few = bench.plant(MESSAGES // 10)
    sample = await bench.measure("", few, lambda: bench.in_batches(few, size=1))
    one_by_one = Measured("one by one (a tenth measured, times 10)", sample.seconds * 10, sample.requests * 10, 0)
    many = bench.plant(MESSAGES)
    batches = await bench.measure("ten batches in sequence", many, lambda: bench.in_batches(many, size=BATCH))
    found = [one_by_one, batches]
    for chats, name in ((1, "session.clear(), one chat"), (10, "session.clear(), ten chats")):
        messages = bench.plant(MESSAGES, chats=chats)
        session = await bench.session_with(messages)
        found.append(await bench.measure(name, messages, session.clear))
    return found


async def compare_with_refused(bench: Bench) -> list[Measured]:
    """Clear a hundred messages of which ten cannot be deleted, in each way."""
    found = []
    for size, name in ((1, "one by one"), (BATCH, "one batch, and what is refused is forgotten")):
        messages = bench.plant(BATCH, refused=10)
        found.append(await bench.measure(name, messages, lambda m=messages, s=size: bench.in_batches(m, size=s)))  # type: ignore[misc]
    messages = bench.plant(BATCH, refused=10)
    session = await bench.session_with(messages)
    found.append(await bench.measure("session.clear()", messages, session.clear))
    return found


def show(title: str, found: Sequence[Measured]) -> None:
    print(f"{title:<44}{'time':>10}{'requests':>10}{'left':>8}{'faster':>10}")
    for measured in found:
        print(measured.line(found[0]))
    print()


async def main() -> None:
    """Measure and print."""
    async with BotApi() as api:
        api.latency = LATENCY
        account = api.add_bot("bench_bot")
        async with SessionBot(account.token, session=api.client_session()) as bot:
            bench = Bench(api, account, bot)
            show("1,000 messages, 50 ms a request", await compare(bench))
            show("100 messages, 10 of them refused", await compare_with_refused(bench))


if __name__ == "__main__":
    asyncio.run(main())
