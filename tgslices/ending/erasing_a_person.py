"""Drops all that is stored about a person: sessions, data, entries in sessions of others, and pending deletions.

Each step is harmless when it is repeated, and whatever interrupts the whole, a crash included, is made good by calling
it again. Sessions are closed first, so that nothing more comes into them; pending deletions go last.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from aiogram import Bot
from aiogram.exceptions import TelegramAPIError

from tgslices.clock import Clock
from tgslices.data.process_holds import Holds
from tgslices.deletion.executor import DeletionExecutor
from tgslices.deletion.pacing import Patience
from tgslices.error_texts.without_secrets import described
from tgslices.model import PendingDeletion, SessionKey
from tgslices.recording.tracker import Tracker
from tgslices.results import ClearResult
from tgslices.storage.adapter import PluginStorage
from tgslices.storage.erasing_protocol import is_about, is_of
from tgslices.storage.listing_protocol import SessionFilter
from tgslices.storage.pages import pages
from tgslices.telemetry.observed_storage import unobserved

log = logging.getLogger("tgslices")

AT_ONCE: Final = 1_000
"""Sessions that are read, and pending deletions that are tried, at once."""


@dataclass(frozen=True, slots=True)
class Erased:
    """What was dropped of a person.

    ``sessions`` had entries, data, or an end that was to be told, or were open. ``entries`` were in sessions of others.
    ``deletions`` is what became of pending deletions, which are dropped whatever that is. ``is_whole`` is False where
    the storage is a plugin: it cannot tell what earlier processes left in it.
    """

    sessions: int
    entries: int
    deletions: ClearResult
    is_whole: bool


class Erasing:
    """Drops people from the storage of one bot."""

    def __init__(
        self, bot: Bot, tracker: Tracker, executor: DeletionExecutor, holds: Holds, *, clock: Clock, lease: timedelta
    ) -> None:
        self._bot = bot
        self._tracker = tracker
        self._storage = tracker.storage
        self._executor = executor
        self._holds = holds
        self._clock = clock
        self._lease = lease

    async def erase(self, user_id: int) -> Erased:
        """Drop what is stored about a person; see :meth:`SessionManager.erase`."""
        await self._tracker.catch_up()
        at = self._clock()
        for key in await self._keys(user_id):
            shared = self._tracker.keys.share(self._tracker.keys.current(key))
            await shared.outlast_sends()
            at = max(at, self._tracker.stop(shared))
        await self._tracker.catch_up()  # what was on its way is written before it is dropped
        sessions = await self._storage.erase_sessions(self._bot.id, user_id, at=at)
        await self._holds.note_erased(user_id)
        entries = await self._storage.erase_entries(self._bot.id, user_id)
        deletions = await self._drop_pending(user_id)
        return Erased(sessions, entries, deletions, is_whole=not isinstance(unobserved(self._storage), PluginStorage))

    async def _keys(self, user_id: int) -> set[SessionKey]:
        """Return the keys of a person that something may come into: they are open, or this process has a handle."""
        here = (*self._tracker.subscriptions.predicates, *self._tracker.keys)
        keys = {key for key in here if is_of(key, user_id)}
        for where in (SessionFilter(user_id=user_id), SessionFilter(chat_id=user_id)):
            async for page in pages(self._storage, self._bot.id, where, limit=AT_ONCE):
                keys.update(session.key for session in page.sessions if is_of(session.key, user_id))
        return keys

    async def _drop_pending(self, user_id: int) -> ClearResult:
        """Try the pending deletions of a person once, due or not, and drop them."""
        pending = [
            entry
            for entry in await self._storage.pending(self._bot.id)
            if is_of(entry.key, user_id) or is_about(entry.message, user_id)
        ]
        steps = [pending[start : start + AT_ONCE] for start in range(0, len(pending), AT_ONCE)]
        return ClearResult.total([await self._try_once(step) for step in steps])

    async def _try_once(self, pending: Sequence[PendingDeletion]) -> ClearResult:
        await self._storage.postpone(pending, until=self._clock() + self._lease)
        migrated = await self._tracker.migrated_among(entry.message for entry in pending)
        result = ClearResult.total([])
        try:
            result = await self._executor.run(self._bot, pending, patience=Patience(timedelta()), migrated=migrated)
        except TelegramAPIError as error:  # whatever keeps the bot from deleting, the person is forgotten
            log.warning("Bot %d: messages of an erased person stay in their chats: %s", self._bot.id, described(error))
        await self._storage.settle(pending)
        return result
