"""Session data in an SQL database.

Where several processes share it, holders stand in the database. Where this process owns it, they are in memory and cost
no statement.

Past 300 lines, because each of the two has every method of one protocol.
"""

# ruff: noqa: D102 - the methods are documented once, on the protocol

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Protocol

from sqlalchemy import CTE, delete, exists, select
from sqlalchemy.ext.asyncio import AsyncConnection

from tgslices.model import SessionKey
from tgslices.storage.codec import encode_time
from tgslices.storage.data_protocol import DataHold, DataStorage, StoredData
from tgslices.storage.inprocess.data import what_is_written
from tgslices.storage.inprocess.data_holds import Holds
from tgslices.storage.sqlalchemy.database.steps import Steps
from tgslices.storage.sqlalchemy.database.transactions import Transactions
from tgslices.storage.sqlalchemy.open_database import OpenDatabase
from tgslices.storage.sqlalchemy.queries.data import NOTHING_MOVED, DataRows, MovedData
from tgslices.storage.sqlalchemy.queries.keys import IDS_PER_STATEMENT
from tgslices.storage.sqlalchemy.queries.shared_data import SharedRows
from tgslices.storage.sqlalchemy.tables.columns import KEY_COLUMNS, PLACE_COLUMNS
from tgslices.storage.sqlalchemy.tables.data_rows import living, name_of
from tgslices.storage.sqlalchemy.tables.data_statements import DataStatements, closing
from tgslices.storage.sqlalchemy.tables.rows import key_of, place_of
from tgslices.storage.sqlalchemy.tables.speller import in_chunks

Ready = Callable[[], Awaitable[None]]


class SQLData(DataStorage, Protocol):
    """Session data, and what the rest of a storage asks of it within transactions of its own."""

    async def load(self) -> None:
        """Bring what is in memory in step with the database."""

    def parts(self, key: SessionKey) -> Sequence[CTE]:
        """Return the parts that a statement needs to close the data of a key as well, where there is such a thing."""

    def closing(self, key: SessionKey) -> Steps[None]:
        """Close the data of a key."""

    async def close_within(self, connection: AsyncConnection, key: SessionKey) -> None:
        """Close the data of a key where there are no :meth:`parts` for it."""

    def closed(self, key: SessionKey) -> None:
        """Note that the data of a key was closed; in the same turn."""

    def doubt_closed(self, key: SessionKey, at: datetime) -> None:
        """Note that nobody knows whether the data of a key was closed."""

    async def migrate_within(
        self, connection: AsyncConnection, bot_id: int, old_chat_id: int, new_chat_id: int
    ) -> MovedData:
        """Move the data of a chat."""

    def migrated(self, bot_id: int, old_chat_id: int, new_chat_id: int, moved: MovedData) -> None:
        """Note that the data of a chat was moved; in the same turn."""

    async def sweep_within(self, connection: AsyncConnection, bot_id: int, *, now: datetime, limit: int) -> int:
        """Forget data that is past."""

    def held_in_memory(self, bot_id: int) -> list[tuple[SessionKey, set[str]]]:
        """Return which fragments are held, as far as holders are no rows."""

    def is_held_in_memory(self, key: SessionKey, *, after: datetime) -> bool:
        """Tell whether data of a key is held until later than a time, as far as holders are no rows."""


def data_of(backend: OpenDatabase, ready: Ready) -> SQLData:
    """Return the data of a database; ``ready`` is awaited before each call."""
    statements = DataStatements(backend.tables, backend.engine.dialect)
    make = SharedData if backend.shared else OwnedData
    return make(backend, statements, ready)


class _Methods:
    """What is alike however holders are kept."""

    _rows: DataRows

    def __init__(self, backend: OpenDatabase, ready: Ready) -> None:
        self._backend = backend
        self._ready = ready

    def held_in_memory(self, bot_id: int) -> list[tuple[SessionKey, set[str]]]:
        return []

    def is_held_in_memory(self, key: SessionKey, *, after: datetime) -> bool:
        return False

    async def _transactions(self) -> Transactions:
        await self._ready()
        return self._backend.transactions

    async def read_data(
        self, key: SessionKey, names: Collection[str] | None = None, *, now: datetime
    ) -> dict[str, StoredData]:
        read = partial(self._rows.read, key=key, names=names)
        return living(await (await self._transactions()).read(read), now)


