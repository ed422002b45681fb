"""A database that is opened and closed: its engine, its tables, and who may use them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import timedelta
from typing import Literal, TypeAlias

from sqlalchemy import URL, MetaData
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from tgslices.errors import StorageError
from tgslices.storage.sqlalchemy.database import Ownership
from tgslices.storage.sqlalchemy.engines import database_of, engine_of_url
from tgslices.storage.sqlalchemy.faults import Explainer
from tgslices.storage.sqlalchemy.schema import build_tables
from tgslices.storage.sqlalchemy.statements import Statements
from tgslices.storage.sqlalchemy.transactions import Transactions
from tgslices.storage.sqlalchemy.versions import Versions

Synchronous: TypeAlias = Literal["OFF", "NORMAL", "FULL", "EXTRA"]


class Backend:
    """What the parts of a storage work with. The arguments are those of the storage."""

    def __init__(
        self,
        url_or_engine: str | URL | AsyncEngine,
        *,
        shared: bool | None,
        create: bool,
        prefix: str,
        schema: str | None,
        metadata: MetaData | None,
        timeout: timedelta,
        synchronous: Synchronous,
    ) -> None:
        """Put the parts together; nothing is connected yet.

        Raises:
            StorageError: the URL or the engine cannot be used.
        """
        self.timeout = timeout.total_seconds()
        self._owns_engine = isinstance(url_or_engine, str | URL)
        if isinstance(url_or_engine, str | URL):
            self.engine = engine_of_url(url_or_engine, synchronous=synchronous, timeout=self.timeout)
        else:
            self.engine = url_or_engine
        self.database = database_of(self.engine)
        self.shared = self.engine.dialect.name != "sqlite" if shared is None else shared
        self.tables = build_tables(prefix, schema=schema, metadata=metadata)
        self.statements = Statements(self.tables, self.engine.dialect)
        self.explain = Explainer(self.engine.url, self.timeout)
        turns = self.database.one_writer or not self.shared
        self.transactions = Transactions(
            self.engine, self.database, self.explain, timeout=self.timeout, turns=turns, when_stale=self.lose
        )
        self._ownership = Ownership(prefix, schema, self.shared, self._owns_engine, self.lose)
        self._versions = Versions(self.tables, create=create)
        self.is_running = False
        """Whether the database is open, and owned as it was asked for."""
        self._losses = 0
        self._losses_at_hold = 0
        self._losses_at_start = 0
        self._was_closed = False
        self._changing = asyncio.Lock()
        self._held = AsyncExitStack()

    async def start(self, load: Callable[[], Awaitable[None]]) -> None:
        """Open the database, bring its tables up to date, and load what the storage keeps in memory.

        Raises:
            StorageError: it cannot be opened, has an unknown version, or belongs to somebody else.
        """
        async with self._changing:
            if self.is_running:
                return
            try:
                await self._open()
                await load()
            except BaseException:
                await self._release()
                raise
            self._losses_at_start = self._losses_at_hold
            self.is_running = not self.is_lost
            self._was_closed = False

    @property
    def is_lost(self) -> bool:
        """Whether a database that was owned alone may have become somebody else's since it was last started."""
        return self._losses != self._losses_at_start

    def lose(self) -> None:
        """Note that the database may no longer be owned alone: whoever comes next must start it again."""
        if not self.shared:
            self._losses += 1
            self.is_running = False

    async def ready(self, load: Callable[[], Awaitable[None]]) -> None:
        """Open the database if that has not been done.

        Raises:
            StorageError: it was closed, or cannot be opened.
        """
        if self.is_running:
            return
        if self._was_closed:
            raise StorageError("The storage was closed.", "Await its start() to open it again.")
        await self.start(load)

    async def aclose(self, finish: Callable[[], Awaitable[None]]) -> None:
        """Refuse what comes from now on, finish what was accepted, and let go of the database."""
        async with self._changing:
            if self.is_running or self.is_lost:
                self.is_running = False
                self._was_closed = True
                await finish()
                await self._release()
                self._losses_at_start = self._losses

    async def _open(self) -> None:
        # What a newer release has written is refused before anything is touched.
        unfinished = await self.transactions.read(lambda connection: connection.run_sync(self._versions.check))
        await self.transactions.in_time(self._hold)
        if self._owns_engine:
            await self.transactions.read(self.database.prepare)
        if unfinished:
            await self.transactions.write(self._bring_up)

    async def _hold(self) -> None:
        await self._held.aclose()
        await self._held.enter_async_context(self.database.hold(self.engine, self._ownership))
        self._losses_at_hold = self._losses

    async def _bring_up(self, connection: AsyncConnection) -> None:
        await self.database.lock_schema(connection, self._ownership.prefix, self._ownership.schema)
        await connection.run_sync(self._versions.bring_up)

    async def _release(self) -> None:
        await self.transactions.aclose()
        await self._held.aclose()
        if self._owns_engine:
            await self.engine.dispose()
