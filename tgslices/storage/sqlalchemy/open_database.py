"""A database that is opened and closed: its engine, its tables, and who may use them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack

from sqlalchemy import URL
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from tgslices.errors import StorageError
from tgslices.event_loop.kept_tasks import KeptTasks
from tgslices.event_loop.shared_attempt import SharedAttempt
from tgslices.storage.group_commit import other_loop
from tgslices.storage.sqlalchemy.arguments import Arguments
from tgslices.storage.sqlalchemy.database.connections import Connections
from tgslices.storage.sqlalchemy.database.engines import database_of, engine_of_url
from tgslices.storage.sqlalchemy.database.errors import ErrorTexts
from tgslices.storage.sqlalchemy.database.notices import Hear, Notices, Told
from tgslices.storage.sqlalchemy.database.steps import Steps
from tgslices.storage.sqlalchemy.database.transactions import Transactions
from tgslices.storage.sqlalchemy.database.urls import require_file
from tgslices.storage.sqlalchemy.tables.columns import DIALECTS
from tgslices.storage.sqlalchemy.tables.schema import Tables, build_tables
from tgslices.storage.sqlalchemy.tables.statements import Statements
from tgslices.storage.sqlalchemy.tables.versions import Versions


class OpenDatabase:
    """What the parts of a storage work with."""

    def __init__(self, url_or_engine: str | URL | AsyncEngine, arguments: Arguments) -> None:
        """Put the parts together; nothing is connected yet.

        Raises:
            StorageError: the URL or the engine cannot be used.
        """
        self.timeout = arguments.timeout.total_seconds()
        self._own_connections: Connections | None = None
        if isinstance(url_or_engine, str | URL):
            self.engine = engine_of_url(url_or_engine, arguments)
            self._own_connections = Connections(self.engine)
        else:
            self.engine = url_or_engine
        self.database = database_of(self.engine)
        if arguments.shared is False and not self.database.can_be_alone:
            raise StorageError(
                "A storage on PostgreSQL is always shared, because to own it alone would make it no faster.",
                "Leave out shared=False.",
            )
        self.reads_only = arguments.reads_only
        self.shared = not self.database.can_be_alone if arguments.shared is None else arguments.shared
        self.shared |= self.reads_only
        self.tables = self._describe(arguments)
        self.statements = Statements(self.tables, self.engine.dialect)
        self.explain = ErrorTexts(self.engine.url, self.timeout)
        turns = self.database.one_writer or not self.shared
        self.transactions = Transactions(
            self.engine, self.database, self.explain, timeout=self.timeout, turns=turns, failed=self.failed
        )
        self.transactions.reads_only = self.reads_only
        self._prefix, self._schema = arguments.prefix, arguments.schema
        self._creates = arguments.create and not self.reads_only
        self._versions = Versions(self.tables, create=self._creates)
        self.is_running = False
        """Whether the database is open, and owned as it was asked for."""
        self._was_closed = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._changing, self._starting, self._closing = asyncio.Lock(), SharedAttempt(), KeptTasks()
        self._held = AsyncExitStack()
        self._notices: Notices | None = None

    def _describe(self, arguments: Arguments) -> Tables:
        """Describe the tables; in one dialect where nobody makes them from it, because the other takes its time."""
        is_described_alone = self.reads_only and arguments.metadata is None
        return build_tables(
            arguments.prefix,
            schema=arguments.schema,
            metadata=arguments.metadata,
            dialects=(self.engine.dialect.name,) if is_described_alone else DIALECTS,
        )

    async def start(self, load: Callable[[], Awaitable[None]]) -> None:
        """Open the database, bring its tables up to date, and load what the storage keeps in memory.

        Raises:
            StorageError: it cannot be opened, has an unknown version, belongs to somebody else, or is open in another
                event loop.
        """
        self._move_in()
        await self._starting(lambda: self._start(load))

    async def ready(self, load: Callable[[], Awaitable[None]]) -> None:
        """Open the database if that has not been done.

        Raises:
            StorageError: it was closed, cannot be opened, or is open in another event loop.
        """
        if self.is_running and asyncio.get_running_loop() is self._loop:
            return
        if self._was_closed:
            raise StorageError("The storage was closed.", "Await its start() to open it again.")
        await self.start(load)

    async def aclose(self, finish: Callable[[], Awaitable[None]]) -> None:
        """Refuse what comes from now on, finish what was accepted, and let go of the database.

        A database that does not answer is let go of all the same: each step takes as long as a call may, no longer. It
        goes on when its caller is cancelled.

        Raises:
            StorageError: the storage is open in another event loop, which could still close it.
        """
        if not (self.is_running or self._changing.locked()):
            return
        loop = asyncio.get_running_loop()
        if loop is not self._loop:
            if self._loop is not None and not self._loop.is_closed():
                raise other_loop()
            self._take_over(loop)
            if self._own_connections is not None:
                self._own_connections.cut()
                await self.engine.dispose(close=False)  # what belonged to a loop that is closed cannot say goodbye
        await asyncio.shield(self._closing.start(self._close(finish), name="tgslices-closing"))

    def _move_in(self) -> None:
        """Live in the running event loop, which locks and connections belong to."""
        loop = asyncio.get_running_loop()
        if loop is self._loop:
            return
        is_changing = self._changing.locked() and self._loop is not None and not self._loop.is_closed()
        if self.is_running or is_changing:
            raise other_loop()
        self._take_over(loop)

    def _take_over(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._changing = asyncio.Lock()
        self._starting = SharedAttempt()
        self._closing.forget()
        self.transactions.start()

    async def _start(self, load: Callable[[], Awaitable[None]]) -> None:
        async with self._changing:
            if self.is_running:
                return
            try:
                await self._open()
                await load()
            except BaseException:
                await self._release()
                raise
            self._was_closed = False
            self.is_running = True

    async def _close(self, finish: Callable[[], Awaitable[None]]) -> None:
        try:
            async with asyncio.timeout(self.timeout):
                await self._changing.acquire()
        except TimeoutError:
            self._was_closed = True
            self.transactions.cancel()  # of a start that takes its time
            await self._changing.acquire()
        try:
            if self.is_running:
                self.is_running = False
                self._was_closed = True
                await finish()
                await self._release()
        finally:
            self._changing.release()

    async def _open(self) -> None:
        if not self._creates:
            require_file(self.engine.url)
        if self.reads_only:
            await self.transactions.read(self._look)
            return
        # What a newer release has written is refused before anything is touched.
        unfinished = await self.transactions.read(self._look)
        await self.transactions.in_time(self._hold)
        if self._own_connections is not None:
            await self.transactions.read(self.database.prepare)
        if unfinished:
            # Large tables take their time, and so does waiting for another worker that upgrades them.
            await self.transactions.write(self._bring_up, limited=False)

    async def listen(self, hear: Hear) -> None:
        """Listen to what others tell until the database is closed; only where it is shared."""

        if self.reads_only:
            return  # it asks each time

        async def enter() -> None:
            self._notices = await self.database.notices(
                self.engine, self._prefix, self.tables.meta.schema, seconds=self.timeout
            )
            if self._notices is not None:
                await self._held.enter_async_context(self._notices.listen(hear))

        await self.transactions.in_time(enter)

    def notices_state(self) -> int | None:
        """Tell how far is heard of what others tell; None if something may have been missed."""
        if self._notices is None or not self.is_running:
            return None
        try:
            is_here = asyncio.get_running_loop() is self._loop
        except RuntimeError:
            is_here = False
        return self._notices.state() if is_here else None

    def telling(self, notice: str) -> Steps[Told]:
        """Tell the others, once the transaction is committed."""
        return Told(0, 0) if self._notices is None else (yield from self._notices.telling(notice))

    def told(self, told: Told) -> None:
        """Know that a transaction that told the others is committed."""
        if self._notices is not None:
            self._notices.done(told)

    def failed(self) -> None:
        """Know that a transaction failed, or was given up; it may be committed all the same."""
        if self._notices is not None:
            self._notices.failed()

    async def _look(self, connection: AsyncConnection) -> bool:
        await self.database.check(connection)
        return await connection.run_sync(self._versions.check)

    async def _hold(self) -> None:
        await self._held.aclose()
        await self._held.enter_async_context(self.database.hold(self.engine, self._prefix, shared=self.shared))

    async def _bring_up(self, connection: AsyncConnection) -> None:
        await self.database.lock_schema(connection, self._prefix, self._schema)
        await connection.run_sync(self._versions.bring_up)

    async def _release(self) -> None:
        """Let go of the database, the last step first; a step that fails keeps none of the others from being taken."""
        async with AsyncExitStack() as steps:
            if self._own_connections is not None:
                steps.callback(self._own_connections.cut)
                steps.push_async_callback(self._in_time, self._dispose)
            steps.push_async_callback(self._in_time, self._held.aclose)
            steps.push_async_callback(self._in_time, self.transactions.aclose)

    async def _in_time(self, step: Callable[[], Awaitable[None]]) -> None:
        """Take a step as far as the database answers; when it does not, hang up and go on."""
        taking = asyncio.ensure_future(step())
        await asyncio.wait({taking}, timeout=self.timeout)
        if taking.done():
            taking.result()
            return
        taking.cancel()
        if self._own_connections is not None:
            self._own_connections.cut()
        await asyncio.wait({taking}, timeout=self.timeout)
        if taking.done() and not taking.cancelled():
            taking.exception()  # looked at: that the server is silent is no news

    async def _dispose(self) -> None:
        try:
            await self.engine.dispose()
        finally:
            await self.engine.dispose(close=False)  # the pool is a new one, even if the old one could not be closed
