"""The statements of a close as text."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Dialect,
    and_,
    case,
    column,
    delete,
    func,
    literal_column,
    not_,
    null,
    or_,
    select,
    update,
)

from tgslices.model import Direction
from tgslices.storage.sqlalchemy.database.steps import StatementOf
from tgslices.storage.sqlalchemy.tables.columns import KEY_COLUMNS, PLACE_COLUMNS
from tgslices.storage.sqlalchemy.tables.data_statements import closing
from tgslices.storage.sqlalchemy.tables.schema import ENTRY, KNOWN, Tables
from tgslices.storage.sqlalchemy.tables.speller import Speller
from tgslices.telegram_facts.message_kind import CONTENT

_ENTRY: Final[Any] = literal_column(str(ENTRY))
_KNOWN: Final[Any] = literal_column(str(KNOWN))
_FALSE: Final[Any] = literal_column("false")

_INCOMING: Final[Any] = literal_column(f"'{Direction.INCOMING.value}'")
_CONTENT: Final[list[Any]] = [literal_column(f"'{name}'") for name in sorted(kind.value for kind in CONTENT)]


def comes_again(c: Any) -> ColumnElement[bool]:
    """Tell in the database what ``may_come_again`` tells of a message."""
    return or_(
        c.direction == _INCOMING,
        c.business_connection_id.is_not(None),
        and_(c.kind.is_not(None), c.kind.not_in(_CONTENT)),
    )


class CloseStatements:
    """The statements for one set of tables and one dialect. To repeat one changes nothing."""

    def __init__(self, tables: Tables, dialect: Dialect) -> None:
        """Build statements when they are first asked for."""
        self._tables = tables
        self._speller = Speller(dialect)
        self.make_closed: StatementOf = lru_cache(self._make_closed)
        """Adds or closes one key, given ``(*KEY_COLUMNS, "is_open", "closed_at")``; returns its id."""
        self.count: StatementOf = lru_cache(self._count)
        """Returns how many entries one key lists, given its id."""
        self.leave: StatementOf = lru_cache(self._leave)
        """Lets one key know those of its entries that may come again, given its id."""
        self.drop: StatementOf = lru_cache(self._drop)
        """Drops the other entries, given an id."""
        self.close: StatementOf = lru_cache(self._close)
        """Closes one locked key, given its id and as of when."""
        self.close_all: StatementOf | None = None if self._speller.is_sqlite else lru_cache(self._close_all)
        """Does all of that, and closes the session's data, given ``("id", "at", *PLACE_COLUMNS)``; returns what
        ``count`` does. SQLite has no statement that changes several tables."""

    def _make_closed(self, size: int) -> str:
        keys = self._tables.keys
        insert = self._speller.insert_rows(keys, (*KEY_COLUMNS, "is_open", "closed_at"), size)
        # Somebody may have made it meanwhile.
        later = _closed(insert.excluded.closed_at)
        closed = insert.on_conflict_do_update(index_elements=PLACE_COLUMNS, set_=later)
        return self._speller.spell(closed.returning(keys.c.id))

    def _count(self, size: int) -> str:
        given = self._given(size)
        return self._speller.spell(self._counting(given))

    def _leave(self, size: int) -> str:
        return self._speller.spell(self._leaving(self._given(size)))

    def _drop(self, size: int) -> str:
        return self._speller.spell(self._dropping(self._given(size)))

    def _close(self, size: int) -> str:
        return self._speller.spell(self._closing(self._given(size, "at")))

    def _close_all(self, size: int) -> str:
        data = self._tables.data
        given = self._given(size, "at", *PLACE_COLUMNS)
        place = and_(*(data.c[name] == given.c[name] for name in PLACE_COLUMNS))
        parts = [
            part(given).cte(name)
            for name, part in (("left", self._leaving), ("dropped", self._dropping), ("closed_key", self._closing))
        ]
        return self._speller.spell(self._counting(given).add_cte(*parts, *closing(data, place)))

    def _given(self, size: int, *names: str) -> Any:
        types = {"at": BigInteger()} | {name: self._tables.keys.c[name].type for name in PLACE_COLUMNS}
        return self._speller.given([column("id", BigInteger()), *(column(name, types[name]) for name in names)], size)

    def _counting(self, given: Any) -> Any:
        c = self._tables.messages.c
        return select(func.count(c.id)).where(c.key_id.in_(select(given.c.id)), c.state == _ENTRY)

    def _leaving(self, given: Any) -> Any:
        c = self._tables.messages.c
        return update(self._tables.messages).where(*self._mine(given), comes_again(c)).values(state=_KNOWN)

    def _dropping(self, given: Any) -> Any:
        c = self._tables.messages.c
        return delete(self._tables.messages).where(*self._mine(given), not_(comes_again(c)))

    def _mine(self, given: Any) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
        c = self._tables.messages.c
        return c.key_id.in_(select(given.c.id)), c.state != _KNOWN

    def _closing(self, given: Any) -> Any:
        keys = self._tables.keys
        # As of the latest close that there was.
        closed_at = case((keys.c.closed_at > given.c.at, keys.c.closed_at), else_=given.c.at)
        return update(keys).where(keys.c.id == given.c.id).values(_closed(closed_at))


def _closed(closed_at: Any) -> dict[str, Any]:
    """Return what becomes of a key that is closed."""
    gone = ("opened_at", "after_id", "due_at", "limit_at", "active_at", "held_until")
    return {"is_open": _FALSE, "closed_at": closed_at, **dict.fromkeys(gone, null())}
