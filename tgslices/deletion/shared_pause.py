"""The pause that a flood demands, shared by the workers of a storage: one round trip a minute, one for each flood."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from tgslices.deletion.pacing import NEWS, Pacing
from tgslices.error_texts.without_secrets import described
from tgslices.event_loop.kept_tasks import KeptTasks
from tgslices.model import SessionKey
from tgslices.storage.data_protocol import DataStorage, StoredData

log = logging.getLogger("tgslices")

LOOK_EVERY: Final = timedelta(minutes=1)

NAME: Final = "tgslices:pause"
"""The fragment that tells when the pause ends. It expires then."""


class SharedPause:
    """Tells other workers of a pause, and learns of theirs. What the storage refuses costs nothing but the news."""

    def __init__(self, storage: DataStorage, pacing: Pacing, *, clock: Callable[[], datetime]) -> None:
        self._storage = storage
        self._pacing = pacing
        self._clock = clock
        self._bot_id: int | None = None
        self._looked_at: timedelta | None = None
        self._told: datetime | None = None
        self._tasks = KeptTasks()

    async def look(self, bot_id: int) -> None:
        """Pause as another worker does, if one was met by a flood. Looks once a minute at most."""
        self._bot_id = bot_id
        present = self._pacing.elapsed()
        if self._looked_at is not None and present - self._looked_at < LOOK_EVERY:
            return
        self._looked_at = present
        try:
            now = self._clock()
            found = (await self._storage.read_data(_key(bot_id), (NAME,), now=now)).get(NAME)
        except Exception as error:  # noqa: BLE001  # whatever the storage raises; the run has its own errors
            log.debug("The pause of other workers is not known: %s", described(error))
            return
        if found is not None and found.expires_at is not None:
            self._told = found.expires_at
            self._pacing.pause(found.expires_at - now)

    def tell_soon(self) -> None:
        """Let other workers know of the pause that has begun, unless they were told of one as long."""
        until = self._pacing.paused_until
        if self._bot_id is None or until is None or (self._told is not None and until <= self._told + NEWS):
            return
        self._told = until
        self._tasks.start(self._tell(self._bot_id, until))

    async def _tell(self, bot_id: int, until: datetime) -> None:
        try:
            stored = StoredData("null", 1, self._clock(), until, outlives_close=True)
            await self._storage.put_data(_key(bot_id), {NAME: stored})
        except Exception as error:  # noqa: BLE001  # likewise
            log.debug("Other workers do not know of the pause: %s", described(error))


def _key(bot_id: int) -> SessionKey:
    """Return a key that no session has: a bot has no chat with itself."""
    return SessionKey(bot_id, bot_id)
