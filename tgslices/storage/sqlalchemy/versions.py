"""Which version of the schema a database has: created, upgraded, accepted, or refused untouched."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, TypeAlias

from sqlalchemy import Connection, false, insert, inspect, select, update
from sqlalchemy.exc import DBAPIError

from tgslices.errors import StorageError
from tgslices.storage.sqlalchemy.schema import VERSION, VERSION_NAME, Tables

Upgrade: TypeAlias = Callable[[Connection, Tables], None]

UPGRADES: Final[Mapping[int, Upgrade]] = {}
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
            StorageError: the database was written by a newer version, or tables are missing that may not be created.
        """
        found = self._found(connection)
        if found == self._version:
            return False
        if not self._create:
            self._check_unmanaged(connection, found)
            return False
        return True

    def bring_up(self, connection: Connection) -> None:
        """Create or upgrade the tables, in the transaction of the connection. Harmless when repeated.

        Raises:
            StorageError: the database was written by a newer version.
        """
        found = self._found(connection)
        if found is None:
            self._tables.metadata.create_all(connection, tables=self._tables.all, checkfirst=True)
            connection.execute(insert(self._tables.meta).values(name=VERSION_NAME, value=str(self._version)))
        elif found < self._version:
            for version in range(found, self._version):
                self._upgrades[version](connection, self._tables)
            meta = self._tables.meta
            connection.execute(update(meta).where(meta.c.name == VERSION_NAME).values(value=str(self._version)))

    def _found(self, connection: Connection) -> int | None:
        meta = self._tables.meta
        if not inspect(connection).has_table(meta.name, schema=meta.schema):
            return None
        value = connection.scalar(select(meta.c.value).where(meta.c.name == VERSION_NAME))
        if value is None:
            return None
        if not value.isdecimal() or not 1 <= int(value) <= self._version:
            raise StorageError(
                f"The storage's tables have version {value}, and this release knows versions up to {self._version}.",
                "Install a newer release of tgslices. Nothing was changed.",
            )
        return int(value)

    def _check_unmanaged(self, connection: Connection, found: int | None) -> None:
        """Check tables that a migration tool takes care of, and that need not say which version they are."""
        if found is not None:
            raise StorageError(
                f"The storage's tables have version {found}, and this release needs version {self._version}.",
                f"Migrate them and set {VERSION_NAME} in {self._tables.meta.name}, or pass create=True.",
            )
        for table in self._tables.all:
            try:
                connection.execute(select(*table.c).where(false()))
            except DBAPIError as error:
                raise StorageError(
                    f"The table {table.name} is missing or lacks a column.",
                    "Create the tables of storage.metadata with your migrations, or pass create=True.",
                ) from error
