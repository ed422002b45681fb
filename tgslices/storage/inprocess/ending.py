"""The part of the durable protocol about sessions that end by themselves, for storages that keep it in this process."""

# ruff: noqa: D102 - the methods are documented once, on the protocol

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from tgslices.model import SessionKey
from tgslices.storage.data_protocol import DataStorage
from tgslices.storage.ending_protocol import Due, DueSession, End, EndedSession
from tgslices.storage.inprocess.data import DataInProcess
from tgslices.storage.inprocess.due_sessions import DueSessions, Ends


class Times(NamedTuple):
    """When something was last recorded under a key, or its data written, and when its oldest entry was sent."""

    latest: datetime | None = None
    oldest: datetime | None = None

    def and_also(self, *more: datetime | None) -> Times:
        """Return the times if something was recorded or written at these times, too."""
        return self._replace(latest=max((at for at in (self.latest, *more) if at is not None), default=None))


class EndsInProcess:
    """The methods of ``LifetimeStorage``, but for :meth:`end_session`."""

    _data: DataStorage

    def __init__(self) -> None:
        super().__init__()
        self._due = DueSessions()
        self._ends = Ends()

    async def _times(self, key: SessionKey, now: datetime) -> Times:
        raise NotImplementedError

    async def lease_sessions(self, bot_id: int, *, now: datetime, until: datetime, limit: int) -> list[DueSession]:
        leased = self._due.lease(bot_id, now=now, until=until, limit=limit)
        found = [self._due_session(key, until, await self._times(key, now)) for key in leased]
        return [session for session in found if session is not None]

    async def postpone_session(self, session: DueSession, due: Due | None) -> bool:
        if not self._due.is_leased(session.key, session.leased_until):
            return False
        self._due.postpone(session.key, session.active_at, due)
        return True

    async def lease_ends(self, bot_id: int, *, now: datetime, until: datetime, limit: int) -> list[EndedSession]:
        return self._ends.lease(bot_id, now=now, until=until, limit=limit)

    async def postpone_end(self, end: EndedSession, *, until: datetime) -> None:
        self._ends.postpone(end, until)

    async def settle_end(self, end: EndedSession) -> bool:
        return self._ends.settle(end)

    async def next_session_due(self, bot_id: int, *, now: datetime) -> datetime | None:
        dues = (self._due.next_due(bot_id, now), self._ends.next_due(bot_id, now))
        return min((due for due in dues if due is not None), default=None)

    def _due_session(self, key: SessionKey, until: datetime, times: Times) -> DueSession | None:
        """Return a leased session as it is now; None if it was closed meanwhile."""
        life = self._due.life(key)
        if life is None:
            return None
        active_at = max(life.active_at, times.latest or life.active_at)
        return DueSession(key, life.opened_at, until, active_at, times.oldest)

    def _may_end(self, session: DueSession, times: Times, now: datetime) -> bool:
        """Tell whether a session is still leased, was not touched since it was looked at, and nobody has its data."""
        if not self._due.is_leased(session.key, session.leased_until):
            return False
        if isinstance(self._data, DataInProcess) and self._data.is_held(session.key, after=max(now, session.active_at)):
            return False
        return times.latest is None or times.latest <= session.active_at

    def _keep_end(self, session: DueSession, end: End, *, now: datetime, until: datetime, is_partial: bool) -> None:
        if end.tells or is_partial:
            self._ends.put(EndedSession(session.key, now, end.reason, is_partial, until))
