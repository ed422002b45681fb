"""What differs between one database and another."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from functools import cache
from pkgutil import resolve_name
from typing import Any, Protocol

from sqlalchemy import Table
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from tgslices.storage.sqlalchemy.database.notices import Notices
from tgslices.storage.sqlalchemy.database.steps import StatementOf, Steps, T


@cache
def insert_of(dialect: str) -> Callable[[Table], Any]:
    """Return what makes an INSERT of a dialect that knows what to do about conflicts; other dialects are not loaded."""
    make: Callable[[Table], Any] = resolve_name(f"sqlalchemy.dialects.{dialect}:insert")
    return make


class Database(Protocol):
    """How one kind of database is written to."""

    @property
    def lanes(self) -> int:
        """How many groups of writes may be under way at once."""

    @property
    def max_group(self) -> int:
        """How many writes are committed together at most."""

    @property
    def one_writer(self) -> bool:
        """Whether writers of one process get along better when they take turns."""

    @property
    def max_rows(self) -> int:
        """How many rows a statement takes at most."""

    @property
    def keeps_dead_rows(self) -> bool:
        """Whether an index keeps rows that were changed or deleted while another transaction might still see them."""

    @property
    def tells_old_values(self) -> bool:
        """Whether an UPDATE can return what stood there before, so that it needs no look beforehand."""

    @property
    def can_be_alone(self) -> bool:
        """Whether it helps that one process owns the tables alone."""

    @property
    def record_counts(self) -> bool:
        """Whether ``Statements.record`` returns how many keys each row matched."""

    def engine(self, engine: AsyncEngine) -> AsyncEngine:
        """Return a view of the engine whose connections are in the state that the other methods expect."""

    def require_place(self) -> None:
        """Check that a connection would lead to the database that is open.

        Raises:
            StorageError: it would lead to another one, or make a new one.
        """

    async def check(self, connection: AsyncConnection) -> None:
        """Look at the database before anything is made there.

        Raises:
            StorageError: it could not keep what the storage writes.
        """

    async def prepare(self, connection: AsyncConnection) -> None:
        """Make settings that stay in the database; only for an engine that is the storage's own."""

    def hold(self, engine: AsyncEngine, prefix: str, *, shared: bool) -> AbstractAsyncContextManager[None]:
        """Own the tables with a prefix alone, or say that they are shared, until the context ends.

        Raises:
            StorageError: another process uses them in a way that does not go together with this, as far as can be told.
        """

    async def lock_schema(self, connection: AsyncConnection, prefix: str, schema: str | None) -> None:
        """Keep others from creating or upgrading the tables until the transaction ends."""

    async def notices(self, engine: AsyncEngine, prefix: str, schema: str | None, *, seconds: float) -> Notices | None:
        """Return how those who share the tables tell each other what they open; None if they cannot.

        The database has ``seconds`` for an answer.
        """

    def transaction(self, connection: AsyncConnection) -> AbstractAsyncContextManager[None]:
        """Begin a transaction that may write, commit it at the end, and undo it when something is raised."""

    def single(self, connection: AsyncConnection) -> AbstractAsyncContextManager[None]:
        """Do the same for a single statement."""

    async def execute(
        self, connection: AsyncConnection, spell: StatementOf, rows: Sequence[Sequence[Any]]
    ) -> Sequence[Any]:
        """Run a statement of ``Statements`` with its rows, of which there is one at least; return what it returns."""

    async def take(self, connection: AsyncConnection, steps: Steps[T]) -> T:
        """Take steps within whatever transaction there is; return what they return."""

    async def transact(self, connection: AsyncConnection, steps: Steps[T], *, done: Callable[[], None]) -> T:
        """Take steps in a transaction of their own; ``done`` is called when only the commit is left to fail."""
