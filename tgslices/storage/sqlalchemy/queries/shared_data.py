"""Work on fragments of session data whose holders are in the database, for all who share it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

from sqlalchemy import delete, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from tgslices.storage.codec import encode_time
from tgslices.storage.data_protocol import DataHold, StoredData
from tgslices.storage.inprocess.data import what_is_written
from tgslices.storage.sqlalchemy.database.errors import sqlstate_of
from tgslices.storage.sqlalchemy.queries.data import DataRows
from tgslices.storage.sqlalchemy.tables.data_rows import (
    NO_VALUE,
    forgotten_at,
    fragment_of,
    in_order,
    living,
    name_of,
    name_values,
    stored_values,
)
from tgslices.storage.sqlalchemy.tables.rows import key_values, place_of
from tgslices.storage.sqlalchemy.tables.speller import in_chunks

DIVISION_BY_ZERO: Final = "22012"
"""Source: https://www.postgresql.org/docs/current/errcodes-appendix.html"""

MAX_LOOKS: Final = 5
"""How often fragments are tried for that others are making at the same moment."""


class _HeldRow(NamedTuple):
    id: int
    is_closed: bool
    has_value: bool


class SharedRows(DataRows):
    """Takes, renews and writes fragments."""

    async def hold(
        self, connection: AsyncConnection, hold: DataHold, now: datetime, until: datetime
    ) -> dict[str, StoredData] | None:
        """Take all fragments of a hold, or none; return those that are there."""
        times = (encode_time(now), forgotten_at(until), hold.holder, encode_time(until))
        values = key_values(hold.key)
        rows = [(*values, *name_values(name), *times) for name in in_order(hold.names)]
        found = await self._take(connection, rows)
        return living(found, now) if len({name_of(row) for row in found}) == len(rows) else None

    async def _take(self, connection: AsyncConnection, rows: Sequence[Sequence[Any]]) -> Sequence[Any]:
        looks = 0
        while True:
            looks += 1
            try:
                return [row[:6] for row in await self._database.execute(connection, self._statements.hold, rows)]
            except DBAPIError as error:
                # Somebody has made one of them since the statement began, and nothing was taken.
                if sqlstate_of(error) != DIVISION_BY_ZERO:
                    raise
            if looks == MAX_LOOKS:
                return []

    async def renew(self, connection: AsyncConnection, holds: Collection[DataHold], until: datetime) -> None:
        """Move the end of what is still held."""
        end = encode_time(until)
        rows = sorted({(*place_of(hold.key), hold.holder, end) for hold in holds})
        for chunk in in_chunks(rows, self._database.max_rows):
            await self._database.execute(connection, self._statements.renew, chunk)

    async def write(
        self, connection: AsyncConnection, hold: DataHold, changes: Mapping[str, StoredData | None], *, release: bool
    ) -> bool:
        """Write what is held in one statement; return whether it is there now. Only where such a statement can be."""
        call = (*place_of(hold.key), hold.holder, release, len(changes))
        rows = [(*call, fragment_of(name), *stored_values(changes[name])) for name in in_order(changes)]
        rows = rows or [(*call, None, *NO_VALUE)]
        [[is_held]] = await self._database.execute(connection, self._statements.write, rows)
        return is_held or await self.stand(connection, hold.key, changes)

    async def write_in_steps(
        self, connection: AsyncConnection, hold: DataHold, changes: Mapping[str, StoredData | None], *, release: bool
    ) -> bool:
        """Do the same within a transaction that nobody else writes beside."""
        of_holder = (*place_of(hold.key), hold.holder)
        found = await self._database.execute(connection, self._statements.held, [of_holder])
        rows = {name_of(row): _HeldRow(*row[1:]) for row in found}
        is_held = all(name in rows for name in changes)
        written = what_is_written(changes, {name: not row.is_closed for name, row in rows.items()}) if is_held else {}
        values = [(rows[name].id, *stored_values(stored)) for name, stored in written.items()]
        for chunk in in_chunks(values, self._database.max_rows):
            await self._database.execute(connection, self._statements.set, chunk)
        if release and rows:
            stands = {name: row.has_value for name, row in rows.items()}
            stands |= {name: stored is not None for name, stored in written.items()}
            empty = [rows[name].id for name, it in stands.items() if not it]
            if empty:
                await connection.execute(delete(self._data).where(self._data.c.id.in_(empty)))
            if len(empty) < len(rows):
                await self._database.execute(connection, self._statements.release, [of_holder])
        return is_held or await self.stand(connection, hold.key, changes)

    async def sweep(self, connection: AsyncConnection, bot_id: int, now: datetime, limit: int) -> int:
        """Forget fragments that have expired and have no hold; return how many."""
        data = self._data
        past = select(data.c.id).where(self.past(bot_id, now)).order_by(data.c.expires_at).limit(limit)
        # Whoever has one in hand is about to hold it.
        found = past.with_for_update(skip_locked=True)
        return (await connection.execute(delete(data).where(data.c.id.in_(found)))).rowcount
