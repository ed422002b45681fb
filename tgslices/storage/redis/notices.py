"""What storages at one server tell each other, heard on a connection of its own and believed only while that works.

A script tells what it changed in the moment in which it does so, and the server hands out notices in that order. The
storage sends itself a check every second: what was told before has been heard when it arrives.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import timedelta
from typing import Any, Final

from redis.asyncio import Connection

from tgslices.event_loop.growing_waits import Doubling

PULSE: Final = 1.0
"""Seconds between two checks."""

TRUST: Final = 2.5
"""Seconds for which a check is believed."""

ATTEMPTS: Final = Doubling(first=timedelta(milliseconds=100), most=timedelta(minutes=1))
"""How long it takes until the server is listened to again, after it could not be."""


class Notices:
    """Listens on one channel until it is closed."""

    def __init__(
        self,
        connect: Callable[[], Connection],
        check: Callable[[bytes], Awaitable[object]],
        hear: Callable[[bytes], None],
        *,
        channel: bytes,
        own_channel: bytes,
        timeout: float,
    ) -> None:
        """Listen on what ``connect`` makes; ``check`` sends a text to the own channel. ``timeout`` is in seconds."""
        self._connect = connect
        self._check = check
        self._hear = hear
        self._channel = channel
        self._own_channel = own_channel
        self._timeout = timeout
        self._connections = 0
        self._believed_until = 0.0
        self._sent_at: dict[bytes, float] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def state(self) -> int | None:
        """Tell without waiting how far is heard. None: something may have been missed.

        While it stays equal, nothing has changed but what was heard. Another number says that something was missed.
        """
        return self._connections if asyncio.get_running_loop().time() < self._believed_until else None

    def start(self) -> None:
        """Listen from now on."""
        self._tasks.add(asyncio.create_task(self._run(), name="tgslices-notices"))

    async def aclose(self) -> None:
        """Listen no more."""
        self._believed_until = 0.0
        loop = asyncio.get_running_loop()
        for _ in range(2):  # the check may have begun meanwhile
            for task in [task for task in self._tasks if task.get_loop() is loop]:
                await _end(task)
        self._tasks.clear()

    async def _run(self) -> None:
        failures = 0
        while True:
            began = self._connections
            with suppress(Exception):  # whatever it is, the server is asked meanwhile, and says it
                await self._listen()
            self._believed_until = 0.0
            failures = 1 if self._connections > began else failures + 1
            await asyncio.sleep(ATTEMPTS.after(failures).total_seconds())

    async def _listen(self) -> None:
        connection = self._connect()
        checking: asyncio.Task[None] | None = None
        try:
            async with asyncio.timeout(self._timeout):
                await connection.connect()  # type: ignore[no-untyped-call]  # not in every release
                await connection.send_command("SUBSCRIBE", self._channel, self._own_channel)
                for _ in range(2):
                    await connection.read_response(disable_decoding=True)
            self._sent_at.clear()
            checking = asyncio.create_task(self._check_often(), name="tgslices-notices-check")
            self._tasks.add(checking)
            await self._read(connection, checking)
        finally:
            self._believed_until = 0.0
            if checking is not None:
                await _end(checking)
                self._tasks.discard(checking)
            with suppress(Exception):
                await connection.disconnect(nowait=True)

    async def _read(self, connection: Connection, checking: asyncio.Task[None]) -> None:
        is_new = True
        while not checking.done():
            async with asyncio.timeout(self._timeout + PULSE):
                _, channel, payload = await _next(connection)
            if channel == self._channel:
                self._hear(payload)
            elif (sent_at := self._sent_at.pop(payload, None)) is not None:
                if is_new:
                    self._connections += 1
                    is_new = False
                self._believed_until = sent_at + TRUST

    async def _check_often(self) -> None:
        loop = asyncio.get_running_loop()
        number = 0
        while True:
            number += 1
            text = b"%d" % number
            self._sent_at[text] = loop.time()
            await self._check(text)
            await asyncio.sleep(PULSE)


async def _end(task: asyncio.Task[None]) -> None:
    """Cancel a task until it ends: a client that looks whether its connection is alive may swallow a cancellation."""
    while not task.done():
        task.cancel()
        await asyncio.wait([task], timeout=0.05)
    if not task.cancelled():
        task.exception()  # looked at: that the server could not be asked is no news


async def _next(connection: Connection) -> tuple[bytes, bytes, bytes]:
    read: Any = await connection.read_response(disable_decoding=True)
    kind, channel, payload = read
    return kind, channel, payload
