"""One lock per key, which exists only while somebody holds it or waits for it."""

from __future__ import annotations

from asyncio import Lock
from collections.abc import AsyncIterator, Collection
from contextlib import AsyncExitStack, asynccontextmanager

from tgslices.model import SessionKey


class KeyLocks:
    """Locks by key; first come, first served. Not re-entrant."""

    __slots__ = ("_locks", "_users")

    def __init__(self) -> None:
        self._locks: dict[SessionKey, Lock] = {}
        self._users: dict[SessionKey, int] = {}

    def __len__(self) -> int:
        """Return how many locks exist; 0 while nobody is at work."""
        return len(self._locks)

    @asynccontextmanager
    async def hold(self, key: SessionKey) -> AsyncIterator[None]:
        """Hold a key's lock during a block."""
        lock = self._locks.setdefault(key, Lock())
        self._users[key] = self._users.get(key, 0) + 1
        try:
            async with lock:
                yield
        finally:
            self._users[key] -= 1
            if not self._users[key]:
                del self._users[key], self._locks[key]

    @asynccontextmanager
    async def hold_all(self, keys: Collection[SessionKey]) -> AsyncIterator[None]:
        """Hold the locks of several keys during a block, without waiting in a circle with others who do the same."""
        async with AsyncExitStack() as stack:
            for key in sorted(set(keys), key=repr):
                await stack.enter_async_context(self.hold(key))
            yield
