"""The part of the storage about sessions that end by themselves."""

# ruff: noqa: D102 - the methods are documented once, on the protocol

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import partial

from sqlalchemy.ext.asyncio import AsyncConnection

from tgslices.model import SessionKey, TrackedMessage
from tgslices.storage.ending_protocol import Due, DueSession, End, EndedSession
from tgslices.storage.sqlalchemy.data import SQLData
from tgslices.storage.sqlalchemy.database.transactions import T, Work
from tgslices.storage.sqlalchemy.open_database import OpenDatabase
from tgslices.storage.sqlalchemy.open_keys import OpenKeys
from tgslices.storage.sqlalchemy.queries.due_sessions import DueSessions, Ending
from tgslices.storage.sqlalchemy.queries.ends import Ends
from tgslices.storage.sqlalchemy.queries.next_due import next_due


class EndsInDatabase:
    """The methods of :class:`~tgslices.storage.ending_protocol.LifetimeStorage` on the tables."""

    _backend: OpenDatabase
    _open_keys: OpenKeys
    _due_sessions: DueSessions
    _ends: Ends
    _data: SQLData

    async def _ready(self) -> None:
        raise NotImplementedError

    async def _read(self, work: Work[T]) -> T:
        raise NotImplementedError

    async def _write(self, work: Work[T]) -> T:
        raise NotImplementedError

    async def lease_sessions(self, bot_id: int, *, now: datetime, until: datetime, limit: int) -> list[DueSession]:
        await self._ready()
        work = partial(self._due_sessions.lease, bot_id=bot_id, now=now, until=until, limit=limit)
        return await self._backend.transactions.write(work, single=True)

    async def postpone_session(self, session: DueSession, due: Due | None) -> bool:
        return await self._write(partial(self._due_sessions.postpone, session=session, due=due))

    async def schedule_sessions(self, dues: Mapping[SessionKey, Due]) -> None:
        if dues:
            await self._write(partial(self._due_sessions.schedule, dues=dues))

    async def end_session(
        self, session: DueSession, end: End, *, now: datetime, until: datetime, limit: int
    ) -> list[TrackedMessage] | None:
        key, data = session.key, self._data

        async def work(connection: AsyncConnection) -> Ending | None:
            if data.is_held_in_memory(key, after=max(now, session.active_at)):
                return None
            ending = await self._due_sessions.end(
                connection, session, end, now=now, until=until, limit=limit, along=data.parts(key)
            )
            if ending is not None:
                await data.close_within(connection, key)
            return ending

        await self._ready()
        ending = await self._open_keys.end(key, work, then=partial(data.closed, key))
        return None if ending is None else ending.claimed

    async def lease_ends(self, bot_id: int, *, now: datetime, until: datetime, limit: int) -> list[EndedSession]:
        return await self._write(partial(self._ends.lease, bot_id=bot_id, now=now, until=until, limit=limit))

    async def postpone_end(self, end: EndedSession, *, until: datetime) -> None:
        await self._write(partial(self._ends.postpone, end=end, until=until))

    async def settle_end(self, end: EndedSession) -> bool:
        return await self._write(partial(self._ends.settle, end=end))

    async def next_session_due(self, bot_id: int, *, now: datetime) -> datetime | None:
        dues = (self._due_sessions.dues(bot_id, now), self._ends.dues(bot_id))
        return await self._read(partial(next_due, dues=dues, now=now))
