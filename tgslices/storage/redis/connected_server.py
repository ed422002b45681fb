"""A server that is connected to and let go of, and the event loop in which that is so."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

from tgslices.errors import StorageError
from tgslices.event_loop.kept_tasks import KeptTasks
from tgslices.event_loop.shared_attempt import SharedAttempt
from tgslices.storage.group_commit import other_loop
from tgslices.storage.redis.calls import Calls
from tgslices.storage.redis.clients import Client, Clients, abandon, close
from tgslices.storage.redis.codes.names import Names
from tgslices.storage.redis.server import check


class ConnectedServer:
    """Opens and closes the client of a storage."""

    def __init__(self, clients: Clients, calls: Calls, names: Names, *, timeout: float) -> None:
        """Connect to nothing yet. ``timeout`` is in seconds."""
        self._clients = clients
        self._calls = calls
        self._names = names
        self._timeout = timeout
        self._loop: asyncio.AbstractEventLoop | None = None
        self._client: Client | None = None
        self._starting = SharedAttempt()
        self._changing = asyncio.Lock()
        self._closing = KeptTasks()
        self._was_closed = False
        self.is_running = False
        """Whether the server was looked at, and calls may be made."""

    def is_here(self) -> bool:
        """Tell whether the running event loop is the one in which the storage is open."""
        try:
            return self.is_running and asyncio.get_running_loop() is self._loop
        except RuntimeError:
            return False

    async def start(self, listen: Callable[[Client], None]) -> None:
        """Connect and look at the server.

        Raises:
            StorageError: it cannot be used, or the storage is open in another event loop.
        """
        self._move_in()
        await self._starting(lambda: self._start(listen))

    async def ready(self, listen: Callable[[Client], None]) -> None:
        """Start if that has not been done.

        Raises:
            StorageError: it was closed, cannot be used, or is open in another event loop.
        """
        if self.is_here():
            return
        if self._was_closed:
            raise StorageError("The storage was closed.", "Await its start() to open it again.")
        await self.start(listen)

    async def aclose(self, finish: Callable[[], Awaitable[None]]) -> None:
        """Refuse what comes from now on, finish what was accepted, and let go of the server.

        It goes on when its caller is cancelled, and a start waits for it.

        Raises:
            StorageError: the storage is open in another event loop, which could still close it.
        """
        if self._loop is None:
            return
        loop = asyncio.get_running_loop()
        if loop is not self._loop:
            if not self._loop.is_closed():
                raise other_loop()
            self._take_over(loop)
        await asyncio.shield(self._closing.start(self._close(finish), name="tgslices-closing"))

    def _move_in(self) -> None:
        loop = asyncio.get_running_loop()
        if loop is self._loop:
            return
        if self.is_running and self._loop is not None and not self._loop.is_closed():
            raise other_loop()
        self._take_over(loop)

    def _take_over(self, loop: asyncio.AbstractEventLoop) -> None:
        """Live in an event loop; what may be left is of one that was closed."""
        self._loop = loop
        self._starting = SharedAttempt()
        self._changing = asyncio.Lock()
        if self._client is not None:
            abandon(self._client)
            self._client = None
        self._calls.abandon()
        self.is_running = False

    async def _start(self, listen: Callable[[Client], None]) -> None:
        async with self._changing:
            if self.is_running:
                return
            self._client = client = self._clients.make()
            try:
                async with asyncio.timeout(self._timeout):
                    await check(client, self._clients.where, self._names.version, writes=not self._calls.reads_only)
            except BaseException as error:
                await self._let_go()
                if isinstance(error, Exception):
                    raise self._calls.explain(error) from error
                raise
            self._calls.use(client)
            self._was_closed = False
            self.is_running = True
            listen(client)

    async def _close(self, finish: Callable[[], Awaitable[None]]) -> None:
        async with self._changing:
            if not self.is_running:
                return
            self.is_running = False
            self._was_closed = True
            try:
                await finish()
            finally:
                self._calls.use(None)
                await self._let_go()

    async def _let_go(self) -> None:
        """Close a client of one's own, as far as the server answers."""
        client, self._client = self._client, None
        if client is not None and self._clients.is_own:
            with suppress(Exception):
                async with asyncio.timeout(self._timeout):
                    await close(client)
