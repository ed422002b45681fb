"""As little HTTP as both sides of the load need: messages with a Content-Length on connections that stay open."""

from __future__ import annotations

import asyncio
from abc import abstractmethod

LENGTH = b"content-length:"


class Messages(asyncio.Protocol):
    """A connection that hands over each message once it is whole."""

    def __init__(self) -> None:
        self._waiting = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self._waiting += data
        while (end := self._waiting.find(b"\r\n\r\n")) >= 0:
            whole = end + 4 + _length(self._waiting[:end])
            if len(self._waiting) < whole:
                return
            head, body = self._waiting[:end], self._waiting[end + 4 : whole]
            self._waiting = self._waiting[whole:]
            self.message_received(head, body)

    @abstractmethod
    def message_received(self, head: bytes, body: bytes) -> None:
        """Handle one message."""


def _length(head: bytes) -> int:
    lower = head.lower()
    at = lower.find(LENGTH)
    return int(lower[at + len(LENGTH) :].split(b"\r\n", 1)[0]) if at >= 0 else 0


class Client(Messages):
    """A connection that sends one request after the other."""

    async def request(self, head: bytes, body: bytes = b"") -> bytes:
        """Return the body of the answer."""
        self._answer: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self.transport.write(b"%bHost: worker\r\nContent-Length: %d\r\n\r\n%b" % (head, len(body), body))
        return await self._answer

    def message_received(self, head: bytes, body: bytes) -> None:
        if b" 200 " in head[:20]:
            self._answer.set_result(body)
        else:
            self._answer.set_exception(RuntimeError(f"A worker answered {head[:40]!r}: {body[:200]!r}"))

    def connection_lost(self, exc: Exception | None) -> None:
        answer = getattr(self, "_answer", None)
        if answer is not None and not answer.done():
            answer.set_exception(RuntimeError("A worker closed its connection."))
