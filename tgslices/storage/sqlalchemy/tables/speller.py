"""What the statements of groups are put together from: rows of parameters, as values or as arrays, and their text."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ARRAY,
    CTE,
    BindParameter,
    Dialect,
    Select,
    Table,
    bindparam,
    column,
    func,
    select,
    values,
)

from tgslices.storage.sqlalchemy.database.dialect import insert_of
from tgslices.storage.sqlalchemy.database.steps import ANY_NUMBER


def in_chunks(rows: Sequence[Any], size: int) -> Iterator[Sequence[Any]]:
    """Split a sequence into parts of at most that size."""
    for start in range(0, len(rows), size):
        yield rows[start : start + size]


@dataclass(frozen=True, slots=True)
class Spelled:
    """The text of a statement whose parameters have names, in the order in which the driver takes them."""

    text: str
    names: tuple[str, ...]

    def __call__(self, size: int) -> str:
        """Return the text, which is for one row of parameters."""
        return self.text

    def row(self, **values: Any) -> tuple[Any, ...]:
        """Return the parameters in their order."""
        return tuple(values[name] for name in self.names)


class Speller:
    """Spells statements for one dialect."""

    def __init__(self, dialect: Dialect) -> None:
        self._dialect = dialect
        self.is_sqlite = dialect.name == "sqlite"
        self.insert: Callable[[Table], Any] = insert_of(dialect.name)

    def given(self, columns: Sequence[Any], size: int) -> CTE:
        """Return the rows of a group as a table; what is passed as arrays has a column ``ordinality`` as well."""
        if size == ANY_NUMBER:
            return self._select_arrays(columns).cte("given")
        return values(*columns, name="rows").data(self._rows(columns, size)).cte("given")

    def insert_rows(self, table: Table, names: Sequence[str], size: int) -> Any:
        """Return an INSERT of rows of parameters."""
        rows = self._rows([column(name, table.c[name].type) for name in names], size)
        return self.insert(table).values([dict(zip(names, row, strict=True)) for row in rows])

    def insert_locking(self, table: Table, names: Sequence[str], identity: Sequence[str], order: str, size: int) -> Any:
        """Insert rows after what is there of them was locked in the order of a column, where rows have locks.

        What is there would else be locked in the order of the rows. So it is counted first: no row comes out of the
        join before.
        """
        if self.is_sqlite or size == 1:
            return self.insert_rows(table, names, size)
        given = self._select_arrays([column(name, table.c[name].type) for name in names]).cte("given")
        there = (
            select(table.c.id)
            .where(*(table.c[name] == given.c[name] for name in identity))
            .order_by(table.c[order])
            .with_for_update(key_share=True, of=table)
            .cte("there")
        )
        counted = select(func.count().label("n")).select_from(there).subquery("counted")
        columns = [given.c[name] for name in names]
        rows = select(*columns).where(counted.c.n.is_not(None)).order_by(given.c.ordinality)
        return self.insert(table).from_select(names, rows)

    def spell(self, statement: Any) -> str:
        """Return the text of a statement whose parameters are in the order of the rows."""
        compiled = statement.compile(dialect=self._dialect)
        order = compiled.positiontup
        if order != [f"p{number}" for number in range(len(order))]:  # pragma: no cover - a change in SQLAlchemy
            raise AssertionError(f"the parameters are no longer in their order: {order}")
        return str(compiled)

    def spell_named(self, statement: Any) -> Spelled:
        """Return the text of a statement whose parameters are named."""
        compiled = statement.compile(dialect=self._dialect)
        return Spelled(str(compiled), tuple(compiled.positiontup))

    def _rows(self, columns: Sequence[Any], size: int) -> list[tuple[BindParameter[Any], ...]]:
        """Return rows of parameters, numbered through."""
        width = len(columns)
        return [
            tuple(bindparam(f"p{row * width + place}", type_=it.type) for place, it in enumerate(columns))
            for row in range(size)
        ]

    def _select_arrays(self, columns: Sequence[Any]) -> Select[Any]:
        """Return rows of parameters that are one array for each column."""
        arrays = [bindparam(f"p{place}", type_=ARRAY(it.type)) for place, it in enumerate(columns)]
        return select(func.unnest(*arrays).table_valued(*columns, with_ordinality="ordinality").render_derived())
