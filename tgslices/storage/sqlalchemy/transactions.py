"""Runs work in the database on behalf of a caller: bounded in time, tried again where that helps, undisturbed.

The work runs in a task of its own, so that a caller who is cancelled leaves no transaction half done. The deadline is
that task's, so that it ends although nobody waits for it any more. Whoever does wait gets an error in time, even while
the driver is still letting go of its connection.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext, suppress
from typing import TypeAlias, TypeVar

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from tgslices.storage.sqlalchemy.database import Database
from tgslices.storage.sqlalchemy.faults import MOST_ATTEMPTS, Explainer, is_stale_connection, is_transient

T = TypeVar("T")
Work: TypeAlias = Callable[[AsyncConnection], Awaitable[T]]


class Transactions:
    """Reads and writes on connections of one engine."""

    def __init__(
        self,
        engine: AsyncEngine,
        database: Database,
        explain: Explainer,
        *,
        timeout: float,
        turns: bool,
        when_stale: Callable[[], None],
    ) -> None:
        """Use an engine as the database wants it; ``timeout`` is in seconds, with ``turns`` only one writer works.

        ``when_stale`` is called when a connection turns out to be dead.
        """
        self._engine = database.engine(engine)
        self._database = database
        self._explain = explain
        self._timeout = timeout
        self._tasks: dict[asyncio.Task[object], asyncio.TimerHandle] = {}
        self._when_stale = when_stale
        self.turn: AbstractAsyncContextManager[None] = asyncio.Lock() if turns else nullcontext()
        """Held by whoever writes. Wait for it with a connection in hand, never the other way round."""
        # Transactions wait for their turn one by one, so that they do not take every connection along.
        self._queue: AbstractAsyncContextManager[None] = asyncio.Lock() if turns else nullcontext()

    def connect(self) -> AbstractAsyncContextManager[AsyncConnection]:
        """Borrow a connection."""
        return self._borrow()

    async def read(self, work: Work[T]) -> T:
        """Run work that only reads.

        Raises:
            StorageError: the database failed, or did not answer in time.
        """
        return await self.in_time(lambda: self._attempt_read(work))

    async def write(
        self, work: Work[T], *, before: Work[None] | None = None, after: Callable[[T], None] | None = None
    ) -> T:
        """Run work in one transaction, with nobody else's turn between it and what comes ``before`` and ``after``.

        Raises:
            StorageError: the database failed, or did not answer in time. What was written is undone, unless the
                connection broke at the very end, when nobody knows.
        """
        return await self.in_time(lambda: self._attempt_write(work, before, after))

    async def aclose(self) -> None:
        """Wait for what is under way."""
        while self._tasks:
            await asyncio.wait(self._tasks)

    async def in_time(self, call: Callable[[], Awaitable[T]]) -> T:
        """Run anything that uses the database.

        Raises:
            StorageError: the database failed, or did not answer in time.
        """

        async def run() -> T:
            return await call()

        task = asyncio.create_task(run(), name="tgslices-storage")
        deadline = asyncio.get_running_loop().call_later(self._timeout, task.cancel)
        self._tasks[task] = deadline
        task.add_done_callback(self._forget)
        await asyncio.wait({task}, timeout=self._timeout)
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
        async with self._engine.connect() as connection:
            try:
                await self._database.join(connection)
                yield connection
            except Exception as error:
                if is_stale_connection(error):
                    self._when_stale()
                    if not connection.invalidated:
                        with suppress(Exception):
                            await connection.invalidate()
                raise

    def _forget(self, task: asyncio.Task[T]) -> None:
        self._tasks.pop(task).cancel()
        if not task.cancelled():
            task.exception()  # looked at, because its caller may be gone

    async def _attempt_read(self, work: Work[T]) -> T:
        try:
            async with self._borrow() as connection:
                return await work(connection)
        except Exception as error:
            if not is_stale_connection(error):
                raise
        async with self._borrow() as connection:
            return await work(connection)

    async def _attempt_write(self, work: Work[T], before: Work[None] | None, after: Callable[[T], None] | None) -> T:
        for attempt in range(1, MOST_ATTEMPTS + 1):
            worked = False
            try:
                async with self._queue, self._borrow() as connection, self.turn:
                    if before is not None:
                        await before(connection)
                    async with self._database.transaction(connection):
                        result = await work(connection)
                        worked = True
                    if after is not None:
                        after(result)
                    return result
            except Exception as error:
                # Once the work is done, only the commit can have failed, and it may have been carried out.
                stale = is_stale_connection(error) and attempt == 1 and not worked
                collided = is_transient(error) or isinstance(error, IntegrityError)
                if attempt == MOST_ATTEMPTS or not (stale or collided):
                    raise
            await asyncio.sleep(0.001 * 2**attempt if collided else 0)
        raise AssertionError("unreachable")  # pragma: no cover