class SharedData(_Methods):
    """Data whose holders stand in the database."""

    def __init__(self, backend: OpenDatabase, statements: DataStatements, ready: Ready) -> None:
        super().__init__(backend, ready)
        self._rows: SharedRows = SharedRows(backend.tables, backend.database, statements)
        self._in_steps = backend.database.one_writer
        self._write = self._rows.write_in_steps if self._in_steps else self._rows.write

    async def hold_data(self, hold: DataHold, *, now: datetime, until: datetime) -> dict[str, StoredData] | None:
        if not hold.names:
            return {}
        work = partial(self._rows.hold, hold=hold, now=now, until=until)
        release = partial(self._write, hold=hold, changes={}, release=True)
        transactions = await self._transactions()
        # Whoever is cancelled meanwhile lets go before the hold is there.
        return await transactions.write(work, single=True, unclaimed=lambda _: release)

    async def renew_data(self, holds: Collection[DataHold], *, until: datetime) -> None:
        if holds:
            work = partial(self._rows.renew, holds=holds, until=until)
            single = len(holds) <= self._backend.database.max_rows
            await (await self._transactions()).write(work, single=single)

    async def write_data(
        self, hold: DataHold, changes: Mapping[str, StoredData | None], *, release: bool = True
    ) -> bool:
        if not (changes or release):
            return True
        work = partial(self._write, hold=hold, changes=changes, release=release)
        return await (await self._transactions()).write(work, single=not self._in_steps)

    async def put_data(self, key: SessionKey, changes: Mapping[str, StoredData | None]) -> None:
        work = partial(self._rows.put, key=key, changes=changes)
        await (await self._transactions()).write(work, single=self._rows.is_single(changes))

    async def close_data(self, key: SessionKey) -> None:
        await (await self._transactions()).take(partial(self.closing, key))

    async def migrate_data(self, bot_id: int, old_chat_id: int, new_chat_id: int) -> None:
        work = partial(self.migrate_within, bot_id=bot_id, old_chat_id=old_chat_id, new_chat_id=new_chat_id)
        await (await self._transactions()).write(work)

    async def sweep_data(self, bot_id: int, *, now: datetime, limit: int) -> int:
        work = partial(self.sweep_within, bot_id=bot_id, now=now, limit=limit)
        return await (await self._transactions()).write(work)

    async def load(self) -> None:
        """Do nothing: all is in the database."""

    def parts(self, key: SessionKey) -> Sequence[CTE]:
        return () if self._in_steps else closing(self._backend.tables.data, self._rows.is_of(key))

    def closing(self, key: SessionKey) -> Steps[None]:
        return self._rows.closing(key)

    async def close_within(self, connection: AsyncConnection, key: SessionKey) -> None:
        if self._in_steps:
            await self._backend.database.take(connection, self.closing(key))

    def closed(self, key: SessionKey) -> None:
        """Do nothing: all is in the database."""

    def doubt_closed(self, key: SessionKey, at: datetime) -> None:
        """Do nothing: all is in the database."""

    async def migrate_within(
        self, connection: AsyncConnection, bot_id: int, old_chat_id: int, new_chat_id: int
    ) -> MovedData:
        if old_chat_id == new_chat_id:
            return NOTHING_MOVED
        return await self._rows.migrate(connection, bot_id, old_chat_id, new_chat_id)

    def migrated(self, bot_id: int, old_chat_id: int, new_chat_id: int, moved: MovedData) -> None:
        """Do nothing: all is in the database."""

    async def sweep_within(self, connection: AsyncConnection, bot_id: int, *, now: datetime, limit: int) -> int:
        return await self._rows.sweep(connection, bot_id, now, limit) if limit > 0 else 0


