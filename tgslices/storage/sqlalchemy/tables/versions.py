"""Which version of the schema a database has: created, upgraded, accepted, or refused untouched."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, TypeAlias

from sqlalchemy import Connection, func, insert, inspect, select, text, update
from sqlalchemy.engine.interfaces import ReflectedColumn
from sqlalchemy.engine.reflection import ObjectKind
from sqlalchemy.schema import CreateColumn

from tgslices.clock import utc_now
from tgslices.errors import OtherSchema, StorageError
from tgslices.storage.codec import encode_time
from tgslices.storage.sqlalchemy.tables.schema import FILLFACTOR, VERSION, VERSION_NAME, Tables

Upgrade: TypeAlias = Callable[[Connection, Tables], None]


def _to_2(connection: Connection, tables: Tables) -> None:
    """Let keys know when they open, close and are due, messages what left them, buttons and albums; add data, ends."""
    new = {
        tables.keys: ("opened_at", "closed_at", "after_id", "due_at", "limit_at", "active_at", "held_until"),
        tables.messages: ("has_buttons", "media_group_id", "is_foreign", "state"),
        tables.pending: ("has_buttons", "media_group_id", "held_until"),
    }
    for table, names in new.items():
        for name in names:
            specification = CreateColumn(table.c[name]).compile(dialect=connection.dialect)
            quoted = connection.dialect.identifier_preparer.format_table(table)
            connection.execute(text(f"ALTER TABLE {quoted} ADD COLUMN {specification}"))
    if connection.dialect.name == "postgresql":
        for table in (tables.keys, tables.pending):
            quoted = connection.dialect.identifier_preparer.format_table(table)
            connection.execute(text(f"ALTER TABLE {quoted} SET (fillfactor = {FILLFACTOR})"))
    keys, messages = tables.keys, tables.messages
    # When a session was opened was not kept: not before its first entry, as far as anybody can tell.
    first = select(func.min(messages.c.recorded_at)).where(messages.c.key_id == keys.c.id).scalar_subquery()
    opened_at = func.coalesce(first, encode_time(utc_now()))
    connection.execute(update(keys).where(keys.c.is_open).values(opened_at=opened_at))
    home = select(keys.c.chat_id).where(keys.c.id == messages.c.key_id).scalar_subquery()
    connection.execute(update(messages).where(messages.c.chat_id != home).values(is_foreign=True))
    for index in (*keys.indexes, *messages.indexes):
        index.create(connection, checkfirst=True)
    tables.data.create(connection)
    tables.ends.create(connection)


UPGRADES: Final[Mapping[int, Upgrade]] = {1: _to_2}
"""By the version that each one starts from, what brings the tables to the next. Each runs in the one transaction of the
whole upgrade. The first version that was published is 1."""


class Versions:
    """Brings the tables of a database to the version of this code."""

    def __init__(
        self, tables: Tables, *, create: bool, version: int = VERSION, upgrades: Mapping[int, Upgrade] = UPGRADES
    ) -> None:
        """Work on these tables; without ``create`` nothing is changed, only checked."""
        self._tables = tables
        self._create = create
        self._version = version
        self._upgrades = upgrades

    def check(self, connection: Connection) -> bool:
        """Return whether there is something to create or to upgrade. Changes nothing.

        Raises:
            StorageError: the database was written by a newer version, tables are missing that may not be created, or
                tables that do not say which version they have are not those of this one.
        """
        found = self._found(connection)
        if found == self._version or (found is None and self._fits_without_version(connection)):
            return False
        if self._create:
            return True
        if found is None:
            raise OtherSchema(
                f"The table {self._tables.meta.name} is missing, and so are the others.",
                "Look at the URL, the prefix and the schema. The bot makes the tables when it starts, or your "
                "migrations do, by storage.metadata, where it was told create=False.",
            )
        raise OtherSchema(
            f"The storage's tables have version {found}, and this release needs version {self._version}.",
            "The bot upgrades them when it starts. Where it was told create=False, migrate them and set "
            f"{VERSION_NAME} in {self._tables.meta.name}.",
        )

    def bring_up(self, connection: Connection) -> None:
        """Create or upgrade the tables, in the transaction of the connection. Harmless when repeated.

        Raises:
            StorageError: as for :meth:`check`.
        """
        found = self._found(connection)
        if found is not None:
            for version in range(found, self._version):
                self._upgrades[version](connection, self._tables)
            meta = self._tables.meta
            connection.execute(update(meta).where(meta.c.name == VERSION_NAME).values(value=str(self._version)))
        elif not self._fits_without_version(connection):
            self._tables.metadata.create_all(connection, tables=self._tables.all, checkfirst=False)
            connection.execute(insert(self._tables.meta).values(name=VERSION_NAME, value=str(self._version)))

    def _found(self, connection: Connection) -> int | None:
        meta = self._tables.meta
        if not inspect(connection).has_table(meta.name, schema=meta.schema):
            return None
        value = connection.scalar(select(meta.c.value).where(meta.c.name == VERSION_NAME))
        if value is None:
            return None
        if not value.isdecimal() or not 1 <= int(value) <= self._version:
            raise OtherSchema(
                f"The storage's tables have version {value}, and this release knows versions up to {self._version}.",
                "Install a newer release of tgslices. Nothing was changed.",
            )
        return int(value)

    def _fits_without_version(self, connection: Connection) -> bool:
        """Return whether somebody else, such as a migration tool, made the tables of this version; False for no tables.

        Such tables get no version from here: which one they have is their maker's to say.
        """
        meta = self._tables.meta
        names = [table.name for table in self._tables.all]
        there = inspect(connection).get_multi_columns(meta.schema, filter_names=names, kind=ObjectKind.ANY)
        if not there:
            return False
        for table in self._tables.all:
            columns = there.get((meta.schema, table.name))
            if columns is None:
                raise self._misfit(f"The table {table.name} is missing")
            found = {column["name"] for column in columns}
            if lacking := [column.name for column in table.c if column.name not in found]:
                raise self._misfit(f"The table {table.name} lacks {', '.join(lacking)}")
            if unknown := [it["name"] for it in columns if it["name"] not in table.c and _must_be_given(it)]:
                raise self._misfit(f"The table {table.name} demands {', '.join(unknown)}")
        return True

    def _misfit(self, what: str) -> StorageError:
        meta = self._tables.meta.name
        return OtherSchema(
            f"{what}, and the tables that are there do not say which version they have.",
            f"Bring them up to storage.metadata with your migrations, or write into {meta} the {VERSION_NAME} that "
            "they have, so that create=True upgrades them. Nothing was changed.",
        )


def _must_be_given(column: ReflectedColumn) -> bool:
    """Tell whether no row can be added by somebody who does not know the column."""
    return not column["nullable"] and column["default"] is None
