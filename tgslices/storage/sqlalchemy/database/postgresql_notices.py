"""LISTEN and NOTIFY on a connection of its own, believed only while it is known to work.

The server hands out notices in the order in which transactions are committed.
Source: https://www.postgresql.org/docs/current/sql-notify.html
"""

# ruff: noqa: D102 - the methods are documented once, on the protocol

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from hashlib import blake2b
from secrets import token_hex
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncEngine

from tgslices.event_loop.growing_waits import Doubling
from tgslices.storage.sqlalchemy.database.notices import Hear, Told
from tgslices.storage.sqlalchemy.database.steps import Step, Steps

PULSE: Final = 1.0
"""Seconds between two questions whether the connection still works."""

TRUST: Final = 2.5
"""Seconds for which an answer is believed."""

ATTEMPTS: Final = Doubling(first=timedelta(milliseconds=100), most=timedelta(minutes=1))
"""How long it takes until the server is listened to again, after it could not be."""

_CHECK: Final = "check "


def channel_of(schema: str, prefix: str) -> str:
    """Return the name of the channel for the tables of one schema with one prefix."""
    digest = blake2b(f"{schema}\0{prefix}".encode(), digest_size=12)
    return f"tgslices_{digest.hexdigest()}"


class PostgreSQLNotices:
    """The :class:`~tgslices.storage.sqlalchemy.database.notices.Notices` of a server."""

    def __init__(self, engine: AsyncEngine, channel: str, *, timeout: float) -> None:
        """Use connections of an engine on which each statement is a transaction. ``timeout`` is in seconds."""
        self._engine = engine
        self._channel = channel
        self._timeout = timeout
        self._connections = 0
        self._believed_until = 0.0

    def state(self) -> int | None:
        is_believed = asyncio.get_running_loop().time() < self._believed_until
        return self._connections if is_believed else None

    def telling(self, notice: str) -> Steps[Told]:
        # Spelled out, so that it goes with the commit; of what a notice may say nothing needs to be quoted.
        told = f"SELECT pg_notify('{self._channel}', '{notice}')"
        yield Step(lambda _: told, [()], is_last=True)
        return Told(self._connections, self._connections)

    def done(self, told: Told) -> None: ...

    def failed(self) -> None: ...

    @asynccontextmanager
    async def listen(self, hear: Hear) -> AsyncIterator[None]:
        task = asyncio.create_task(self._run(hear), name="tgslices-notices")
        try:
            yield
        finally:
            self._believed_until = 0.0
            if task.get_loop() is asyncio.get_running_loop():
                task.cancel()
                await asyncio.wait([task])

    async def _run(self, hear: Hear) -> None:
        failures = 0
        while True:
            began = self._connections
            with suppress(Exception):  # whatever it is, the database is asked meanwhile, and says it
                await self._connect(hear)
            self._believed_until = 0.0
            failures = 1 if self._connections > began else failures + 1
            await asyncio.sleep(ATTEMPTS.after(failures).total_seconds())

    async def _connect(self, hear: Hear) -> None:
        async with self._engine.connect() as connection:
            driver: Any = (await connection.get_raw_connection()).driver_connection
            driver.add_termination_listener(self._disbelieve)
            try:
                await self._listen(driver, hear)
            finally:
                # It must not go back to the pool, where it would listen for somebody else.
                driver.terminate()
                with suppress(Exception):
                    await connection.invalidate()

    async def _listen(self, driver: Any, hear: Hear) -> None:
        check, passed = _CHECK + token_hex(8), asyncio.Event()

        def notice(_: object, process: object, channel: object, payload: str) -> None:
            if payload == check:
                passed.set()
            elif not payload.startswith(_CHECK):
                hear(payload)

        async with asyncio.timeout(self._timeout):
            await driver.add_listener(self._channel, notice)
            # A pooler may let statements pass and keep notices back.
            await self._send(check)
            await passed.wait()
        self._connections += 1
        loop = asyncio.get_running_loop()
        while True:
            asked_at = loop.time()
            async with asyncio.timeout(self._timeout):
                await driver.fetchval("SELECT 1")
            self._believed_until = asked_at + TRUST
            await asyncio.sleep(PULSE)

    async def _send(self, payload: str) -> None:
        async with self._engine.connect() as connection:
            driver: Any = (await connection.get_raw_connection()).driver_connection
            await driver.fetchval("SELECT pg_notify($1, $2)", self._channel, payload)

    def _disbelieve(self, _: object) -> None:
        self._believed_until = 0.0
