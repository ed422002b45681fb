"""Writes that a storage could not take yet, kept in their order until it answers again."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Final, TypeAlias

log = logging.getLogger("tgslices")

Write: TypeAlias = Callable[[], Awaitable[object]]

FIRST_DELAY: Final = 0.1
LONGEST_DELAY: Final = 5.0


class Backlog:
    """An ordered, bounded queue of writes, and one task that tries them again with backoff.

    A write that fails with a ``ValueError`` or ``TypeError`` can never succeed (the entry itself is at fault): it is
    logged and dropped. Every other failure is the storage's: the write stays first in line.
    """

    def __init__(self, limit: int, sleep: Callable[[float], Awaitable[object]] = asyncio.sleep) -> None:
        """Keep at most ``limit`` writes; what comes beyond is logged and lost, because memory is bounded."""
        self._writes: deque[tuple[Write, str]] = deque()
        self._limit = limit
        self._sleep = sleep
        self._draining = asyncio.Lock()
        self._retrying: asyncio.Task[None] | None = None

    def __len__(self) -> int:
        """Return how many writes are waiting."""
        return len(self._writes)

    async def write(self, write: Write, what: str) -> bool:
        """Try a write at once, behind those that are waiting; keep it when the storage does not answer.

        Returns whether it was done. Raises nothing but cancellation.
        """
        if self._writes:
            self._keep(write, what)
            return False
        try:
            await write()
        except (ValueError, TypeError):
            log.exception("Cannot record %s; it is left out", what)
        except Exception as error:  # noqa: BLE001  # whatever a plugin's driver raises
            log.error(  # noqa: TRY400  # the same failure comes with every message while a storage is down
                "The storage failed to record %s and will be tried again: %s: %s", what, type(error).__name__, error
            )
            self._keep(write, what)
            return False
        return True

    def _keep(self, write: Write, what: str) -> None:
        if len(self._writes) >= self._limit:
            log.error("The storage is down and %d writes are waiting; %s is lost", self._limit, what)
            return
        self._writes.append((write, what))
        if self._retrying is None or self._retrying.done():
            self._retrying = asyncio.create_task(self._retry(), name="tgslices-backlog")

    async def drain(self) -> None:
        """Write what is waiting, now.

        Raises:
            Exception: whatever the storage raised; nothing was lost.
        """
        if not self._writes:
            return
        async with self._draining:
            while self._writes:
                write, what = self._writes[0]
                try:
                    await write()
                except (ValueError, TypeError):
                    log.exception("Cannot record %s; it is left out", what)
                self._writes.popleft()

    async def _retry(self) -> None:
        delay = FIRST_DELAY
        while self._writes:
            await self._sleep(delay)
            delay = min(delay * 2, LONGEST_DELAY)
            try:
                await self.drain()
            except Exception as error:  # noqa: BLE001  # whatever a plugin's driver raises
                log.warning("The storage still fails (%s); %d writes are waiting", type(error).__name__, len(self))

    async def aclose(self) -> None:
        """Try once more, then stop; what could not be written is counted in the log."""
        if self._retrying is not None:
            self._retrying.cancel()
            await asyncio.wait([self._retrying])
        try:
            await self.drain()
        except Exception:
            log.exception("The storage is down at shutdown; %d writes are lost", len(self))
