"""A storage that tells what was done in it; there is none where nobody observes."""

# ruff: noqa: D102 - the methods are documented once, on the protocol

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping
from datetime import datetime
from typing import Any, TypeVar, cast

from tgslices.model import Scope, SessionKey, TrackedMessage
from tgslices.storage.data_protocol import DataHold, StoredData
from tgslices.storage.ending_protocol import DueSession, End
from tgslices.storage.protocol import Added, Closed, DurableSessionStorage
from tgslices.telemetry.events import (
    DataConflicted,
    MessageRecorded,
    MessagesClaimed,
    SessionClosed,
    SessionEnded,
    SessionOpened,
    StorageFailed,
    Work,
)
from tgslices.telemetry.observer import Telling, doing

T = TypeVar("T")


def observed(storage: DurableSessionStorage, bot_id: int, tell: Telling | None) -> DurableSessionStorage:
    """Return a storage that tells what a bot does in it; the given one where nobody is to be told."""
    return storage if tell is None else cast(DurableSessionStorage, ObservedStorage(storage, bot_id, tell))


def unobserved(storage: DurableSessionStorage) -> DurableSessionStorage:
    """Return the storage that :func:`observed` was given."""
    return storage._storage if isinstance(storage, ObservedStorage) else storage


class ObservedStorage:
    """Hands every call on to another storage, and tells what came of it once that is certain.

    Methods about which there is nothing to tell are handed on as well; whatever raises is told.
    """

    def __init__(self, storage: DurableSessionStorage, bot_id: int, tell: Telling) -> None:
        self._storage = storage
        self._bot_id = bot_id
        self._tell = tell
        self._note_recorded = tell.recorder(bot_id)
        self.is_idle = storage.is_idle
        self.knows_open = storage.knows_open

    def __getattr__(self, name: str) -> Callable[..., Awaitable[Any]]:
        getattr(self._storage, name)  # raises where there is none

        async def watched(*args: Any, **kwargs: Any) -> Any:
            return await self._watch(name, getattr(self._storage, name)(*args, **kwargs))

        setattr(self, name, watched)
        return watched

    async def _watch(self, name: str, call: Awaitable[T]) -> T:
        try:
            return await call
        except Exception as error:
            self._tell(StorageFailed(self._bot_id, name, error))
            raise

    # Opening and closing

    async def open(self, key: SessionKey, **how: Any) -> bool:
        is_new = await self._watch("open", self._storage.open(key, **how))
        if is_new:
            self._tell(SessionOpened(key))
        return is_new

    async def unsubscribe(self, key: SessionKey) -> bool:
        was_open = await self._watch("unsubscribe", self._storage.unsubscribe(key))
        if was_open:
            self._tell(SessionClosed(key, 0))
        return was_open

    async def close(self, key: SessionKey, *, at: datetime) -> Closed:
        closed = await self._watch("close", self._storage.close(key, at=at))
        if closed.was_open:
            self._tell(SessionClosed(key, closed.dropped))
        return closed

    async def end_session(
        self, session: DueSession, end: End, *, now: datetime, until: datetime, limit: int
    ) -> list[TrackedMessage] | None:
        ending = self._storage.end_session(session, end, now=now, until=until, limit=limit)
        claimed = await self._watch("end_session", ending)
        if claimed is not None:
            self._tell(SessionEnded(session.key, end.reason, end.then))
        if claimed:
            self._tell(MessagesClaimed(session.key, tuple(claimed), now))
        return claimed

    async def migrate(self, bot_id: int, old_chat_id: int, new_chat_id: int) -> list[SessionKey]:
        with doing(self._tell, bot_id, Work.MIGRATE):
            return await self._watch("migrate", self._storage.migrate(bot_id, old_chat_id, new_chat_id))

    # Entries

    async def record(self, scope: Scope, message: TrackedMessage) -> int:
        # On the path of every update: what the other methods do, written out.
        try:
            sessions = await self._storage.record(scope, message)
        except Exception as error:
            self._tell(StorageFailed(self._bot_id, "record", error))
            raise
        if sessions:
            try:
                self._note_recorded(message, sessions)
            except Exception as error:  # noqa: BLE001  # whatever the author's function raises
                self._tell.complain(MessageRecorded, error)
        return sessions

    async def add(self, key: SessionKey, message: TrackedMessage, **how: Any) -> Added:
        added = await self._watch("add", self._storage.add(key, message, **how))
        if added is Added.OPENED:
            self._tell(SessionOpened(key))
        if added:
            self._tell(MessageRecorded(self._bot_id, message, 1))
        return added

    async def claim(
        self,
        key: SessionKey,
        messages: Collection[TrackedMessage] | None,
        *,
        now: datetime,
        until: datetime,
        limit: int | None = None,
    ) -> list[TrackedMessage]:
        claimed = await self._watch("claim", self._storage.claim(key, messages, now=now, until=until, limit=limit))
        if claimed:
            self._tell(MessagesClaimed(key, tuple(claimed), now))
        return claimed

    # Data

    async def write_data(
        self, hold: DataHold, changes: Mapping[str, StoredData | None], *, release: bool = True
    ) -> bool:
        is_written = await self._watch("write_data", self._storage.write_data(hold, changes, release=release))
        if not is_written:
            self._tell(DataConflicted(hold.key, tuple(sorted(changes))))
        return is_written
