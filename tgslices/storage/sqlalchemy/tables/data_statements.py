"""The statements of session data as text."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import (
    CTE,
    BigInteger,
    Boolean,
    ColumnElement,
    Dialect,
    Integer,
    and_,
    case,
    column,
    delete,
    exists,
    func,
    literal_column,
    null,
    or_,
    select,
    update,
)

from tgslices.storage.data_protocol import HOLD_KEPT
from tgslices.storage.sqlalchemy.database.steps import StatementOf
from tgslices.storage.sqlalchemy.tables.columns import KEY_COLUMNS, PLACE_COLUMNS
from tgslices.storage.sqlalchemy.tables.data_schema import STORED_COLUMNS
from tgslices.storage.sqlalchemy.tables.schema import Tables
from tgslices.storage.sqlalchemy.tables.speller import Speller

FRAGMENT_COLUMNS: Final = (*PLACE_COLUMNS, "fragment")
"""What identifies a fragment."""

NAMED_COLUMNS: Final = (*KEY_COLUMNS, "fragment", "name")

HOLD_COLUMNS: Final = (*NAMED_COLUMNS, "written_at", "expires_at", "holder", "held_until")
"""What is written when a fragment is held. ``written_at`` is the time at which it is taken."""

PUT_COLUMNS: Final = (*NAMED_COLUMNS, *STORED_COLUMNS)

CHANGE_COLUMNS: Final = (*PLACE_COLUMNS, "holder", "releases", "wanted", "fragment", *STORED_COLUMNS)
"""How a write is told what changes: ``wanted`` fragments of one holder, whom it may let go of all that they hold."""

RENEW_COLUMNS: Final = (*PLACE_COLUMNS, "holder", "held_until")

_TYPES: Final[dict[str, Any]] = {"releases": Boolean(), "wanted": BigInteger()}
KEPT: Final[Any] = literal_column(str(HOLD_KEPT // HOLD_KEPT.resolution), Integer())
_ONE: Final[Any] = literal_column("1", Integer())
_ZERO: Final[Any] = literal_column("0", Integer())
_FALSE: Final[Any] = literal_column("false", Boolean())
_TRUE: Final[Any] = literal_column("true", Boolean())

FREE: Final[dict[str, Any]] = {"holder": null(), "held_until": null(), "is_closed": _FALSE}
"""What becomes of a fragment that nobody holds any more."""


class DataStatements:
    """The statements for one set of tables and one dialect. To repeat a row changes nothing."""

    def __init__(self, tables: Tables, dialect: Dialect) -> None:
        """Build statements when they are first asked for."""
        self._data = tables.data
        self._speller = Speller(dialect)
        self._is_sqlite = self._speller.is_sqlite
        self.read_all: StatementOf = lru_cache(self._read_all)
        """Returns name and ``STORED_COLUMNS`` of the fragments of one row of place."""
        self.read: StatementOf = lru_cache(self._read)
        """Returns the same of rows of ``FRAGMENT_COLUMNS``."""
        self.hold: StatementOf = lru_cache(self._hold)
        """Takes the fragments of all rows of ``HOLD_COLUMNS`` for their one holder, or none; returns the same of each.

        On PostgreSQL it fails with a division by zero when another holder has taken one of them meanwhile."""
        self.write: StatementOf = lru_cache(self._write)
        """Writes what is held, given rows of ``CHANGE_COLUMNS`` of one holder, one without a fragment if nothing
        changes; returns whether all that changes is held (PostgreSQL)."""
        self.held: StatementOf = lru_cache(self._held)
        """Returns name, id, ``is_closed`` and whether there is a value, of one row of place and holder."""
        self.set: StatementOf = lru_cache(self._set)
        """Writes rows of id and ``STORED_COLUMNS`` that are held."""
        self.release: StatementOf = lru_cache(self._release)
        """Lets go of what has a value, given one row of place and holder."""
        self.put: StatementOf = lru_cache(self._put)
        """Writes rows of ``PUT_COLUMNS``, whoever holds them."""
        self.drop: StatementOf = lru_cache(self._drop)
        """Drops rows of ``FRAGMENT_COLUMNS``, whoever holds them."""
        self.close: StatementOf = lru_cache(self._close)
        """Empties the fragments of one row of place that do not outlive a close; returns an id for each of all."""
        self.drop_empty: StatementOf = lru_cache(self._drop_empty)
        """Drops the fragments of one row of place that have neither a value nor a holder."""
        self.drop_ending: StatementOf = lru_cache(self._drop_ending)
        """Drops the fragments of one row of place that do not outlive a close, whoever holds them."""
        self.renew: StatementOf = lru_cache(self._renew)
        """Moves the ends of rows of ``RENEW_COLUMNS``."""

    def _read_all(self, size: int) -> str:
        data = self._data
        given = self._speller.given(self._columns(PLACE_COLUMNS), size)
        return self._speller.spell(select(*self._stored()).where(_same(data, given, PLACE_COLUMNS)))

    def _read(self, size: int) -> str:
        data = self._data
        given = self._speller.given(self._columns(FRAGMENT_COLUMNS), size)
        return self._speller.spell(select(*self._stored()).where(_same(data, given, FRAGMENT_COLUMNS)))

    def _hold(self, size: int) -> str:
        given = self._speller.given(self._columns(HOLD_COLUMNS), size)
        # In one order, in which everybody locks what is there and makes what is new.
        free = select(*(given.c[name] for name in HOLD_COLUMNS)).where(~self._is_held(given))
        insert = self._speller.insert(self._data).from_select(HOLD_COLUMNS, free.order_by(given.c.fragment))
        if self._is_sqlite:
            return self._speller.spell(self._taking(insert))
        # Another holder may have taken one of them since the statement began: then nothing may have been taken.
        taken = self._taking(insert).cte("taken")
        wanted = select(func.count()).select_from(given).scalar_subquery()
        count = select(func.count()).select_from(taken).scalar_subquery()
        guard = _ONE.op("/")(case((count == wanted, _ONE), else_=_ZERO))
        return self._speller.spell(select(*taken.c, guard))

    def _taking(self, insert: Any) -> Any:
        data, new = self._data, insert.excluded
        is_free = or_(data.c.holder.is_(None), data.c.holder == new.holder, data.c.held_until <= new.written_at)
        return insert.on_conflict_do_update(
            index_elements=FRAGMENT_COLUMNS,
            set_={
                "holder": new.holder,
                "held_until": new.held_until,
                "is_closed": _FALSE,
                "expires_at": case((data.c.value.is_(None), new.expires_at), else_=data.c.expires_at),
            },
            where=is_free,
        ).returning(*self._stored())

    def _is_held(self, given: CTE) -> ColumnElement[bool]:
        """Tell whether another holder has one of the fragments, as far as the statement saw when it began."""
        there, each = self._data.alias("there"), given.alias("each")
        by_another = (there.c.holder != each.c.holder, there.c.held_until > each.c.written_at)
        return exists(select(there.c.id).where(_same(there, each, FRAGMENT_COLUMNS), *by_another))

    def _write(self, size: int) -> str:
        data = self._data
        given = self._speller.given(self._columns(CHANGE_COLUMNS), size)
        told = (*PLACE_COLUMNS, "holder", "releases", "wanted")
        call = select(*(given.c[name] for name in told)).distinct().cte("call")
        mine = (
            select(
                *(data.c.id, data.c.fragment, data.c.is_closed, data.c.value.is_not(None).label("stands")),
                *(call.c.releases, call.c.wanted),
            )
            .where(_same(data, call, (*PLACE_COLUMNS, "holder")))
            .order_by(data.c.fragment)
            .with_for_update(of=data)
            .cte("mine")
        )
        found = select(func.count().label("n")).where(mine.c.fragment == given.c.fragment).cte("found")
        count = select(found.c.n).scalar_subquery()
        after_close = or_(~mine.c.is_closed, given.c.outlives_close, given.c.value.is_(None))
        writes = and_(given.c.fragment.is_not(None), count == mine.c.wanted, after_close)
        plan = (
            select(
                *(mine.c.id, mine.c.releases, writes.label("writes")),
                case((writes, given.c.value.is_not(None)), else_=mine.c.stands).label("stays"),
                *(given.c[name] for name in STORED_COLUMNS),
            )
            .select_from(mine.outerjoin(given, given.c.fragment == mine.c.fragment))
            .cte("plan")
        )
        goes = and_(plan.c.releases, ~plan.c.stays)
        gone = delete(data).where(data.c.id == plan.c.id, goes).cte("gone")
        changed = (
            update(data)
            .where(data.c.id == plan.c.id, ~goes, or_(plan.c.releases, plan.c.writes))
            .values(self._written(plan))
            .cte("changed")
        )
        held = select(call.c.wanted == count).select_from(call).add_cte(gone, changed)
        return self._speller.spell(held)

    def _written(self, plan: CTE) -> dict[str, Any]:
        c = self._data.c
        written = {name: case((plan.c.writes, plan.c[name]), else_=c[name]) for name in STORED_COLUMNS}
        # What is held and has no value is forgotten some time after its hold.
        merely_held = and_(plan.c.writes, plan.c.value.is_(None))
        written["expires_at"] = case((merely_held, c.held_until + KEPT), else_=written["expires_at"])
        return {
            **written,
            "holder": case((plan.c.releases, null()), else_=c.holder),
            "held_until": case((plan.c.releases, null()), else_=c.held_until),
            "is_closed": and_(c.is_closed, ~plan.c.releases),
        }

    def _held(self, size: int) -> str:
        c = self._data.c
        given = self._speller.given(self._columns((*PLACE_COLUMNS, "holder")), size)
        mine = select(c.name, c.id, c.is_closed, c.value.is_not(None))
        return self._speller.spell(mine.where(_same(self._data, given, (*PLACE_COLUMNS, "holder"))))

    def _set(self, size: int) -> str:
        c = self._data.c
        given = self._speller.given(self._columns(("id", *STORED_COLUMNS)), size)
        stored: dict[str, Any] = {name: given.c[name] for name in STORED_COLUMNS}
        # What is held and has no value is forgotten some time after its hold.
        stored["expires_at"] = case((given.c.value.is_(None), c.held_until + KEPT), else_=given.c.expires_at)
        return self._speller.spell(update(self._data).where(c.id == given.c.id).values(stored))

    def _release(self, size: int) -> str:
        given = self._speller.given(self._columns((*PLACE_COLUMNS, "holder")), size)
        mine = (_same(self._data, given, (*PLACE_COLUMNS, "holder")), self._data.c.value.is_not(None))
        return self._speller.spell(update(self._data).where(*mine).values(FREE))

    def _put(self, size: int) -> str:
        if self._is_sqlite or size == 1:
            insert = self._speller.insert_rows(self._data, PUT_COLUMNS, size)
        else:
            given = self._speller.given(self._columns(PUT_COLUMNS), size)
            rows = select(*(given.c[name] for name in PUT_COLUMNS)).order_by(given.c.fragment)
            insert = self._speller.insert(self._data).from_select(PUT_COLUMNS, rows)
        stored = {name: insert.excluded[name] for name in STORED_COLUMNS}
        return self._speller.spell(
            insert.on_conflict_do_update(index_elements=FRAGMENT_COLUMNS, set_={**stored, **FREE})
        )

    def _drop(self, size: int) -> str:
        return self._speller.spell(delete(self._data).where(self._data.c.id.in_(self._locked(FRAGMENT_COLUMNS, size))))

    def _close(self, size: int) -> str:
        c = self._data.c
        closed = update(self._data).where(c.id.in_(self._locked(PLACE_COLUMNS, size))).values(emptied(c))
        return self._speller.spell(closed.returning(c.id))

    def _drop_empty(self, size: int) -> str:
        c = self._data.c
        return self._speller.spell(self._dropping(size, c.value.is_(None), c.holder.is_(None)))

    def _drop_ending(self, size: int) -> str:
        return self._speller.spell(self._dropping(size, ~self._data.c.outlives_close))

    def _dropping(self, size: int, *conditions: ColumnElement[bool]) -> Any:
        given = self._speller.given(self._columns(PLACE_COLUMNS), size)
        these = self._data.alias("these")
        mine = select(these.c.id).where(_same(these, given, PLACE_COLUMNS))
        return delete(self._data).where(self._data.c.id.in_(mine), *conditions)

    def _locked(self, names: Sequence[str], size: int) -> Any:
        """Return the ids of fragments, locked in the order in which everybody locks them."""
        given = self._speller.given(self._columns(names), size)
        these = self._data.alias("these")
        found = select(these.c.id).where(_same(these, given, names)).order_by(these.c.fragment)
        return found if self._is_sqlite else found.with_for_update(of=these)

    def _renew(self, size: int) -> str:
        data = self._data
        given = self._speller.given(self._columns(RENEW_COLUMNS), size)
        these = data.alias("these")
        order = [these.c[name] for name in FRAGMENT_COLUMNS]
        found = select(these.c.id, given.c.held_until).where(_same(these, given, (*PLACE_COLUMNS, "holder")))
        if not self._is_sqlite:
            found = found.order_by(*order).with_for_update(of=these)
        mine = found.cte("mine")
        moved = update(data).where(data.c.id == mine.c.id).values(held_until=mine.c.held_until)
        return self._speller.spell(moved)

    def _stored(self) -> list[ColumnElement[Any]]:
        return [self._data.c[name] for name in ("name", *STORED_COLUMNS)]

    def _columns(self, names: Sequence[str]) -> list[Any]:
        return [column(name, _TYPES[name] if name in _TYPES else self._data.c[name].type) for name in names]


def _same(one: Any, other: Any, names: Sequence[str]) -> ColumnElement[bool]:
    return and_(*(one.c[name] == other.c[name] for name in names))


def closing(data: Any, place: ColumnElement[bool]) -> list[CTE]:
    """Return the parts of a statement of PostgreSQL that drops the fragments of a place, as :meth:`close` does."""
    mine = (
        select(data.c.id, data.c.holder, data.c.outlives_close)
        .where(place)
        .order_by(data.c.fragment)
        .with_for_update(of=data)
        .cte("closing")
    )
    is_held = mine.c.holder.is_not(None)
    gone = delete(data).where(data.c.id == mine.c.id, ~is_held, ~mine.c.outlives_close).cte("closed")
    marked = update(data).where(data.c.id == mine.c.id, is_held).values(emptied(data.c)).cte("marked")
    return [gone, marked]


def emptied(c: Any) -> dict[str, Any]:
    """Return what becomes of a fragment whose key is closed while somebody holds it."""
    return {
        "value": case((c.outlives_close, c.value), else_=null()),
        "expires_at": case((c.outlives_close, c.expires_at), else_=c.held_until + KEPT),
        "is_closed": _TRUE,
    }
