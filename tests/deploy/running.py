"""The services of the Compose file as processes of this machine, and a proxy that does what ``nginx.conf`` says."""

from __future__ import annotations

import asyncio
import os
import re
import signal
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final

import aiohttp
from aiohttp import web

from tests.deploy.written import ROOT, command_of, services
from tests.forks import Program, start

PATIENCE: Final = 60.0
"""How long a process may take to start or to say something, in seconds, on a machine that is busy."""


class Process:
    """One service that runs; what it says can be waited for."""

    def __init__(self, process: Program) -> None:
        self._process = process
        self.said: list[str] = []
        self._heard = asyncio.Condition()
        self._reading = asyncio.gather(self._read(process.stdout), self._read(process.stderr))

    async def _read(self, output: asyncio.StreamReader) -> None:
        while line := await output.readline():
            self.said.append(line.decode())
            async with self._heard:
                self._heard.notify_all()

    async def says(self, *words: str) -> str:
        """Wait for a line that has all these words; return it."""
        found: list[str] = []

        def is_said() -> bool:
            found[:] = [line for line in self.said if all(word in line for word in words)]
            return bool(found)

        async with self._heard, asyncio.timeout(PATIENCE):
            await self._heard.wait_for(is_said)
        return found[0]

    async def end(self, number: signal.Signals) -> int:
        """Send a signal, and wait for the end."""
        self._process.send_signal(number)
        code = await self._process.wait()
        await self._reading
        return code


@asynccontextmanager
async def service(name: str, places: dict[str, str], *more: str) -> AsyncIterator[Process]:
    """Run a service as it is written, with addresses of this machine in place of those of its network."""
    python, option, *command = [*command_of(name), *more]
    assert (python, option) == ("python", "-m")
    written = services()[name].get("environment", {})
    environment = {key: _moved(value, places) for key, value in written.items()}
    process = await start(*(_moved(word, places) for word in command), cwd=ROOT, env={**os.environ, **environment})
    running = Process(process)
    try:
        yield running
    finally:
        await running.end(signal.SIGKILL)


def _moved(text: str, places: dict[str, str]) -> str:
    pattern = "|".join(map(re.escape, sorted(places, key=len, reverse=True)))
    return re.sub(pattern, lambda match: places[match[0]], text)


class Proxy:
    """Hands each request to the next worker, and to another one where that cannot be reached."""

    def __init__(self, ports: Sequence[int], client: aiohttp.ClientSession) -> None:
        self.taken = dict.fromkeys(ports, 0)
        self._turn = 0
        self._client = client

    async def hand_on(self, request: web.Request) -> web.Response:
        """Answer what the worker answers."""
        ports, body = list(self.taken), await request.read()
        for _ in ports:
            self._turn += 1
            port = ports[self._turn % len(ports)]
            try:
                return await self._ask(port, request, body)
            except aiohttp.ClientConnectionError:
                continue
        return web.Response(status=502)

    async def _ask(self, port: int, request: web.Request, body: bytes) -> web.Response:
        url = f"http://127.0.0.1:{port}{request.path_qs}"
        headers: dict[str, Any] = {name: value for name, value in request.headers.items() if name != "Content-Length"}
        async with self._client.request(request.method, url, data=body, headers=headers) as answer:
            self.taken[port] += 1
            kind = answer.headers.get("Content-Type", "application/json")
            return web.Response(status=answer.status, body=await answer.read(), headers={"Content-Type": kind})


@asynccontextmanager
async def proxy(port: int, ports: Sequence[int]) -> AsyncIterator[Proxy]:
    """Listen in front of the workers."""
    async with aiohttp.ClientSession() as client:
        between = Proxy(ports, client)
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", between.hand_on)
        runner = web.AppRunner(app)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", port).start()
        try:
            yield between
        finally:
            await runner.cleanup()
