"""The statements of the hot path, spelled once for each size of a group.

A group of writes is one statement with one row of values for each. Its text depends on the number of rows, and what the
driver has prepared is used again only if there are few texts. So SQLite pads its groups to a few sizes. PostgreSQL
takes any number of rows as one array for each column: planning many rows of parameters takes it several times as long
as adding them. A single row goes as it is. The parameters are in the order of the named columns.
"""

from __future__ import annotations

from functools import lru_cache, partial
from typing import Any, Final, TypeAlias

from sqlalchemy import (
    CTE,
    BigInteger,
    Boolean,
    ColumnElement,
    Dialect,
    LargeBinary,
    Text,
    and_,
    bindparam,
    case,
    column,
    func,
    literal_column,
    not_,
    null,
    or_,
    select,
)
from sqlalchemy.types import TypeEngine

from tgslices.storage.sqlalchemy.database.steps import StatementOf
from tgslices.storage.sqlalchemy.tables.columns import KEY_COLUMNS, PLACE_COLUMNS
from tgslices.storage.sqlalchemy.tables.schema import (
    ENTRY,
    ENTRY_COLUMNS,
    IDENTITY_COLUMNS,
    KNOWN,
    MATCH_COLUMNS,
    OPENING_COLUMNS,
    PENDING_COLUMNS,
    Tables,
)
from tgslices.storage.sqlalchemy.tables.speller import Speller

Row: TypeAlias = tuple[Any, ...]

# Spelled out, because every parameter of these statements belongs to a row.
_ENTRY: Final[Any] = literal_column(str(ENTRY))
_KNOWN: Final[Any] = literal_column(str(KNOWN))

_MATCH_TYPES: Final[dict[str, TypeEngine[Any]]] = {
    "label": LargeBinary(),
    "connection": Text(),
    "or_closed": Boolean(),
}


