"""Writes that a storage could not take yet, kept in their order until it answers again."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Final, TypeAlias

from tgslices.error_texts.without_secrets import said
from tgslices.errors import InvalidSessionKey, InvalidTrackedMessage, ValueRefused
from tgslices.event_loop.cancellation import require_not_cancelled
from tgslices.event_loop.growing_waits import Doubling
from tgslices.event_loop.shared_attempt import SharedAttempt

log = logging.getLogger("tgslices")

Write: TypeAlias = Callable[[], Awaitable[object]]
"""A call of the storage; :class:`Backlog` also takes one that only reads."""

MAX_REFUSALS: Final = 3
"""How often a write fails while the storage answers before it is given up: a pool may hold several dead connections."""

RETRY: Final = Doubling(first=timedelta(seconds=0.1), most=timedelta(seconds=5))
"""How long to wait before a write that failed is tried again."""

_HOPELESS: Final = (InvalidTrackedMessage, InvalidSessionKey, ValueRefused)
"""What a storage of ours says of an entry that can never be written."""


class Backlog:
    """An ordered, bounded queue of writes, and one task that tries them again with backoff.

    A failure is the storage's, and the write stays first in line. Only an entry that can never be written is logged and
    dropped, so that it does not hold up the rest. Our own errors name such an entry; or a storage refuses it again and
    again with a ``ValueError`` or ``TypeError``, and answers other questions. Drivers raise those errors too when a
    connection was closed.
    """

    def __init__(
        self,
        limit: int,
        *,
        probe: Write,
        on_wait: Callable[[], None] = lambda: None,
        on_change: Callable[[int, int], None] | None = None,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        """Keep at most ``limit`` writes; what comes beyond is logged and lost, because memory is bounded.

        ``probe`` reads from the storage, and raises when it does not answer. It is told ``on_wait`` when a write waits.
        ``on_change`` gets how many writes wait, whenever that is another number, and how many were lost just now.
        """
        self.waiting: deque[tuple[Write, str]] = deque()
        self._limit = limit
        self._probe = probe
        self._on_wait = on_wait
        self._on_change = on_change
        self._sleep = sleep
        self._draining = SharedAttempt()
        self._retrying: asyncio.Task[None] | None = None

    async def write(self, write: Write, what: str) -> bool:
        """Try a write at once, behind those that are waiting; keep it when the storage does not answer.

        Returns whether it was done. Raises nothing but cancellation.
        """
        if self.waiting:
            self.keep(write, what)
            return False
        try:
            await write()
        except (Exception, asyncio.CancelledError) as error:  # noqa: BLE001  # whatever a plugin's driver raises
            require_not_cancelled(error)
            self.keep(write, what, error)
            return False
        return True

    def keep(self, write: Write, what: str, error: BaseException | None = None) -> None:
        """Put a write at the end of the line, unless the ``error`` with which it failed says that it is hopeless."""
        if isinstance(error, _HOPELESS):
            log.error("Cannot record %s; it is left out: %s", what, said(error))
            return
        if error is not None:
            log.error("The storage failed to record %s and is tried again: %s", what, said(error))
        if len(self.waiting) >= self._limit:
            log.error("The storage is down and %d writes are waiting; %s is lost", self._limit, what)
            self._note_change(lost=1)
            return
        self._on_wait()
        self.waiting.append((write, what))
        self._note_change()
        if self._retries_here() is None:
            self._retrying = asyncio.create_task(self._retry(), name="tgslices-backlog")

    def _retries_here(self) -> asyncio.Task[None] | None:
        """Return the task that tries again, unless it is done or was left behind in another event loop."""
        task = self._retrying
        if task is None or task.done() or task.get_loop() is not asyncio.get_running_loop():
            return None
        return task

    async def drain(self) -> None:
        """Write what is waiting, now. Callers at the same time share one attempt.

        Raises:
            Exception: whatever the storage raised; nothing was lost.
        """
        if self.waiting:
            await self._draining(self._drain_and_tell)

    async def _drain_and_tell(self) -> None:
        before = len(self.waiting)
        try:
            await self._drain()
        finally:
            if len(self.waiting) != before:
                self._note_change()

    async def _drain(self) -> None:
        while self.waiting:
            write, what = self.waiting[0]
            for refusals in range(1, MAX_REFUSALS + 1):
                try:
                    await write()
                    break
                except (ValueError, TypeError) as error:
                    is_hopeless = isinstance(error, _HOPELESS)
                    if not (is_hopeless or await self._answers()):
                        raise
                    if is_hopeless or refusals == MAX_REFUSALS:
                        log.error("Cannot record %s; it is left out: %s", what, said(error))  # noqa: TRY400  # a traceback may show a token
                        break
            self.waiting.popleft()

    async def _answers(self) -> bool:
        try:
            await self._probe()
        except Exception:  # noqa: BLE001  # whatever a plugin's driver raises
            return False
        return True

    async def _retry(self) -> None:
        failures = 1
        while self.waiting:
            await self._sleep(RETRY.after(failures).total_seconds())
            failures += 1
            try:
                await self.drain()
            except (Exception, asyncio.CancelledError) as error:  # noqa: BLE001  # whatever a plugin's driver raises
                require_not_cancelled(error)
                log.warning(
                    "The storage still fails (%s); %d writes are waiting", type(error).__name__, len(self.waiting)
                )

    async def aclose(self) -> None:
        """Try once more, then stop; what could not be written is counted in the log."""
        retrying = self._retries_here()
        if retrying is not None:
            retrying.cancel()
            await asyncio.wait([retrying])
        try:
            await self.drain()
        except Exception as error:  # noqa: BLE001  # whatever a plugin's driver raises
            log.error("The storage is down at shutdown; %d writes are lost: %s", len(self.waiting), said(error))  # noqa: TRY400  # a traceback may show a token
            self._note_change(lost=len(self.waiting))

    def _note_change(self, *, lost: int = 0) -> None:
        if self._on_change is not None:
            self._on_change(len(self.waiting), lost)
