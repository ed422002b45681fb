"""The storage in an SQL database: slices that survive restarts, crashes and more than one worker.

Past 300 lines, because the protocol is one: each method hands on to the room that does the work.
"""

# ruff: noqa: D102 - the methods are documented once, on the protocol

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from sqlalchemy import URL, MetaData
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from tgslices.model import Gone, IfClosed, PendingDeletion, Scope, SessionKey, TrackedMessage
from tgslices.storage.codec import encode_time
from tgslices.storage.delegating import DelegatesData
from tgslices.storage.ending_protocol import Due
from tgslices.storage.protocol import Added, Closed
from tgslices.storage.sqlalchemy.arguments import Arguments, Synchronous
from tgslices.storage.sqlalchemy.data import SQLData, data_of
from tgslices.storage.sqlalchemy.database.transactions import T, Work
from tgslices.storage.sqlalchemy.database.urls import masked
from tgslices.storage.sqlalchemy.ending import EndsInDatabase
from tgslices.storage.sqlalchemy.erasing import ErasesInDatabase
from tgslices.storage.sqlalchemy.listing import ListsDatabase
from tgslices.storage.sqlalchemy.open_database import OpenDatabase
from tgslices.storage.sqlalchemy.open_keys import OpenKeys
from tgslices.storage.sqlalchemy.queries.additions import Addition, Additions
from tgslices.storage.sqlalchemy.queries.buttons import Buttons
from tgslices.storage.sqlalchemy.queries.claims import Claims
from tgslices.storage.sqlalchemy.queries.closings import Closings
from tgslices.storage.sqlalchemy.queries.data import NOTHING_MOVED
from tgslices.storage.sqlalchemy.queries.discards import Discards
from tgslices.storage.sqlalchemy.queries.due_sessions import DueSessions
from tgslices.storage.sqlalchemy.queries.ends import Ends
from tgslices.storage.sqlalchemy.queries.entries import Entries
from tgslices.storage.sqlalchemy.queries.holders import HeldName, Holders
from tgslices.storage.sqlalchemy.queries.keys import Keys
from tgslices.storage.sqlalchemy.queries.listing import Listing
from tgslices.storage.sqlalchemy.queries.migration import Migration, Move
from tgslices.storage.sqlalchemy.queries.moved_chats import MovedChats
from tgslices.storage.sqlalchemy.queries.pending_deletions import PendingDeletions
from tgslices.storage.sqlalchemy.queries.pending_pages import PendingPages
from tgslices.storage.sqlalchemy.queries.people import People
from tgslices.storage.sqlalchemy.queries.writes import Write
from tgslices.storage.sqlalchemy.tables.claim_statements import ClaimStatements
from tgslices.storage.sqlalchemy.tables.close_statements import CloseStatements
from tgslices.storage.sqlalchemy.tables.lease_statements import LeaseStatements
from tgslices.storage.sqlalchemy.tables.rows import entry_values, key_match, scope_match

TIMEOUT: Final = timedelta(seconds=5)


