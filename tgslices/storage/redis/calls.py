"""Calls to the server: scripts by their digests, in time, each with a token by which a repeated one is known."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from itertools import count
from secrets import token_bytes
from typing import Any, Final, TypeAlias, TypeVar

from redis.exceptions import NoScriptError

from tgslices.errors import StorageError
from tgslices.storage.redis.clients import Client, database_of, leave
from tgslices.storage.redis.codes.names import BotNames, Names
from tgslices.storage.redis.errors import ErrorTexts, is_demoted, is_lost
from tgslices.storage.redis.scripts import Script

T = TypeVar("T")

Work: TypeAlias = Callable[[Any], Awaitable[T]]
"""Makes one call with a client; that is of any type, because its commands are typed otherwise in each release."""

ATTEMPTS: Final = 3
"""How often a call is made: more than one connection may lead to a server that is no primary any more."""

WHO_BYTES: Final = 8
SERIAL_BYTES: Final = 6


class Calls:
    """Makes calls with the client of a storage that was started."""

    def __init__(self, names: Names, explain: ErrorTexts, *, timeout: float) -> None:
        """Have no client yet. ``timeout`` is in seconds."""
        self._names = names
        self.explain = explain
        self._timeout = timeout
        self._client: Client | None = None
        self.me = token_bytes(WHO_BYTES)
        """Tells this storage from every other one at the same place."""
        self.channel = b""
        """Where changes are told."""
        self._serials = count(1)
        self.reads_only = False
        """Whether what would write is refused."""
        self._underway: set[asyncio.Future[Any]] = set()

    def use(self, client: Client | None) -> None:
        """Make calls with a client from now on."""
        self._client = client
        if client is not None:
            self.channel = self._names.notices(database_of(client))

    @property
    def client(self) -> Client:
        """The client.

        Raises:
            StorageError: the storage is closed.
        """
        if self._client is None:
            raise StorageError("The storage was closed.", "Await its start() to open it again.")
        return self._client

    def token(self) -> bytes:
        """Return a token for a call; all have one length."""
        return self.me + next(self._serials).to_bytes(SERIAL_BYTES, "big")

    async def once(self, script: Script, names: BotNames, keys: Sequence[bytes], args: Sequence[bytes]) -> Any:
        """Run a script that keeps its answer for whoever repeats the call.

        Raises:
            StorageError: the server failed.
        """
        token = self.token()
        return await self.run(script, (names.memo(token.hex().encode()), *keys), (token, *args))

    async def run(self, script: Script, keys: Sequence[bytes], args: Sequence[bytes] = ()) -> Any:
        """Run a script; again where a connection was lost, or leads to what was the primary server.

        Raises:
            StorageError: the server failed, or the script writes and the storage only reads.
        """
        if self.reads_only and not script.reads:
            raise StorageError("The storage was opened to be read only.", "Open it without reads_only=True.")
        return await self.do(lambda client: _evaluate(client, script, keys, args))

    async def do(self, work: Work[T]) -> T:
        """Do work that is harmless when it is repeated; again where a connection was lost, or leads to a replica.

        Raises:
            StorageError: the server failed.
        """
        # In a task of its own, because who cancels a call in the midst of it leaves a connection that cannot be used.
        call = asyncio.ensure_future(self._do(work, self.client))
        self._underway.add(call)
        call.add_done_callback(self._end)
        result: T = await asyncio.shield(call)
        return result

    def abandon(self) -> None:
        """Forget calls of an event loop that is closed."""
        self._underway.clear()

    async def aclose(self) -> None:
        """Wait until no call is on its way; each ends in time."""
        if self._underway:
            await asyncio.wait(self._underway)

    def _end(self, call: asyncio.Future[Any]) -> None:
        self._underway.discard(call)
        if not call.cancelled():
            call.exception()  # looked at: whoever waited for it may have been cancelled

    async def _do(self, work: Work[T], client: Client) -> T:
        try:
            async with asyncio.timeout(self._timeout):
                for _ in range(ATTEMPTS - 1):
                    try:
                        return await work(client)
                    except Exception as error:
                        if is_demoted(error):
                            await leave(client)
                        elif not is_lost(error):
                            raise
                return await work(client)
        except Exception as error:
            raise self.explain(error) from error


async def _evaluate(client: Client, script: Script, keys: Sequence[bytes], args: Sequence[bytes]) -> Any:
    run: Any = client.execute_command
    try:
        return await run("EVALSHA", script.digest, len(keys), *keys, *args)
    except NoScriptError:
        return await run("EVAL", script.text, len(keys), *keys, *args)
