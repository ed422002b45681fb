"""The statements that lease what is due as text: each finds rows in an index, takes them and tells what they are."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from enum import Enum, auto
from functools import lru_cache
from typing import Any, Final, NamedTuple

from sqlalchemy import (
    CTE,
    BigInteger,
    ColumnElement,
    Dialect,
    Select,
    Table,
    Text,
    and_,
    bindparam,
    case,
    cast,
    column,
    func,
    literal_column,
    null,
    or_,
    select,
    tuple_,
    update,
)

from tgslices.storage.ending_protocol import FIRST_LOOKED_AT
from tgslices.storage.sqlalchemy.database.steps import StatementOf
from tgslices.storage.sqlalchemy.tables.columns import KEY_COLUMNS, PLACE_COLUMNS
from tgslices.storage.sqlalchemy.tables.schema import ENTRY, PENDING_COLUMNS, Tables
from tgslices.storage.sqlalchemy.tables.speller import Spelled, Speller

_DOES_NOT_WAIT: Final = select(
    func.set_config(literal_column("'synchronous_commit'"), literal_column("'off'"), literal_column("true")).is_not(
        None
    )
).scalar_subquery()
"""Lets PostgreSQL commit without waiting for the disk: a lease that a crash of the server undoes harms nobody."""


class Order(Enum):
    """Which rows are taken first."""

    BY_LIMIT = auto()
    """Of the first sessions by their limits, behind the floor, those that are due."""
    BY_TIME = auto()
    """What has been due longest, behind the floor."""
    PUT_OFF = auto()
    """What a clock put off that was ahead, the earliest first."""


class Leasing(NamedTuple):
    """Which rows a statement takes.

    ``limit``: how many; None makes that a parameter, for which PostgreSQL has to plan each time. ``is_lease``: whether
    it ends later than now, as far as no clock was ahead. ``but_for``: the numbers of some that it leaves out.
    """

    order: Order
    limit: int | None
    is_lease: bool
    but_for: tuple[int, ...] = ()


def leasing_of(order: Order, limit: int, times: Mapping[str, int]) -> Leasing:
    """Return how to lease the first of what is due."""
    return Leasing(order, limit, times["now"] < times["until"] <= times["ahead"])


def leasing_beside(taken: Sequence[Any], order: Order, limit: int, times: Mapping[str, int]) -> Leasing:
    """Return how to lease what is due beside rows that were taken, which count as due again if the lease is none."""
    leasing = leasing_of(order, limit, times)
    but_for = () if leasing.is_lease else tuple(row[0] for row in taken)
    return leasing._replace(limit=None if taken else limit, but_for=but_for)


SESSION_COLUMNS: Final = (
    *("id", "limit_at", "was_due_at", "opened_at", "active_at", "recorded_and_oldest", "written_at"),
    *KEY_COLUMNS,
)
"""What is told of a leased session. ``recorded_and_oldest``: when something was last recorded, and after a blank when
the oldest entry was sent, if there is one; None if nothing was recorded. ``written_at``: when data was last written."""


class LeaseStatements:
    """The statements for one set of tables and one dialect.

    Their parameters are among ``bot``, ``now``, ``ahead``, ``until``, ``limit``, ``floor_time`` and ``floor_id``. What
    is due later than ``ahead`` was put off by a clock that was ahead. Leases look behind the floor, and leave out what
    others are taking at that moment.

    In PostgreSQL what was due keeps its ``due_at``, by which it is found, and is held by a column that no index knows.
    That is never before it, so that whatever is held no more is found among what is due. All else is as if it were due
    at ``until``.
    """

    def __init__(self, tables: Tables, dialect: Dialect) -> None:
        """Build statements when they are first asked for."""
        self._tables = tables
        self._dialect = dialect
        self._speller = Speller(dialect)
        cached = lru_cache(maxsize=64)
        self.sessions: Callable[[Leasing], Spelled] = cached(self._sessions)
        """Leases sessions; returns rows of ``SESSION_COLUMNS``, in no order. SQLite does not tell ``was_due_at``."""
        self.schedule: StatementOf = lru_cache(self._schedule)
        """Lets open sessions be due that are not, given rows of ``(*PLACE_COLUMNS, "due_at", "limit_at")``."""
        self.pending: Callable[[Leasing], Spelled] = cached(self._pending)
        """Leases pending deletions; returns id, ``due_at`` as it was, and ``PENDING_COLUMNS``, in no order.

        In SQLite, which does not tell what was there, it takes nothing: ``hold_pending`` does, of the same rows."""
        self.hold_pending: Callable[[Leasing], Spelled] = cached(self._hold_pending)
        """Leases them there."""

    # Sessions

    def _sessions(self, leasing: Leasing) -> Spelled:
        keys = self._tables.keys
        these = keys.alias("these")
        by_limit = leasing.order is Order.BY_LIMIT
        found = self._by_limit(these) if by_limit else self._in_time(these, leasing.order)
        # So that recording, which needs the key to stay, goes on beside it.
        picked = _picked(found, these, leasing, key_share=True)
        leased = update(keys).values(self._hold(keys, leasing))
        was_due_at: ColumnElement[Any]
        if self._speller.is_sqlite:
            leased, was_due_at = leased.where(keys.c.id.in_(select(picked.c.id))), literal_column("NULL")
        else:
            leased, was_due_at = leased.where(keys.c.id == picked.c.id, _DOES_NOT_WAIT), picked.c.due_at
        times = (keys.c.opened_at, keys.c.active_at, *self._times())
        place = (keys.c[name] for name in KEY_COLUMNS)
        return self._speller.spell_named(leased.returning(keys.c.id, keys.c.limit_at, was_due_at, *times, *place))

    def _schedule(self, size: int) -> str:
        keys = self._tables.keys
        columns = [column(name, keys.c[name].type) for name in (*PLACE_COLUMNS, "due_at", "limit_at")]
        given = self._speller.given(columns, size)
        there = (
            select(keys.c.id, given.c.due_at, given.c.limit_at)
            .where(*(keys.c[name] == given.c[name] for name in PLACE_COLUMNS), keys.c.is_open, keys.c.due_at.is_(None))
            .order_by(keys.c.id)
            .with_for_update(of=keys, key_share=True)
            .cte("there")
        )
        times = {"due_at": there.c.due_at, "limit_at": there.c.limit_at}
        return self._speller.spell(update(keys).where(keys.c.id == there.c.id).values(times))

    def _by_limit(self, these: Any) -> Select[Any]:
        c = self._tables.keys.c
        first = (
            select(c.id, c.limit_at, c.due_at, c.held_until)
            .where(c.bot_id == _param("bot"), c.due_at.is_not(None), self._is_behind_floor(c.limit_at, c.id))
            .order_by(c.limit_at, c.id)
            .limit(_number(FIRST_LOOKED_AT))
            .offset(_number(0))  # SQLAlchemy would write one whose parameter is its own
            .subquery("looked_at")
        )
        if self._speller.is_sqlite:  # nobody writes meanwhile; it goes through them in their order and stops in time
            return select(first.c.id, first.c.due_at).where(self._is_due(first.c), self._is_free(first.c))
        is_due = (self._is_due(these.c), self._is_free(these.c))
        found = select(these.c.id, these.c.due_at).where(these.c.id == first.c.id, *is_due)
        return found.order_by(first.c.limit_at, first.c.id)

    def _times(self) -> tuple[Any, Any]:
        """Select what is told of messages and data. The former is one text, so that a long session is read once."""
        data, messages = self._tables.data, self._tables.messages
        sent_at = func.coalesce(messages.c.sent_at, messages.c.recorded_at)
        of_entry = case((messages.c.state == _number(ENTRY), sent_at))
        last, oldest = (cast(it, Text) for it in (func.max(messages.c.recorded_at), func.min(of_entry)))
        both = last + literal_column("' '", Text) + func.coalesce(oldest, literal_column("''", Text))
        recorded = select(both).where(messages.c.key_id == self._of_key("id"))
        is_its = and_(*(data.c[name] == self._of_key(name) for name in PLACE_COLUMNS))
        written = select(func.max(data.c.written_at)).where(is_its)
        return recorded.scalar_subquery(), written.scalar_subquery()

    def _of_key(self, name: str) -> ColumnElement[Any]:
        """Return a column of the key that is returned. SQLAlchemy would leave its table out in SQLite."""
        keys = self._tables.keys
        return literal_column(f"{self._dialect.identifier_preparer.quote(keys.name)}.{name}", keys.c[name].type)

    # Pending deletions

    def _pending(self, leasing: Leasing) -> Spelled:
        pending = self._tables.pending
        these = pending.alias("these")
        picked = _picked(self._in_time(these, leasing.order), these, leasing)
        columns = (pending.c.id, picked.c.due_at, *(pending.c[name] for name in PENDING_COLUMNS))
        if self._speller.is_sqlite:
            found = select(*columns).where(pending.c.id == picked.c.id)
            return self._speller.spell_named(found)
        held = update(pending).where(pending.c.id == picked.c.id, _DOES_NOT_WAIT).values(self._hold(pending, leasing))
        return self._speller.spell_named(held.returning(*columns))

    def _hold_pending(self, leasing: Leasing) -> Spelled:
        pending = self._tables.pending
        these = pending.alias("these")
        picked = _picked(self._in_time(these, leasing.order), these, leasing)
        held = update(pending).where(pending.c.id.in_(select(picked.c.id))).values(self._hold(pending, leasing))
        return self._speller.spell_named(held)

    # Both

    def _hold(self, table: Table, leasing: Leasing) -> dict[str, Any]:
        """Return what changes in a row. PostgreSQL compares values: a due_at that stays as it is writes to no index."""
        until = _param("until")
        if self._speller.is_sqlite or not leasing.is_lease:
            return {"due_at": until, "held_until": null()}
        was_due = table.c.due_at <= self._value("now")
        return {
            "due_at": case((was_due, table.c.due_at), else_=until),
            "held_until": case((was_due, until), else_=null()),
        }

    def _is_due(self, c: Any) -> ColumnElement[bool]:
        return or_(c.due_at <= self._value("now"), c.due_at > self._value("ahead"))

    def _is_free(self, c: Any) -> ColumnElement[bool]:
        held_until = c.held_until
        return or_(held_until.is_(None), held_until <= self._value("now"), held_until > self._value("ahead"))

    def _in_time(self, these: Any, order: Order) -> Select[Any]:
        """Find rows in the order of their times."""
        due_at, row_id = these.c.due_at, these.c.id
        is_due = due_at > self._value("ahead")
        if order is not Order.PUT_OFF:
            is_due = and_(self._is_behind_floor(due_at, row_id), due_at <= self._value("now"))
        found = select(row_id, due_at).where(these.c.bot_id == _param("bot"), is_due, self._is_free(these.c))
        return found.order_by(due_at, row_id)

    def _is_behind_floor(self, time: ColumnElement[int], row_id: ColumnElement[int]) -> ColumnElement[bool]:
        return tuple_(time, row_id) > tuple_(self._value("floor_time"), self._value("floor_id"))

    def _value(self, name: str) -> Any:
        """Return a parameter: selected in PostgreSQL, which would else plan anew each time, for the value."""
        return _param(name) if self._speller.is_sqlite else select(_param(name)).scalar_subquery()


def _param(name: str) -> Any:
    return bindparam(name, type_=BigInteger())


def _number(number: int) -> ColumnElement[int]:
    return literal_column(str(number))


def _picked(found: Select[Any], these: Any, leasing: Leasing, *, key_share: bool = False) -> CTE:
    """Pick the first of what was found, and lock it where rows have locks."""
    if leasing.but_for:
        found = found.where(these.c.id.not_in([_number(row_id) for row_id in leasing.but_for]))
    limit = _param("limit") if leasing.limit is None else _number(leasing.limit)
    first = found.limit(limit).offset(_number(0))
    return first.with_for_update(of=these, skip_locked=True, key_share=key_share).cte("picked")
