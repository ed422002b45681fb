"""Runs work in the database on behalf of a caller: bounded in time, tried again where that helps, undisturbed.

The work runs in a task of its own, so that a caller who is cancelled leaves no transaction half done. The deadline is
that task's, so that it ends although nobody waits for it any more. Whoever does wait gets an error in time, even while
the driver is still letting go of its connection.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext, suppress
from datetime import timedelta
from functools import partial
from threading import Event
from typing import Final, TypeAlias, TypeVar

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from tgslices.errors import StorageError
from tgslices.event_loop.growing_waits import Doubling
from tgslices.storage.sqlalchemy.database.dialect import Database
from tgslices.storage.sqlalchemy.database.errors import MAX_ATTEMPTS, ErrorTexts, is_stale_connection, is_transient
from tgslices.storage.sqlalchemy.database.steps import Steps

T = TypeVar("T")
Work: TypeAlias = Callable[[AsyncConnection], Awaitable[T]]

_Unit: TypeAlias = Callable[[AsyncConnection, Callable[[], None]], Awaitable[T]]
"""Does work in a transaction, and says when only the commit is left to fail."""

COLLISION: Final = Doubling(first=timedelta(milliseconds=2), most=timedelta(seconds=1))
"""How long a write waits after it collided with another one."""


class Transactions:
    """Reads and writes on connections of one engine."""

    def __init__(
        self,
        engine: AsyncEngine,
        database: Database,
        explain: ErrorTexts,
        *,
        timeout: float,
        turns: bool,
        failed: Callable[[], None],
    ) -> None:
        """Use an engine as the database wants it; ``timeout`` is in seconds, with ``turns`` only one writer works.

        ``failed`` is called when work has failed, or its time was up.
        """
        self._engine = database.engine(engine)
        self._database = database
        self._explain = explain
        self._timeout = timeout
        self._turns = turns
        self._failed = failed
        self.reads_only = False
        """Whether what would write is refused."""
        self._tasks: dict[asyncio.Task[object], asyncio.TimerHandle | None] = {}
        self.turn: AbstractAsyncContextManager[None] = nullcontext()
        """Held by whoever writes. Wait for it with a connection in hand, never the other way round."""
        # Transactions wait for their turn one by one, so that they do not take every connection along.
        self._queue: AbstractAsyncContextManager[None] = nullcontext()

    def start(self) -> None:
        """Work in the running event loop from now on, and in no other: the locks are its own."""
        self._tasks = {}
        if self._turns:
            self.turn, self._queue = asyncio.Lock(), asyncio.Lock()

    def connect(self) -> AbstractAsyncContextManager[AsyncConnection]:
        """Borrow a connection to write on.

        Raises:
            StorageError: the storage only reads.
        """
        self._require_writing()
        return self._borrow()

    async def read(self, work: Work[T]) -> T:
        """Run work that only reads.

        Raises:
            StorageError: the database failed, or did not answer in time.
        """
        return await self.in_time(lambda: self._attempt_read(work))

    def read_later(self, work: Work[T], then: Callable[[T | None], None]) -> None:
        """Read in the background, and hand over what was read, or None after a failure."""

        def finish(task: asyncio.Task[T]) -> None:
            then(None if task.cancelled() or task.exception() else task.result())

        self._begin(lambda: self._attempt_read(work), limited=True).add_done_callback(finish)

    async def write(
        self,
        work: Work[T],
        *,
        before: Work[None] | None = None,
        after: Callable[[T], None] | None = None,
        limited: bool = True,
        unclaimed: Callable[[T], Work[object]] | None = None,
        single: bool = False,
    ) -> T:
        """Run work in one transaction, with nobody else's turn between it and what comes ``before`` and ``after``.

        Unless it is ``limited`` it may take any time, and ends with its caller. ``unclaimed`` tells what is to be done
        about a result that its caller, who was cancelled, does not get any more. Of *single* work one statement writes,
        which needs no other transaction and is harmless to repeat.

        Raises:
            StorageError: the database failed, or did not answer in time. What was written is undone, unless the
                connection broke at the very end, when nobody knows.
        """
        unit = partial(self._do_single if single else self._do_whole, work)
        return await self._write(unit, before=before, after=after, limited=limited, unclaimed=unclaimed)

    async def take(
        self,
        steps: Callable[[], Steps[T]],
        *,
        after: Callable[[T], None] | None = None,
        unclaimed: Callable[[T], Work[object]] | None = None,
    ) -> T:
        """Take steps in one transaction; everything else is as for :meth:`write`.

        Raises:
            StorageError: as for :meth:`write`.
        """

        async def unit(connection: AsyncConnection, done: Callable[[], None]) -> T:
            return await self._database.transact(connection, steps(), done=done)

        return await self._write(unit, before=None, after=after, unclaimed=unclaimed)

    async def _write(
        self,
        unit: _Unit[T],
        *,
        before: Work[None] | None,
        after: Callable[[T], None] | None,
        limited: bool = True,
        unclaimed: Callable[[T], Work[object]] | None,
    ) -> T:
        self._require_writing()
        task = self._begin(lambda: self._attempt_write(unit, before, after), limited=limited)
        try:
            return await self._outcome(task, limited=limited)
        except asyncio.CancelledError:
            if unclaimed is not None:
                self.follow_up(task, unclaimed)
            raise

    def follow_up(self, result: asyncio.Future[T], unclaimed: Callable[[T], Work[object]]) -> None:
        """Do what is to be done about a result that nobody gets, once it is there."""

        def follow(result: asyncio.Future[T]) -> None:
            if not result.cancelled() and result.exception() is None:
                unit = partial(self._do_whole, unclaimed(result.result()))
                self._begin(lambda: self._attempt_write(unit, None, None), limited=True)

        result.add_done_callback(follow)

    async def aclose(self) -> None:
        """Wait for what is under way."""
        while self._tasks:
            await asyncio.wait(self._tasks)

    def cancel(self) -> None:
        """Cancel running work: it is told that its time is up."""
        for task in self._tasks:
            task.cancel()

    async def in_time(self, call: Callable[[], Awaitable[T]], *, limited: bool = True) -> T:
        """Run anything that uses the database; unless it is ``limited`` it may take any time, and ends with its caller.

        Raises:
            StorageError: the database failed, or did not answer in time.
        """

        return await self._outcome(self._begin(call, limited=limited), limited=limited)

    def _require_writing(self) -> None:
        if self.reads_only:
            raise StorageError("The storage was opened to be read only.", "Open it without reads_only=True.")

    def _begin(self, call: Callable[[], Awaitable[T]], *, limited: bool) -> asyncio.Task[T]:
        async def run() -> T:
            return await call()

        task = asyncio.create_task(run(), name="tgslices-storage")
        self._tasks[task] = asyncio.get_running_loop().call_later(self._timeout, task.cancel) if limited else None
        task.add_done_callback(self._forget)
        return task

    async def _outcome(self, task: asyncio.Task[T], *, limited: bool) -> T:
        try:
            await asyncio.wait({task}, timeout=self._timeout if limited else None)
        except asyncio.CancelledError:
            if not limited:
                task.cancel()
            raise
        if not task.done() or task.cancelled():
            raise self._explain(TimeoutError())
        try:
            return task.result()
        except Exception as error:
            explained = self._explain(error)
            if explained is error:
                raise
            raise explained from error

    @asynccontextmanager
    async def _borrow(self) -> AsyncIterator[AsyncConnection]:
        """Borrow a connection from the pool. A dead one does not go back there, where the next attempt would get it."""
        self._database.require_place()
        async with self._engine.connect() as connection:
            try:
                yield connection
            except Exception as error:
                if is_stale_connection(error) and not connection.invalidated:
                    with suppress(Exception):
                        await connection.invalidate()
                raise

    def _forget(self, task: asyncio.Task[T]) -> None:
        deadline = self._tasks.pop(task, None)
        if deadline is not None:
            deadline.cancel()
        if task.cancelled() or task.exception() is not None:  # looked at, because its caller may be gone
            self._failed()

    async def _attempt_read(self, work: Work[T]) -> T:
        try:
            async with self._borrow() as connection:
                return await work(connection)
        except Exception as error:
            if not is_stale_connection(error):
                raise
        async with self._borrow() as connection:
            return await work(connection)

    async def _do_whole(self, work: Work[T], connection: AsyncConnection, done: Callable[[], None]) -> T:
        async with self._database.transaction(connection):
            result = await work(connection)
            done()
        return result

    async def _do_single(self, work: Work[T], connection: AsyncConnection, _: Callable[[], None]) -> T:
        async with self._database.single(connection):
            return await work(connection)

    async def _attempt_write(self, unit: _Unit[T], before: Work[None] | None, after: Callable[[T], None] | None) -> T:
        for attempt in range(1, MAX_ATTEMPTS + 1):
            worked = Event()
            try:
                async with self._queue, self._borrow() as connection, self.turn:
                    if before is not None:
                        await before(connection)
                    result = await unit(connection, worked.set)
                    if after is not None:
                        after(result)
                    return result
            except Exception as error:
                # Once the work is done, only the commit can have failed, and it may have been carried out.
                stale = is_stale_connection(error) and attempt == 1 and not worked.is_set()
                collided = is_transient(error) or isinstance(error, IntegrityError)
                if attempt == MAX_ATTEMPTS or not (stale or collided):
                    raise
            await asyncio.sleep(COLLISION.after(attempt).total_seconds() if collided else 0)
        raise AssertionError("unreachable")  # pragma: no cover
