"""The storage in an SQL database: slices that survive restarts, crashes and more than one worker."""

# ruff: noqa: D102 - the methods are documented once, on the protocol

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from sqlalchemy import URL, MetaData
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from tgslices.model import PendingDeletion, Scope, SessionKey, TrackedMessage
from tgslices.storage.sqlalchemy.arguments import Synchronous, require_arguments
from tgslices.storage.sqlalchemy.database.transactions import T, Work
from tgslices.storage.sqlalchemy.database.urls import shown
from tgslices.storage.sqlalchemy.lifetime import Backend
from tgslices.storage.sqlalchemy.open_keys import Openness
from tgslices.storage.sqlalchemy.queries.entries import Move, Sessions
from tgslices.storage.sqlalchemy.queries.groups import Write
from tgslices.storage.sqlalchemy.queries.moved_chats import MovedChats
from tgslices.storage.sqlalchemy.queries.pendings import Pendings
from tgslices.storage.sqlalchemy.tables.rows import key_match, message_of, message_values, scope_match

TIMEOUT: Final = timedelta(seconds=5)


class SQLAlchemySessionStorage:
    """A :class:`~tgslices.storage.protocol.DurableSessionStorage` on SQLite (aiosqlite) or PostgreSQL (asyncpg).

    From a URL it makes and disposes its own engine; a user's ``AsyncEngine`` stays the user's, with its settings, and
    needs room for two connections. ``shared`` says whether several processes (or several storages of one process) use
    the tables: by default SQLite belongs to this storage alone, which then keeps the open keys in memory, and any other
    database is shared. The tables are created on first use unless ``create`` is false; their names begin with
    ``prefix``, and they are part of ``metadata``. No call takes longer than ``timeout``, but for the first one, which
    may have tables to upgrade and open keys to load.

    When a call has returned, what it wrote survives a kill of this process. On SQLite, ``synchronous="FULL"`` makes it
    survive a loss of power too; the default may lose the last moments then, and never the file.
    Source: https://www.sqlite.org/pragma.html#pragma_synchronous

    Raises:
        StorageError: the URL, the engine or another argument cannot be used. Every method raises it when the database
            fails, and :class:`~tgslices.ValueRefused` when it refuses what was to be written.
    """

    def __init__(
        self,
        url_or_engine: str | URL | AsyncEngine,
        *,
        shared: bool | None = None,
        create: bool = True,
        prefix: str = "tgslices_",
        schema: str | None = None,
        metadata: MetaData | None = None,
        timeout: timedelta = TIMEOUT,
        synchronous: Synchronous = "NORMAL",
    ) -> None:
        """Describe the storage; nothing is connected before the first use."""
        require_arguments(
            shared=shared,
            create=create,
            prefix=prefix,
            schema=schema,
            metadata=metadata,
            timeout=timeout,
            synchronous=synchronous,
        )
        self._backend = Backend(
            url_or_engine,
            shared=shared,
            create=create,
            prefix=prefix,
            schema=schema,
            metadata=metadata,
            timeout=timeout,
            synchronous=synchronous,
        )
        self._sessions = Sessions(self._backend.tables)
        self._pendings = Pendings(self._backend.tables, self._backend.statements, self._backend.database)
        self._moved_chats = MovedChats(self._backend.tables)
        self._openness = Openness(self._backend, self._sessions)

    @property
    def metadata(self) -> MetaData:
        """The description of the tables, for a migration tool."""
        return self._backend.tables.metadata

    def __repr__(self) -> str:
        """Show the URL without its password."""
        return f"SQLAlchemySessionStorage({shown(self._backend.engine.url)!r})"

    # Lifetime

    async def start(self) -> None:
        await self._backend.start(self._openness.load)

    async def aclose(self) -> None:
        await self._backend.aclose(self._openness.writer.aclose)

    def is_idle(self, bot_id: int) -> bool:
        return self._openness.is_idle(bot_id)

    async def _ready(self) -> None:
        await self._backend.ready(self._openness.load)

    async def _read(self, work: Work[T]) -> T:
        await self._ready()
        return await self._backend.transactions.read(work)

    async def _write(self, work: Work[T]) -> T:
        await self._ready()
        return await self._backend.transactions.write(work)

    # Opening and adding, in groups

    async def open(self, key: SessionKey) -> None:
        await self._ready()
        known = self._openness.known
        if known is None or known.get(key) is None:
            await self._openness.writer.submit(Write(opening=key))

    async def record(self, scope: Scope, message: TrackedMessage) -> int:
        if not self._backend.is_running:
            await self._ready()
        values = message_values(message)
        known = self._openness.known
        if known is None:
            return await self._openness.writer.submit(Write(values, None, scope_match(scope)))
        matching = known.matching(scope)
        return await self._openness.writer.submit(Write(values, matching)) if matching else 0

    async def add(self, key: SessionKey, message: TrackedMessage) -> None:
        await self._add(key, message, opening=key, is_open=False)

    async def add_opening(self, key: SessionKey, message: TrackedMessage) -> None:
        await self._add(key, message, opening=key, is_open=True)

    async def add_if_open(self, key: SessionKey, message: TrackedMessage) -> bool:
        return await self._add(key, message, opening=None, is_open=True) > 0

    async def _add(self, key: SessionKey, message: TrackedMessage, *, opening: SessionKey | None, is_open: bool) -> int:
        if not self._backend.is_running:
            await self._ready()
        values = message_values(message)
        known = self._openness.known
        if known is None:
            match = key_match(key, or_closed=not is_open)
            return await self._openness.writer.submit(Write(values, None, match, opening, is_open))
        there = known.get(key)
        if there is None and opening is None:
            return 0
        owned = () if there is None else (there,)
        return await self._openness.writer.submit(Write(values, owned, None, opening, is_open))

    # Closing and removing

    async def unsubscribe(self, key: SessionKey) -> None:
        await self._ready()
        await self._openness.close(key, partial(self._sessions.unsubscribe, key=key))

    async def close(self, key: SessionKey) -> int:
        await self._ready()
        return await self._openness.close(key, partial(self._sessions.close, key=key))

    async def remove(self, key: SessionKey, messages: Collection[TrackedMessage]) -> int:
        return len(await self._write(partial(self._sessions.take, key=key, messages=messages)))

    async def clear(self, key: SessionKey) -> None:
        await self._write(partial(self._sessions.clear, key=key))

    async def discard(
        self, bot_id: int, business_connection_id: str | None, chat_id: int, message_ids: Collection[int]
    ) -> int:
        gone = (bot_id, business_connection_id, chat_id, frozenset(message_ids))

        async def work(connection: AsyncConnection) -> int:
            entries = await self._sessions.discard(connection, *gone)
            return entries + await self._pendings.discard(connection, *gone)

        return await self._write(work)

    async def migrate(self, bot_id: int, old_chat_id: int, new_chat_id: int) -> list[SessionKey]:
        async def work(connection: AsyncConnection) -> list[Move]:
            if new_chat_id != old_chat_id:
                await self._moved_chats.add(connection, bot_id, old_chat_id)
            moves = await self._sessions.migrate(connection, bot_id, old_chat_id, new_chat_id)
            await self._pendings.migrate(connection, bot_id, old_chat_id, new_chat_id)
            return moves

        await self._ready()
        moves = await self._openness.move(bot_id, old_chat_id, new_chat_id, work)
        return [move.old for move in moves if move.was_open]

    async def migrated(self, bot_id: int, chat_ids: Collection[int]) -> set[int]:
        return await self._read(partial(self._moved_chats.among, bot_id=bot_id, chat_ids=chat_ids))

    # Pending deletions

    async def claim(
        self, key: SessionKey, messages: Collection[TrackedMessage], *, now: datetime, until: datetime
    ) -> list[TrackedMessage]:
        async def work(connection: AsyncConnection) -> list[TrackedMessage]:
            taken = await self._sessions.take(connection, key, messages)
            claimed = [message_of(values) for values in taken]
            await self._pendings.add(connection, key, claimed, taken, now=now, until=until)
            return claimed

        def release(claimed: list[TrackedMessage]) -> Work[None]:
            held = [PendingDeletion(key, message, now, until) for message in claimed]
            return partial(self._pendings.postpone, pending=held, until=now)

        await self._ready()
        return await self._backend.transactions.write(work, unclaimed=release)

    async def lease(self, bot_id: int, *, now: datetime, until: datetime, limit: int) -> list[PendingDeletion]:
        return await self._write(partial(self._pendings.lease, bot_id=bot_id, now=now, until=until, limit=limit))

    async def postpone(self, pending: Collection[PendingDeletion], *, until: datetime) -> None:
        await self._write(partial(self._pendings.postpone, pending=pending, until=until))

    async def settle(self, pending: Collection[PendingDeletion]) -> int:
        return await self._write(partial(self._pendings.settle, pending=pending))

    async def pending(self, bot_id: int) -> list[PendingDeletion]:
        return await self._read(partial(self._pendings.of_bot, bot_id=bot_id))

    async def next_due(self, bot_id: int) -> datetime | None:
        return await self._read(partial(self._pendings.next_due, bot_id=bot_id))

    # What there is

    async def matching(self, scope: Scope) -> list[SessionKey]:
        await self._ready()
        known = self._openness.known
        if known is None:
            return await self._read(partial(self._sessions.matching, scope=scope))
        return known.matching_keys(scope)

    async def open_keys(self, bot_id: int) -> list[SessionKey]:
        await self._ready()
        known = self._openness.known
        if known is None:
            return await self._read(partial(self._sessions.open_keys, bot_id=bot_id))
        return known.of_bot(bot_id)

    # Stands last, because below it `list` in an annotation would mean this method.
    async def list(self, key: SessionKey) -> list[TrackedMessage]:
        return await self._read(partial(self._sessions.entries, key=key))