class SQLAlchemySessionStorage(EndsInDatabase, ListsDatabase, ErasesInDatabase, DelegatesData):
    """A :class:`~tgslices.storage.protocol.DurableSessionStorage` on SQLite (aiosqlite) or PostgreSQL (asyncpg).

    From a URL it makes and disposes its own engine; a user's ``AsyncEngine`` stays the user's, with its settings, and
    needs room for two connections. ``shared`` says whether several processes (or several storages of one process) use
    the tables: by default SQLite belongs to this storage alone, which then keeps the open keys in memory, and any other
    database is shared. The tables are created on first use unless ``create`` is false; their names begin with
    ``prefix``, and they are part of ``metadata``. No call takes longer than ``timeout``, but for the first one, which
    may have tables to upgrade and open keys to load.

    With ``reads_only`` it looks and changes nothing, whoever owns the database; what would write is refused.

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
        reads_only: bool = False,
    ) -> None:
        """Describe the storage; nothing is connected before the first use.

        Past 40 lines, because each room is made here once.
        """
        arguments = Arguments(
            shared=shared,
            create=create,
            prefix=prefix,
            schema=schema,
            metadata=metadata,
            timeout=timeout,
            synchronous=synchronous,
            reads_only=reads_only,
        )
        self._backend = OpenDatabase(url_or_engine, arguments)
        tables = self._backend.tables
        self._keys = Keys(tables)
        self._entries = Entries(tables, self._keys)
        self._closings = Closings(self._backend.statements, CloseStatements(tables, self._backend.engine.dialect))
        self._additions = Additions(tables, self._keys, self._entries)
        self._discards = Discards(tables, self._keys, self._entries)
        self._migration = Migration(tables, self._keys)
        database = self._backend.database
        leases = LeaseStatements(tables, self._backend.engine.dialect)
        self._pendings = PendingDeletions(tables, database, self._backend.statements, leases)
        self._claims = Claims(
            self._entries,
            self._pendings,
            self._backend.database,
            self._backend.statements,
            ClaimStatements(tables, self._backend.engine.dialect),
        )
        self._moved_chats = MovedChats(tables)
        self._holders = Holders(tables)
        self._buttons = Buttons(tables)
        self._ends = Ends(tables)
        self._due_sessions = DueSessions(
            *(tables, database, leases),
            keys=self._keys,
            entries=self._entries,
            claims=self._claims,
            ends=self._ends,
        )
        self._listing = Listing(tables, self._keys)
        self._pending_pages = PendingPages(tables)
        self._people = People(tables)
        self._open_keys = OpenKeys(self._backend, self._keys)
        self._data: SQLData = data_of(self._backend, self._ready)

    @property
    def metadata(self) -> MetaData:
        """The description of the tables, for a migration tool."""
        return self._backend.tables.metadata

    def __repr__(self) -> str:
        """Show the URL without its password."""
        return f"SQLAlchemySessionStorage({masked(self._backend.engine.url)!r})"

    # Lifetime

    async def start(self) -> None:
        await self._backend.start(self._load)

    async def aclose(self) -> None:
        await self._backend.aclose(self._open_keys.writer.aclose)

    def is_idle(self, bot_id: int) -> bool:
        return self._open_keys.is_idle(bot_id)

    async def _ready(self) -> None:
        await self._backend.ready(self._load)

    async def _load(self) -> None:
        await self._open_keys.load()
        await self._data.load()

    async def _read(self, work: Work[T]) -> T:
        await self._ready()
        return await self._backend.transactions.read(work)

    async def _write(self, work: Work[T]) -> T:
        await self._ready()
        return await self._backend.transactions.write(work)

    # Opening and adding

    async def is_open(self, key: SessionKey) -> bool:
        await self._ready()
        known = self._open_keys.known(key.bot_id, key.chat_id)
        return await self._read(partial(self._keys.is_open, key=key)) if known is None else known.get(key) is not None

    def knows_open(self, key: SessionKey) -> bool:
        return self._open_keys.knows_open(key)

    async def open(
        self,
        key: SessionKey,
        *,
        at: datetime,
        outside: TrackedMessage | None = None,
        begun_at: datetime | None = None,
        due: Due | None = None,
    ) -> bool:
        await self._ready()
        if self._open_keys.knows_open(key):
            return False
        self._due_sessions.expect(key.bot_id, due)
        if begun_at is None:
            write = Write(opening=key, opened_at=encode_time(at), outside=outside, due=due)
            return await self._open_keys.open(write, key)
        work = partial(self._keys.open, key=key, at=at, outside=outside, begun_at=begun_at, due=due)
        return await self._open_keys.open_unless_closed(key, work)

    async def record(self, scope: Scope, message: TrackedMessage) -> int:
        if not self._backend.is_running:
            await self._ready()
        if not self._open_keys.may_match(scope):
            return 0
        values = entry_values(message, scope.chat_id)
        known = self._open_keys.known(scope.bot_id, scope.chat_id)
        if known is None:
            return await self._open_keys.write(Write(values, None, scope_match(scope)))
        matching = known.matching(scope)
        collecting = [key for key in matching if not key.was_before(scope, message)]
        matched = len(matching) - len(collecting)
        return matched + (await self._open_keys.write(Write(values, collecting)) if collecting else 0)

    async def add(
        self,
        key: SessionKey,
        message: TrackedMessage,
        *,
        if_closed: IfClosed = IfClosed.KEEP,
        outside: TrackedMessage | None = None,
        begun_at: datetime | None = None,
        unless_known: bool = False,
        due: Due | None = None,
    ) -> Added:
        if not self._backend.is_running:
            await self._ready()
        self._due_sessions.expect(key.bot_id, due)
        is_bounded = begun_at is not None and if_closed is IfClosed.SKIP
        if not unless_known and not is_bounded:
            opening = None if begun_at or outside or if_closed is IfClosed.SKIP else key
            added = await self._add(key, message, opening=opening, if_closed=if_closed, due=due)
            if added or opening is not None or if_closed is IfClosed.SKIP:
                return Added(added)

        async def work(connection: AsyncConnection) -> Addition:
            is_pending = unless_known and await self._pendings.has(connection, key, message)
            return await self._additions.add(
                connection,
                key,
                message,
                if_closed=if_closed,
                outside=outside,
                begun_at=begun_at,
                unless_known=unless_known,
                is_pending=is_pending,
                due=due,
            )

        if if_closed is IfClosed.SKIP:  # whether the key is open is not about to change
            return Added((await self._write(work)).is_there)
        return await self._open_keys.add(key, work)

    async def _add(
        self,
        key: SessionKey,
        message: TrackedMessage,
        *,
        opening: SessionKey | None,
        if_closed: IfClosed,
        due: Due | None,
    ) -> int:
        """Add an entry within a group, to a key that is open or may be made one; return an ``Added``."""
        values = entry_values(message, key.chat_id)
        opens = if_closed is IfClosed.OPEN
        opened_at = encode_time(message.at) if opens else None
        known = self._open_keys.known(key.bot_id, key.chat_id)
        if known is None:
            match = key_match(key, or_closed=if_closed is IfClosed.KEEP and opening is not None)
            write = Write(values, None, match, opening, opens, opened_at, revives=True, due=due)
            return await self._open_keys.write(write)
        there = known.get(key)
        if there is None and opening is None:
            return 0
        owned = () if there is None else (there,)
        write = Write(values, owned, None, opening, opens, opened_at, revives=True, due=due)
        return await self._open_keys.write(write)

    # Closing and removing

    async def unsubscribe(self, key: SessionKey) -> bool:
        await self._ready()
        return (await self._open_keys.close(key, partial(self._entries.unsubscribe, key=key))).was_open

    async def close(self, key: SessionKey, *, at: datetime) -> Closed:
        await self._ready()
        steps = partial(self._closings.closing, key, at, partial(self._data.closing, key))
        try:
            return await self._open_keys.close_in_steps(key, steps, then=partial(self._data.closed, key))
        except BaseException:
            self._data.doubt_closed(key, at)
            raise

    async def remove(self, key: SessionKey, messages: Collection[TrackedMessage]) -> int:
        return await self._write(partial(self._entries.remove, key=key, messages=messages))

    async def clear(self, key: SessionKey) -> None:
        await self._write(partial(self._entries.clear, key=key))

    async def discard(self, bot_id: int, gone: Gone, *, surely: bool = True) -> int:
        async def work(connection: AsyncConnection) -> int:
            entries = await self._discards.discard(connection, bot_id, gone, surely=surely)
            return entries + (await self._pendings.discard(connection, bot_id, gone) if surely else 0)

        return await self._write(work)

    async def note_buttons(
        self,
        bot_id: int,
        chat_id: int,
        message_id: int,
        *,
        has_buttons: bool,
        business_connection_id: str | None = None,
    ) -> int:
        name = HeldName(bot_id, chat_id, message_id, business_connection_id, None)
        if not await self._read(partial(self._buttons.differing, name=name, has_buttons=has_buttons)):
            return 0  # as nearly always: nothing is written
        return await self._write(partial(self._buttons.note, name=name, has_buttons=has_buttons))

    async def migrate(self, bot_id: int, old_chat_id: int, new_chat_id: int) -> list[SessionKey]:
        moved = NOTHING_MOVED

        async def work(connection: AsyncConnection) -> list[Move]:
            nonlocal moved
            if new_chat_id != old_chat_id:
                await self._moved_chats.add(connection, bot_id, old_chat_id)
            moves = await self._migration.migrate(connection, bot_id, old_chat_id, new_chat_id)
            await self._pendings.migrate(connection, bot_id, old_chat_id, new_chat_id)
            moved = await self._data.migrate_within(connection, bot_id, old_chat_id, new_chat_id)
            await self._ends.migrate(connection, bot_id, old_chat_id, new_chat_id)
            return moves

        await self._ready()
        moves = await self._open_keys.move(
            bot_id,
            old_chat_id,
            new_chat_id,
            work,
            then=lambda: self._data.migrated(bot_id, old_chat_id, new_chat_id, moved),
        )
        return [move.old for move in moves if move.was_open]

    async def migrated(self, bot_id: int, chat_ids: Collection[int]) -> set[int]:
        return await self._read(partial(self._moved_chats.among, bot_id=bot_id, chat_ids=chat_ids))

    # Pending deletions

    async def claim(
        self,
        key: SessionKey,
        messages: Collection[TrackedMessage] | None,
        *,
        now: datetime,
        until: datetime,
        limit: int | None = None,
    ) -> list[TrackedMessage]:
        def release(claimed: list[TrackedMessage]) -> Work[None]:
            held = [PendingDeletion(key, message, now, until) for message in claimed]
            return partial(self._pendings.postpone, pending=held, until=now)

        await self._ready()
        if messages is not None:
            work = partial(self._claims.claim, key=key, messages=messages, now=now, until=until, limit=limit)
            return await self._backend.transactions.write(work, unclaimed=release)
        steps = partial(self._claims.claiming, key, now=now, until=until, limit=limit)
        self._pendings.expect(key.bot_id, until)
        return await self._open_keys.take(steps, unclaimed=release)

    async def lease(self, bot_id: int, *, now: datetime, until: datetime, limit: int) -> list[PendingDeletion]:
        await self._ready()
        work = partial(self._pendings.lease, bot_id=bot_id, now=now, until=until, limit=limit)
        is_single = self._backend.database.tells_old_values
        return await self._backend.transactions.write(work, single=is_single)

    async def postpone(self, pending: Collection[PendingDeletion], *, until: datetime) -> None:
        await self._write(partial(self._pendings.postpone, pending=pending, until=until))

    async def settle(self, pending: Collection[PendingDeletion]) -> int:
        await self._ready()
        return await self._open_keys.take(partial(self._claims.settling, pending))

    async def pending(self, bot_id: int) -> list[PendingDeletion]:
        return await self._read(partial(self._pendings.of_bot, bot_id=bot_id))

    async def next_due(self, bot_id: int, *, now: datetime) -> datetime | None:
        return await self._read(partial(self._pendings.next_due, bot_id=bot_id, now=now))

    async def sweep(self, bot_id: int, *, now: datetime, limit: int) -> int:
        async def work(connection: AsyncConnection) -> int:
            swept = await self._discards.sweep(connection, bot_id, now, limit)
            return swept + await self._data.sweep_within(connection, bot_id, now=now, limit=limit - swept)

        return await self._write(work)

    # What there is

    async def matching(self, scope: Scope) -> list[SessionKey]:
        await self._ready()
        known = self._open_keys.known(scope.bot_id, scope.chat_id)
        if not self._open_keys.may_match(scope):
            return []
        if known is None:
            return await self._read(partial(self._keys.matching, scope=scope))
        return known.matching_keys(scope)

    async def is_held(
        self,
        bot_id: int,
        chat_id: int,
        message_id: int,
        *,
        business_connection_id: str | None = None,
        user_id: int | None = None,
    ) -> bool:
        await self._ready()
        if self._open_keys.is_idle(bot_id):
            return False
        name = HeldName(bot_id, chat_id, message_id, business_connection_id, user_id)
        return await self._read(partial(self._holders.is_held, name=name))

    async def open_keys(self, bot_id: int) -> list[SessionKey]:
        await self._ready()
        known = self._open_keys.known(bot_id)
        if known is None:
            return await self._read(partial(self._keys.open_keys, bot_id=bot_id))
        return known.of_bot(bot_id)

    # Stands last, because below it `list` in an annotation would mean this method.
    async def list(self, key: SessionKey) -> list[TrackedMessage]:
        return await self._read(partial(self._entries.entries, key=key))
