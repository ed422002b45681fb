"""One lock per key, which exists only while somebody holds it or waits for it."""

from __future__ import annotations

from asyncio import AbstractEventLoop, Lock, get_running_loop
from collections.abc import AsyncIterator, Collection
from contextlib import AsyncExitStack, asynccontextmanager

from tgslices.model import SessionKey


class KeyLocks:
    """Locks by key; first come, first served. Not re-entrant."""

    __slots__ = ("_locks", "_loop", "_users")

    def __init__(self) -> None:
        self._locks: dict[SessionKey, Lock] = {}
        self._users: dict[SessionKey, int] = {}
        self._loop: AbstractEventLoop | None = None

    def __len__(self) -> int:
        """Return how many locks exist; 0 while nobody is at work."""
        return len(self._locks)

    @asynccontextmanager
    async def hold(self, key: SessionKey) -> AsyncIterator[None]:
        """Hold a key's lock during a block."""
        self._move_in()
        locks, users = self._locks, self._users
        lock = locks.setdefault(key, Lock())
        users[key] = users.get(key, 0) + 1
        try:
            async with lock:
                yield
        finally:
            users[key] -= 1
            if not users[key]:
                del users[key], locks[key]

    def _move_in(self) -> None:
        """Begin anew in another event loop: nobody releases what is held in one that is closed."""
        loop = get_running_loop()
        if loop is not self._loop:
            if self._loop is not None and self._loop.is_closed():
                self._locks, self._users = {}, {}
            self._loop = loop

    @asynccontextmanager
    async def hold_all(self, keys: Collection[SessionKey]) -> AsyncIterator[None]:
        """Hold the locks of several keys during a block, without waiting in a circle with others who do the same."""
        async with AsyncExitStack() as stack:
            for key in sorted(set(keys), key=repr):
                await stack.enter_async_context(self.hold(key))
            yield
