"""Advisory locks that tell the storages of one PostgreSQL whether its tables belong to one of them or to several.

The server releases a lock when the connection of its holder ends, however that happens. A pooler that hands one session
to many clients makes them worthless.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from hashlib import blake2b
from typing import Any, Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from tgslices.errors import StorageError

_SCHEMA: Final = """
    SELECT coalesce(
        (SELECT n.nspname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
         WHERE c.oid = to_regclass(:table)),
        current_schema()
    )::text
"""
"""Where an unqualified table is, or else would be made."""

PAUSES: Final = (0.01, 0.02, 0.04, 0.08, 0.16)
"""Seconds between attempts: a server may take a moment to notice that a process that held the lock has ended."""

_SHARES: Final = "tgslices_shares"
"""Marks connections that hold a shared lock, in what SQLAlchemy keeps about each for as long as it lives."""


async def schema_of_tables(connection: AsyncConnection, prefix: str, schema: str | None) -> str:
    """Return the schema that the tables are in, because two of one database are none of each other's business."""
    if schema is not None:
        return schema
    quoted = f"{prefix}meta".replace('"', '""')
    found: str | None = await connection.scalar(text(_SCHEMA), {"table": f'"{quoted}"'})
    return found or ""


class AdvisoryLock:
    """A lock on the tables of one schema that begin with one prefix."""

    def __init__(self, schema: str, prefix: str, purpose: str) -> None:
        """Name it by a number that no other user of the database is likely to take."""
        digest = blake2b(f"tgslices\0{schema}\0{prefix}\0{purpose}".encode(), digest_size=8).digest()
        self._key = {"key": int.from_bytes(digest, "big", signed=True)}

    @asynccontextmanager
    async def alone(self, connection: AsyncConnection, lost: Callable[[], None]) -> AsyncIterator[None]:
        """Hold it alone on this connection, and tell when the connection ends before the context does.

        Raises:
            StorageError: others hold it.
        """
        if not await self._try_alone(connection):
            raise await self._refusal(connection)
        driver: Any = (await connection.get_raw_connection()).driver_connection

        def tell(_: object) -> None:
            lost()

        driver.add_termination_listener(tell)
        try:
            yield
        finally:
            driver.remove_termination_listener(tell)
            with suppress(Exception):
                await self._call(connection, "pg_advisory_unlock")

    async def share(self, connection: AsyncConnection) -> None:
        """Hold it together with others for as long as this connection lives; costs nothing where it is held.

        Raises:
            StorageError: somebody holds it alone.
        """
        if _SHARES in connection.info:
            return
        if not await self._call(connection, "pg_try_advisory_lock_shared"):
            raise _owned_alone()
        connection.info[_SHARES] = True

    async def try_to_share(self, connection: AsyncConnection) -> None:
        """See whether it could be held together with others, and leave no trace.

        Raises:
            StorageError: somebody holds it alone.
        """
        if not await self._call(connection, "pg_try_advisory_lock_shared"):
            raise _owned_alone()
        await self._call(connection, "pg_advisory_unlock_shared")

    async def wait_within_transaction(self, connection: AsyncConnection) -> None:
        """Wait for it, and hold it until the transaction ends."""
        await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), self._key)

    async def _try_alone(self, connection: AsyncConnection) -> bool:
        for pause in PAUSES:
            if await self._call(connection, "pg_try_advisory_lock"):
                return True
            await asyncio.sleep(pause)
        return await self._call(connection, "pg_try_advisory_lock")

    async def _refusal(self, connection: AsyncConnection) -> StorageError:
        try:
            await self.try_to_share(connection)
        except StorageError as refusal:
            return refusal
        return StorageError(
            "The tables are shared by other storages, so they cannot be owned alone.",
            "Pass shared=True here as well, or stop them.",
        )

    async def _call(self, connection: AsyncConnection, function: str) -> bool:
        return bool(await connection.scalar(text(f"SELECT {function}(:key)"), self._key))  # names of our own


def _owned_alone() -> StorageError:
    return StorageError(
        "The tables are owned alone by another storage, which would miss what is opened here.",
        "Use that storage, or close it first; several at once must all be given shared=True.",
    )
