"""A proxy before a server that loses answers: what was asked is done, and the connection is gone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress


class Proxy:
    """Forwards bytes between clients and one server."""

    def __init__(self, port: int) -> None:
        self._server_port = port
        self.port = 0
        self.answers_to_lose = 0
        """How many of the next answers to scripts are lost, each with its connection."""
        self.lost = 0
        self._writers: set[asyncio.StreamWriter] = set()
        self._refuses = False
        self.swallows = False
        """Whether nothing arrives any more, not even that somebody has gone: every connection stands."""
        self._is_cut = asyncio.Event()

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def cut(self, *, refuse: bool = False) -> None:
        """Cut all connections, and refuse new ones if told so."""
        self._refuses = refuse
        self._is_cut.set()
        for writer in self._writers:
            writer.transport.abort()

    def lead_to(self, port: int) -> None:
        """Lead new connections to another server; those that stand stay where they are."""
        self._server_port = port

    def go_on(self) -> None:
        """Take connections again."""
        self._refuses = False

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._refuses:
            writer.transport.abort()
            return
        self._writers.add(writer)
        with suppress(ConnectionError):
            behind, before = await asyncio.open_connection("127.0.0.1", self._server_port)
            self._writers.add(before)
            asks = {"script": False}
            forth = asyncio.create_task(self._forward(reader, before, asks))
            await self._back(behind, writer, before, asks)
            forth.cancel()
            await asyncio.wait([forth])
            before.transport.abort()
            self._writers.discard(before)
        writer.transport.abort()
        self._writers.discard(writer)

    async def _forward(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, asks: dict[str, bool]) -> None:
        with suppress(ConnectionError):
            while data := await reader.read(1 << 16):
                asks["script"] = asks["script"] or b"EVAL" in data
                if not self.swallows:
                    writer.write(data)
                await writer.drain()
        if self.swallows:
            await self._is_cut.wait()
        writer.transport.abort()

    async def _back(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        before: asyncio.StreamWriter,
        asks: dict[str, bool],
    ) -> None:
        with suppress(ConnectionError):
            while data := await reader.read(1 << 16):
                if asks["script"] and self.answers_to_lose:
                    self.answers_to_lose -= 1
                    self.lost += 1
                    return
                asks["script"] = False
                if not self.swallows:
                    writer.write(data)
                await writer.drain()
        if self.swallows:
            await self._is_cut.wait()


@asynccontextmanager
async def proxy_of(port: int) -> AsyncIterator[Proxy]:
    """Run a proxy before the server at a port."""
    proxy = Proxy(port)
    server = await asyncio.start_server(proxy._serve, "127.0.0.1", 0)
    proxy.port = server.sockets[0].getsockname()[1]
    try:
        yield proxy
    finally:
        server.close()
        proxy.cut(refuse=True)
        await server.wait_closed()
        await asyncio.sleep(0.01)