class Statements:
    """The statements for one set of tables and one dialect, as text.

    To repeat a row changes nothing, except that what SQLite's statements return is then returned again.
    """

    def __init__(self, tables: Tables, dialect: Dialect) -> None:
        """Build statements when they are first asked for."""
        self._tables = tables
        self._speller = speller = Speller(dialect)
        self._is_sqlite = speller.is_sqlite
        self._insert, self._given, self._spell = speller.insert, speller.given, speller.spell
        self.insert_entries: StatementOf = lru_cache(partial(self._insert_entries, revive=False))
        """Adds rows of ``("key_id", *ENTRY_COLUMNS)``, leaving out what is there or known.

        PostgreSQL leaves out as well what belongs to no key, and returns the ids of those that there are not."""
        self.revive_entries: StatementOf = lru_cache(partial(self._insert_entries, revive=True))
        """Does the same, but makes an entry at the end of what is known."""
        self.record: StatementOf = lru_cache(partial(self._record, revive=False))
        """Adds rows of ``("ord", *MATCH_COLUMNS, *ENTRY_COLUMNS)`` to every key that each one matches.

        What is there or known is left out; what was there before the key was opened becomes known.

        PostgreSQL returns ``ord`` with how many keys match, if any do. SQLite cannot: it returns ``key_id`` and
        ``IDENTITY_COLUMNS`` for each key and message, so that no two rows may be of the same message."""
        self.add: StatementOf = lru_cache(partial(self._record, revive=True))
        """Does the same, but makes an entry at the end of what is known, whatever was there before."""
        self.open_keys: StatementOf = lru_cache(self._open_keys)
        """Adds or opens keys, given rows of ``OPENING_COLUMNS``, each once; returns ids and places."""
        self.open_rows: StatementOf = lru_cache(self._open_rows)
        """Returns id, ``after_id`` and ``KEY_COLUMNS`` of open keys behind an id, up to a number of them (SQLite)."""
        self.lock_keys: StatementOf = lru_cache(self._lock_keys)
        """Locks the keys that there are of rows of ord and place; returns ``ord``, id, ``is_open`` and ``after_id``."""
        self.insert_known: StatementOf = lru_cache(self._insert_known)
        """Adds rows of ``("key_id", *ENTRY_COLUMNS)`` as known messages, leaving out what is there."""
        self.add_pending: StatementOf = lru_cache(self._add_pending)
        """Adds rows of ``("identity", *PENDING_COLUMNS)``, each once; what is there becomes due when the row says."""

    def _insert_entries(self, size: int, *, revive: bool) -> str:
        if not self._is_sqlite:
            return self._spell(self._insert_entries_on_postgresql(size, revive=revive))
        insert = self._speller.insert_rows(self._tables.messages, ("key_id", *ENTRY_COLUMNS), size)
        return self._spell(self._revived(insert) if revive else insert.on_conflict_do_nothing())

    def _revived(self, insert: Any) -> Any:
        """Make an entry at the end of what is there and is none."""
        messages = self._tables.messages
        if self._is_sqlite:
            new_id: Any = select(func.max(messages.c.id) + literal_column("1")).scalar_subquery()
        else:
            new_id = insert.excluded.id
        kept = {name: insert.excluded[name] for name in ENTRY_COLUMNS[len(IDENTITY_COLUMNS) :]}
        return insert.on_conflict_do_update(
            index_elements=("key_id", *IDENTITY_COLUMNS),
            set_={"id": new_id, "state": _ENTRY, **kept},
            where=messages.c.state != _ENTRY,
        )

    def _insert_entries_on_postgresql(self, size: int, *, revive: bool) -> Any:
        messages, keys = self._tables.messages, self._tables.keys
        given = self._given([column("key_id", BigInteger()), *self._message_columns()], size)
        there = (
            select(keys.c.id)
            .where(keys.c.id.in_(select(given.c.key_id)))
            .order_by(keys.c.id)
            .with_for_update(read=True, key_share=True)
            .cte("there")
        )
        # The keys in one order everywhere, and what is new in each as it was given.
        order = [there.c.id] if size == 1 else [there.c.id, given.c.ordinality]
        found = select(there.c.id, *_message_of(given)).where(given.c.key_id == there.c.id).order_by(*order)
        insert = self._insert(messages).from_select(("key_id", *ENTRY_COLUMNS), found)
        added = (self._revived(insert) if revive else insert.on_conflict_do_nothing()).cte("added")
        return select(given.c.key_id).where(given.c.key_id.not_in(select(there.c.id))).add_cte(added)

    def _record(self, size: int, *, revive: bool) -> str:
        record = self._record_on_sqlite if self._is_sqlite else self._record_on_postgresql
        return self._spell(record(size, revive=revive))

    def _record_on_sqlite(self, size: int, *, revive: bool) -> Any:
        messages, keys = self._tables.messages, self._tables.keys
        given = self._given(self._record_columns(), size)
        state = _ENTRY if revive else self._state_of(given, keys.c.chat_id, keys.c.after_id)
        found = select(keys.c.id, *_message_of(given), state).where(self._matches(given)).order_by(given.c.ord)
        insert = self._insert(messages).from_select(("key_id", *ENTRY_COLUMNS, "state"), found)
        if revive:
            # What is there and is an entry stays as it is, but is returned.
            return self._touched(self._revived_on_sqlite(insert))
        # What is there is set to what it is, because RETURNING leaves out what an INSERT leaves alone.
        same = insert.on_conflict_do_update(
            index_elements=("key_id", *IDENTITY_COLUMNS), set_={"recorded_at": messages.c.recorded_at}
        )
        return self._touched(same)

    def _touched(self, insert: Any) -> Any:
        messages = self._tables.messages
        return insert.returning(messages.c.key_id, *(messages.c[name] for name in IDENTITY_COLUMNS))

    def _revived_on_sqlite(self, insert: Any) -> Any:
        """Make an entry at the end of what is there and is none, and set an entry to what it is."""
        messages = self._tables.messages
        is_entry = messages.c.state == _ENTRY
        new_id = select(func.max(messages.c.id) + literal_column("1")).scalar_subquery()
        kept = {
            name: case((is_entry, messages.c[name]), else_=insert.excluded[name])
            for name in ENTRY_COLUMNS[len(IDENTITY_COLUMNS) :]
        }
        return insert.on_conflict_do_update(
            index_elements=("key_id", *IDENTITY_COLUMNS),
            set_={"id": case((is_entry, messages.c.id), else_=new_id), "state": _ENTRY, **kept},
        )

    def _state_of(self, given: CTE, chat_id: Any, after_id: Any) -> Any:
        """Return the state of a message that arrives: what was there before the key was opened is merely known."""
        is_before = and_(
            given.c.chat_id == chat_id,
            given.c.business_connection_id.is_not_distinct_from(given.c.m_connection),
            given.c.message_id > literal_column("0"),
            given.c.message_id <= after_id,
        )
        return case((is_before, _KNOWN), else_=_ENTRY)

    def _record_on_postgresql(self, size: int, *, revive: bool) -> Any:
        messages, keys = self._tables.messages, self._tables.keys
        given = self._given(self._record_columns(), size)
        # The lock keeps another worker from closing a session between the look at its row and the new entry.
        matched = (
            select(given.c.ord, keys.c.id, keys.c.chat_id, keys.c.after_id)
            .where(self._matches(given))
            .order_by(keys.c.id)
            .with_for_update(read=True, key_share=True, of=keys)
            .cte("matched")
        )
        state = _ENTRY if revive else self._state_of(given, matched.c.chat_id, matched.c.after_id)
        found = select(matched.c.id, *_message_of(given), state).where(given.c.ord == matched.c.ord)
        # By key as the rows were locked, so that two workers that are told the same wait for each other in one order.
        found = found.order_by(matched.c.id, given.c.ord)
        insert = self._insert(messages).from_select(("key_id", *ENTRY_COLUMNS, "state"), found)
        added = (self._revived(insert) if revive else insert.on_conflict_do_nothing()).cte("added")
        return select(matched.c.ord, func.count()).group_by(matched.c.ord).add_cte(added)

    def _open_keys(self, size: int) -> str:
        keys = self._tables.keys
        insert = self._speller.insert_locking(keys, OPENING_COLUMNS, PLACE_COLUMNS, "id", size)
        new = insert.excluded
        opens = and_(new.is_open, not_(keys.c.is_open))
        insert = insert.on_conflict_do_update(
            index_elements=PLACE_COLUMNS,
            set_={
                "is_open": or_(keys.c.is_open, new.is_open),
                **{
                    name: case((opens, new[name]), else_=keys.c[name])
                    for name in ("opened_at", "after_id", "due_at", "limit_at")
                },
            },
            where=not_(keys.c.is_open),  # what another worker has opened meanwhile is not returned
        )
        return self._spell(insert.returning(keys.c.id, *(keys.c[name] for name in PLACE_COLUMNS)))

    def _open_rows(self, size: int) -> str:
        c = self._tables.keys.c
        columns = (c.id, c.after_id, *(c[name] for name in KEY_COLUMNS))
        behind = bindparam("p0", type_=BigInteger())
        # SQLAlchemy would write an OFFSET with it, whose parameter is its own.
        return self._spell(select(*columns).where(c.is_open, c.id > behind).order_by(c.id)) + " LIMIT ?"

    def _lock_keys(self, size: int) -> str:
        keys = self._tables.keys
        places = [column(name, keys.c[name].type) for name in PLACE_COLUMNS]
        given = self._given([column("ord", BigInteger()), *places], size)
        found = (
            select(given.c.ord, keys.c.id, keys.c.is_open, keys.c.after_id)
            .where(*(keys.c[name] == given.c[name] for name in PLACE_COLUMNS))
            .order_by(keys.c.id)
        )
        return self._spell(found if self._is_sqlite else found.with_for_update(of=keys))

    def _insert_known(self, size: int) -> str:
        messages = self._tables.messages
        given = self._given([column("key_id", BigInteger()), *self._message_columns()], size)
        known = select(given.c.key_id, *_message_of(given), _KNOWN).where(given.c.key_id.is_not(None))
        insert = self._insert(messages).from_select(("key_id", *ENTRY_COLUMNS, "state"), known)
        return self._spell(insert.on_conflict_do_nothing())

    def _add_pending(self, size: int) -> str:
        names = ("identity", *PENDING_COLUMNS)
        insert = self._speller.insert_locking(self._tables.pending, names, ("identity",), "identity", size)
        return self._spell(
            insert.on_conflict_do_update(
                index_elements=["identity"], set_={"due_at": insert.excluded.due_at, "held_until": null()}
            )
        )

    def _record_columns(self) -> list[Any]:
        # Marked, because keys and messages share the names of columns.
        match = [column(f"m_{name}", _MATCH_TYPES.get(name, BigInteger())) for name in MATCH_COLUMNS]
        return [column("ord", BigInteger()), *match, *self._message_columns()]

    def _message_columns(self) -> list[Any]:
        return [column(name, self._tables.messages.c[name].type) for name in ENTRY_COLUMNS]

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


def _message_of(given: CTE) -> list[ColumnElement[Any]]:
    return [given.c[name] for name in ENTRY_COLUMNS]
