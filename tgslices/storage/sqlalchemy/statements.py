"""The statements of the hot path, spelled once for each size of a group.

A group of writes is one statement with one row of values for each. Its text depends on the number of rows, so groups
are padded to a few sizes, and what the driver has prepared is used again. The parameters are the rows, one after
another, in the order of the named columns.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from typing import Any, Final, TypeAlias

from sqlalchemy import (
    CTE,
    BigInteger,
    Boolean,
    ColumnElement,
    Dialect,
    LargeBinary,
    Table,
    Text,
    and_,
    bindparam,
    column,
    func,
    or_,
    select,
    values,
)
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.types import TypeEngine

from tgslices.storage.sqlalchemy.schema import (
    KEY_COLUMNS,
    MATCH_COLUMNS,
    MESSAGE_COLUMNS,
    PENDING_COLUMNS,
    PLACE_COLUMNS,
    Tables,
)

Row: TypeAlias = tuple[Any, ...]

SIZES: Final = (1, 2, 5, 10, 20, 50, 100)
"""How many rows a statement may have."""

MOST_ROWS: Final = SIZES[-1]

_MATCH_TYPES: Final[dict[str, TypeEngine[Any]]] = {
    "label": LargeBinary(),
    "connection": Text(),
    "or_closed": Boolean(),
}


def padded(rows: Sequence[Row]) -> list[Row]:
    """Return the rows with the last one repeated up to the next size; only for statements that ignore repetitions."""
    size = next(size for size in SIZES if size >= len(rows))
    return [*rows, *[rows[-1]] * (size - len(rows))]


def in_sizes(rows: Sequence[Row]) -> Iterator[Sequence[Row]]:
    """Split rows into parts that each have one of the sizes; for statements that refuse repetitions."""
    start = 0
    while start < len(rows):
        size = next(size for size in reversed(SIZES) if size <= len(rows) - start)
        yield rows[start : start + size]
        start += size


def in_chunks(rows: Sequence[Any], size: int = MOST_ROWS) -> Iterator[Sequence[Any]]:
    """Split a sequence into parts of at most that size."""
    for start in range(0, len(rows), size):
        yield rows[start : start + size]


class Statements:
    """The statements for one set of tables and one dialect, as text."""

    def __init__(self, tables: Tables, dialect: Dialect) -> None:
        """Build statements when they are first asked for."""
        self._tables = tables
        self._dialect = dialect
        self._insert: Callable[[Table], Any] = sqlite_insert if dialect.name == "sqlite" else postgresql_insert
        self.insert_entries = lru_cache(self._insert_entries)
        """``(size)``: add rows of ``("key_id", *MESSAGE_COLUMNS)``, leaving out what is there."""
        self.record = lru_cache(self._record)
        """``(size)``: add rows of ``("ord", *MATCH_COLUMNS, *MESSAGE_COLUMNS)`` to every key that each one matches.

        On PostgreSQL it also returns what :attr:`count_matches` returns."""
        self.count_matches = lru_cache(self._count_matches)
        """``(size)``: for rows of ``("ord", *MATCH_COLUMNS)``, return ``ord`` and how many keys match, if any do."""
        self.open_keys = lru_cache(self._open_keys)
        """``(size)``: add or open keys, given rows of ``(*KEY_COLUMNS, "is_open")``, each once; return ids, places."""
        self.add_pending = lru_cache(self._add_pending)
        """``(size)``: add rows of ``("identity", *PENDING_COLUMNS)``; what is there becomes due when the row says."""

    def _insert_entries(self, size: int) -> str:
        messages = self._tables.messages
        names = ("key_id", *MESSAGE_COLUMNS)
        rows = self._rows([messages.c[name].type for name in names], size)
        insert = self._insert(messages).values([dict(zip(names, row, strict=True)) for row in rows])
        return self._spell(insert.on_conflict_do_nothing())

    def _record(self, size: int) -> str:
        messages, keys = self._tables.messages, self._tables.keys
        given = self._given(size, with_message=True)
        target = ("key_id", *MESSAGE_COLUMNS)
        if self._dialect.name == "sqlite":
            found = select(keys.c.id, *_message_of(given)).where(self._matches(given)).order_by(given.c.ord)
            return self._spell(self._insert(messages).from_select(target, found).on_conflict_do_nothing())
        # The lock keeps another worker from closing a session between the look at its row and the new entry. The rows
        # are locked in one order everywhere, so that two workers never wait for each other.
        matched = (
            select(given.c.ord, keys.c.id)
            .where(self._matches(given))
            .order_by(keys.c.id)
            .with_for_update(read=True, key_share=True, of=keys)
            .cte("matched")
        )
        found = select(matched.c.id, *_message_of(given)).where(given.c.ord == matched.c.ord).order_by(given.c.ord)
        added = self._insert(messages).from_select(target, found).on_conflict_do_nothing().cte("added")
        return self._spell(select(matched.c.ord, func.count()).group_by(matched.c.ord).add_cte(added))

    def _count_matches(self, size: int) -> str:
        given = self._given(size, with_message=False)
        return self._spell(select(given.c.ord, func.count()).where(self._matches(given)).group_by(given.c.ord))

    def _open_keys(self, size: int) -> str:
        keys = self._tables.keys
        names = (*KEY_COLUMNS, "is_open")
        rows = self._rows([keys.c[name].type for name in names], size)
        insert = self._insert(keys).values([dict(zip(names, row, strict=True)) for row in rows])
        insert = insert.on_conflict_do_update(
            index_elements=PLACE_COLUMNS, set_={"is_open": or_(keys.c.is_open, insert.excluded.is_open)}
        )
        return self._spell(insert.returning(keys.c.id, *(keys.c[name] for name in PLACE_COLUMNS)))

    def _add_pending(self, size: int) -> str:
        pending = self._tables.pending
        names = ("identity", *PENDING_COLUMNS)
        rows = self._rows([pending.c[name].type for name in names], size)
        insert = self._insert(pending).values([dict(zip(names, row, strict=True)) for row in rows])
        return self._spell(
            insert.on_conflict_do_update(index_elements=["identity"], set_={"due_at": insert.excluded.due_at})
        )

    def _given(self, size: int, *, with_message: bool) -> CTE:
        """Return the rows of the group as a table."""
        columns: list[Any] = [column("ord", BigInteger())]
        # Marked, because keys and messages share the names of columns.
        columns += [column(f"m_{name}", _MATCH_TYPES.get(name, BigInteger())) for name in MATCH_COLUMNS]
        if with_message:
            columns += [column(name, self._tables.messages.c[name].type) for name in MESSAGE_COLUMNS]
        rows = self._rows([column.type for column in columns], size)
        return values(*columns, name="given").data(rows).cte("given")

    def _matches(self, given: CTE) -> ColumnElement[bool]:
        keys = self._tables.keys
        return and_(
            keys.c.bot_id == given.c.m_bot_id,
            keys.c.chat_id == given.c.m_key_chat_id,
            keys.c.user_id.in_([given.c.m_user_a, given.c.m_user_b]),
            keys.c.thread_id.in_([given.c.m_thread_a, given.c.m_thread_b]),
            or_(given.c.m_label.is_(None), keys.c.label == given.c.m_label),
            keys.c.business_connection_id.is_not_distinct_from(given.c.m_connection),
            or_(keys.c.is_open, given.c.m_or_closed),
        )

    def _rows(self, types: Sequence[TypeEngine[Any]], size: int) -> list[Row]:
        """Return rows of parameters, numbered through."""
        width = len(types)
        return [
            tuple(bindparam(f"p{row * width + place}", type_=type_) for place, type_ in enumerate(types))
            for row in range(size)
        ]

    def _spell(self, statement: Any) -> str:
        compiled = statement.compile(dialect=self._dialect)
        order = compiled.positiontup
        if order != [f"p{number}" for number in range(len(order))]:  # pragma: no cover - a change in SQLAlchemy
            raise AssertionError(f"the parameters are no longer in their order: {order}")
        return str(compiled)


def _message_of(given: CTE) -> list[ColumnElement[Any]]:
    return [given.c[name] for name in MESSAGE_COLUMNS]
