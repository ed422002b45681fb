"""What the Compose file starts, started without containers: an order survives the death of one of its two workers."""

from __future__ import annotations

import json
import signal
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any

import aiohttp
import pytest
from aiohttp.test_utils import unused_port

from tests.deploy.running import Process, Proxy, proxy, service
from tests.storage.conftest import postgres, postgres_url

__all__ = ["postgres", "postgres_url"]


@dataclass
class Town:
    """All services, and Ada, who writes on the chat page."""

    emulator: Process
    workers: list[Process]
    proxy: Proxy
    page: str
    client: aiohttp.ClientSession

    async def writes(self, text: str) -> None:
        bot, person = await self._account("order_bot"), await self._account("Ada")
        command = {"do": "type", "person": person, "place": f"p{bot}-{person}", "text": text}
        async with self.client.post(f"{self.page}/page/do", json=command) as answer:
            assert answer.status == 200, await answer.text()

    async def _account(self, name: str) -> int:
        async with self.client.ws_connect(f"{self.page}/page/live") as socket:
            return _number_of(await socket.receive_json(), name)


def _number_of(things: Any, name: str) -> int:
    """Return the id of whoever has a name, wherever the page is told of them."""
    if isinstance(things, dict):
        if name in things.values() and isinstance(things.get("id"), int):
            return int(things["id"])
        things = list(things.values())
    found = [_number_of(thing, name) for thing in things if isinstance(thing, dict | list)]
    return next((number for number in found if number), 0)


@pytest.fixture
async def town(postgres_url: str) -> AsyncIterator[Town]:
    ports = {name: unused_port() for name in ("emulator", "proxy", "worker-1", "worker-2")}
    network = {
        "postgresql://tgslices:secret@postgres:5432/tgslices": postgres_url,
        "emulator:8081": f"127.0.0.1:{ports['emulator']}",
        "proxy:8080": f"127.0.0.1:{ports['proxy']}",
        "0.0.0.0": "127.0.0.1",
        "8081": str(ports["emulator"]),
    }
    async with AsyncExitStack() as stack:
        emulator = await stack.enter_async_context(service("emulator", network, "--verbose"))
        await emulator.says("Press Ctrl-C")
        workers = []
        for name in ("worker-1", "worker-2"):
            here = network | {"8080": str(ports[name])}
            workers.append(await stack.enter_async_context(service(name, here)))
        for worker in workers:
            await worker.says("Running on")
        between = await stack.enter_async_context(proxy(ports["proxy"], [ports["worker-1"], ports["worker-2"]]))
        client = await stack.enter_async_context(aiohttp.ClientSession())
        yield Town(emulator, workers, between, f"http://127.0.0.1:{ports['emulator']}", client)


@pytest.mark.timeout(240)
async def test_an_order_goes_on_when_one_of_two_workers_is_killed(town: Town) -> None:
    await town.writes("/order")
    await town.emulator.says("sendMessage", "What would you like")
    for item in ("soup", "tea"):
        await town.writes(item)
        await town.emulator.says("sendMessage", f"{item}: noted")
    assert min(town.proxy.taken.values()) >= 1, "both had updates"

    await town.workers[0].end(signal.SIGKILL)
    await town.writes("cake")
    await town.emulator.says("sendMessage", "cake: noted")
    await town.writes("/done")
    # The question, three items with their answers, and /done itself.
    await town.emulator.says("sendMessage", "Order received. 8 messages are gone.")
    await town.emulator.says("deleteMessages")


@pytest.mark.timeout(240)
async def test_a_worker_ends_politely_and_says_that_it_is_healthy(town: Town) -> None:
    (port, *_) = town.proxy.taken
    async with town.client.get(f"http://127.0.0.1:{port}/health") as answer:
        assert answer.status == 200
    async with town.client.post(f"http://127.0.0.1:{port}/hook", data=json.dumps({"update_id": 1})) as refused:
        assert refused.status == 401, "it does not know the secret"
    assert await town.workers[0].end(signal.SIGTERM) == 0
