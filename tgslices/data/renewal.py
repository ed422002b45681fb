"""Keeps what is held from going to another worker, for as long as this process moves."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Final

from tgslices.clock import Clock
from tgslices.error_texts.without_secrets import described
from tgslices.storage.data_protocol import DataHold, DataStorage

log = logging.getLogger("tgslices")

LEASE: Final = timedelta(seconds=10)
"""For how long a fragment is held at least: when its holder is killed, others wait for as long."""

RENEW_EVERY: Final = timedelta(seconds=3)


class Renewal:
    """Renews everything that is held, every few seconds; nothing runs while nothing is held."""

    def __init__(self, storage: DataStorage, held: Callable[[], Iterable[DataHold]], clock: Clock) -> None:
        """``held`` tells what is held at the moment."""
        self._storage = storage
        self._held = held
        self._clock = clock
        self._timer: asyncio.TimerHandle | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[None] | None = None

    def begin(self, loop: asyncio.AbstractEventLoop) -> None:
        """Note that something is held by a task of the running loop."""
        if self._timer is None or loop is not self._loop:
            self._loop = loop
            self._timer = loop.call_later(RENEW_EVERY.total_seconds(), self._renew)

    def _renew(self) -> None:
        self._timer = None
        if holds := list(self._held()):
            # While the storage is slow, one renewal at a time.
            if self._task is None or self._task.done():
                self._task = asyncio.get_running_loop().create_task(self._write(holds))
            self.begin(asyncio.get_running_loop())

    async def _write(self, holds: list[DataHold]) -> None:
        try:
            await self._storage.renew_data(holds, until=self._clock() + LEASE)
        except Exception as error:  # noqa: BLE001  # whatever the storage raises; the next renewal is near
            log.warning("The leases of %d holds of session data were not renewed: %s", len(holds), described(error))

    async def aclose(self) -> None:
        """Stop renewing."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})