class OwnedData(_Methods):
    """Data whose holders are in this process.

    A hold is taken before its fragments are read. Any other change of them is noted in the turn in which it is
    committed. So a holder never writes what it has read before a change.
    """

    def __init__(self, backend: OpenDatabase, statements: DataStatements, ready: Ready) -> None:
        super().__init__(backend, ready)
        self._rows: DataRows = DataRows(backend.tables, backend.database, statements)
        self._holds = Holds()
        self._may_have_any = True

    async def load(self) -> None:
        self._holds = Holds()
        data = self._backend.tables.data

        async def look(connection: AsyncConnection) -> bool:
            return bool(await connection.scalar(select(exists(select(data.c.id)))))

        self._may_have_any = await self._backend.transactions.read(look)

    def held_in_memory(self, bot_id: int) -> list[tuple[SessionKey, set[str]]]:
        return [(key, self._holds.names(key)) for key in self._holds.of_bot(bot_id)]

    def is_held_in_memory(self, key: SessionKey, *, after: datetime) -> bool:
        return self._holds.is_held(key, after=after)

    async def hold_data(self, hold: DataHold, *, now: datetime, until: datetime) -> dict[str, StoredData] | None:
        transactions = await self._transactions()
        before = self._holds.take(hold, now=now, until=until)
        if before is None:
            return None
        if not self._may_have_any:
            return {}
        try:
            rows = await transactions.read(partial(self._rows.read, key=hold.key, names=hold.names))
        except BaseException:
            self._holds.put_back(hold, before)
            raise
        return living(rows, now)

    async def renew_data(self, holds: Collection[DataHold], *, until: datetime) -> None:
        for hold in holds:
            self._holds.renew(hold, until=until)

    async def write_data(
        self, hold: DataHold, changes: Mapping[str, StoredData | None], *, release: bool = True
    ) -> bool:
        if changes:
            work = partial(self._write, hold=hold, changes=changes)

            def done(is_held: bool) -> None:
                if release:
                    self._holds.release(hold)

            single = self._rows.is_single(changes) and self._holds.closing_at(hold) is None
            return await (await self._transactions()).write(work, after=done, single=single)
        if release:
            self._holds.release(hold)
        return True

    async def _write(
        self, connection: AsyncConnection, hold: DataHold, changes: Mapping[str, StoredData | None]
    ) -> bool:
        at = self._holds.closing_at(hold)
        if at is not None and await self._was_closed(connection, hold.key, at):
            self._holds.close(hold.key)
        writable = self._holds.writable(hold, changes)
        if writable is None:
            return await self._rows.stand(connection, hold.key, changes)
        await self._put(connection, hold.key, what_is_written(changes, writable))
        return True

    async def _was_closed(self, connection: AsyncConnection, key: SessionKey, at: datetime) -> bool:
        c = self._backend.tables.keys.c
        place = (c[name] == value for name, value in zip(PLACE_COLUMNS, place_of(key), strict=True))
        return bool(await connection.scalar(select(exists(select(c.id).where(*place, c.closed_at >= encode_time(at))))))

    async def put_data(self, key: SessionKey, changes: Mapping[str, StoredData | None]) -> None:
        await self._ready()
        if not self._may_have_any and all(stored is None for stored in changes.values()):
            self._holds.end(key, changes)
            return

        def done(_: None) -> None:
            self._holds.end(key, changes)

        work = partial(self._put, key=key, changes=changes)
        await (await self._transactions()).write(work, after=done, single=self._rows.is_single(changes))

    async def _put(
        self, connection: AsyncConnection, key: SessionKey, changes: Mapping[str, StoredData | None]
    ) -> None:
        self._may_have_any |= any(stored is not None for stored in changes.values())
        await self._rows.put(connection, key, changes)

    async def close_data(self, key: SessionKey) -> None:
        def done(_: None) -> None:
            self.closed(key)

        await (await self._transactions()).take(partial(self.closing, key), after=done)

    def parts(self, key: SessionKey) -> Sequence[CTE]:
        return ()

    def closing(self, key: SessionKey) -> Steps[None]:
        if self._may_have_any:
            yield from self._rows.ending(key)

    async def close_within(self, connection: AsyncConnection, key: SessionKey) -> None:
        await self._backend.database.take(connection, self.closing(key))

    def closed(self, key: SessionKey) -> None:
        self._holds.close(key)

    def doubt_closed(self, key: SessionKey, at: datetime) -> None:
        self._holds.doubt(key, at)

    async def migrate_data(self, bot_id: int, old_chat_id: int, new_chat_id: int) -> None:
        work = partial(self.migrate_within, bot_id=bot_id, old_chat_id=old_chat_id, new_chat_id=new_chat_id)
        done = partial(self.migrated, bot_id, old_chat_id, new_chat_id)
        await (await self._transactions()).write(work, after=done)

    async def migrate_within(
        self, connection: AsyncConnection, bot_id: int, old_chat_id: int, new_chat_id: int
    ) -> MovedData:
        if old_chat_id == new_chat_id or not self._may_have_any:
            return NOTHING_MOVED
        return await self._rows.migrate(connection, bot_id, old_chat_id, new_chat_id)

    def migrated(self, bot_id: int, old_chat_id: int, new_chat_id: int, moved: MovedData) -> None:
        if old_chat_id == new_chat_id:
            return
        for old in {*moved.moved, *self._holds.of_chat(bot_id, old_chat_id)}:
            new = old.in_chat(new_chat_id)
            self._holds.follow(old, new, moved=moved.moved.get(old, ()), there=moved.there.get(new, ()))

    async def sweep_data(self, bot_id: int, *, now: datetime, limit: int) -> int:
        work = partial(self.sweep_within, bot_id=bot_id, now=now, limit=limit)
        return await (await self._transactions()).write(work)

    async def sweep_within(self, connection: AsyncConnection, bot_id: int, *, now: datetime, limit: int) -> int:
        self._holds.forget(bot_id, now=now)
        if limit <= 0 or not self._may_have_any:
            return 0
        data = self._backend.tables.data
        columns = (data.c.id, data.c.name, *(data.c[name] for name in KEY_COLUMNS))
        past = select(*columns).where(self._rows.past(bot_id, now)).order_by(data.c.expires_at)
        found = await connection.execute(past.limit(limit + len(self._holds)))
        ids = [row[0] for row in found.all() if name_of(row[1:]) not in self._holds.names(key_of(row[2:]))]
        for chunk in in_chunks(ids[:limit], IDS_PER_STATEMENT):
            await connection.execute(delete(data).where(data.c.id.in_(chunk)))
        return len(ids[:limit])
