"""People who write to a bot: each sends a message, waits until the webhook has answered, and sends the next one."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count

from benchmarks.whole_bot.api import BotApi, Ids
from benchmarks.whole_bot.http import Client

POST = b"POST /hook HTTP/1.1\r\nContent-Type: application/json\r\n"
UPDATE = (
    b'{"update_id":%d,"message":{"message_id":%d,"date":1800000000,"text":"%b",'
    b'"chat":{"id":%d,"type":"private","first_name":"Ann"},'
    b'"from":{"id":%d,"is_bot":false,"first_name":"Ann","language_code":"en"}}}'
)


@dataclass(frozen=True)
class Measured:
    """What one measurement told, in seconds: latencies, and processor time an update and of the longest collection."""

    rate: float
    latencies: Sequence[float]
    spent: float
    collection: float
    driver: float
    """What share of a processor the load itself took."""

    def percentile(self, share: float) -> float:
        ordered = sorted(self.latencies)
        return ordered[min(int(len(ordered) * share), len(ordered) - 1)]


class Person:
    """Somebody in a private chat with the bot. Their updates go to the workers in turn, as a proxy divides them."""

    def __init__(self, chat: int, ids: Ids, connections: Sequence[Client], length: int) -> None:
        self.chat, self.ids, self.connections, self.length = chat, ids, connections, length
        self.turn = chat
        self.said = 0
        """How many messages of a conversation they have sent."""

    async def say(self) -> float:
        """Return how long the webhook took. The last message of a conversation ends it."""
        self.said += 1
        text = b"hello"
        if self.said == self.length:
            self.said, text = 0, b"/done %d" % messages_of(self.length)
        number = self.ids.next()
        body = UPDATE % (number, number, text, self.chat, self.chat)
        self.turn += 1
        started = time.perf_counter()
        await self.connections[self.turn % len(self.connections)].request(POST, body)
        return time.perf_counter() - started


class Load:
    """All the people who write to one bot."""

    _chats = count(1_000)

    def __init__(self, api: BotApi, ports: Sequence[int], length: int) -> None:
        self.api, self.ports, self.length = api, ports, length
        self.people: list[Person] = []
        self.sent = 0

    async def connect(self, people: int) -> None:
        self._asking = [await self._connection(port) for port in self.ports]
        for _ in range(people):
            connections = [await self._connection(port) for port in self.ports]
            self.people.append(Person(next(self._chats), self.api.ids, connections, self.length))

    async def _connection(self, port: int) -> Client:
        return (await asyncio.get_running_loop().create_connection(Client, "127.0.0.1", port))[1]

    async def measure(self, people: int, seconds: float) -> Measured:
        """Let some of the people write for a while."""
        (spent, _), driver, started = await self._spent(), time.process_time(), time.perf_counter()
        deadline = started + seconds
        took = await asyncio.gather(*(self._write(it, deadline) for it in self.people[:people]))
        elapsed = time.perf_counter() - started
        driver = time.process_time() - driver
        now, collection = await self._spent()
        latencies = [latency for each in took for latency in each]
        each = (now - spent) / len(latencies)
        return Measured(len(latencies) / elapsed, latencies, each, collection, driver / elapsed)

    async def _write(self, person: Person, deadline: float) -> list[float]:
        took = []
        while time.perf_counter() < deadline:
            took.append(await person.say())
        self.sent += len(took)
        return took

    async def finish(self) -> int:
        """End every conversation; return how many there were since the beginning."""
        if not self.length:
            return 0
        await asyncio.gather(*map(self._finish, self.people))
        return self.sent // self.length

    async def _finish(self, person: Person) -> None:
        while person.said:
            await person.say()
            self.sent += 1

    async def _spent(self) -> tuple[float, float]:
        """Return the workers' processor time in all, and their longest collection since the last time."""
        heard = [await asking.request(b"GET /spent HTTP/1.1\r\n") for asking in self._asking]
        spent, longest = zip(*(map(float, each.split()) for each in heard), strict=True)
        return sum(spent), max(longest)

    def close(self) -> None:
        for connection in (*self._asking, *(each for person in self.people for each in person.connections)):
            connection.transport.close()


def messages_of(length: int) -> int:
    """Return how many messages a conversation has: each of the person's, and an answer to all but the last."""
    return 2 * length - 1
