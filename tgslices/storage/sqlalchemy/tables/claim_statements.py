"""The statements of a whole wipe as text: entries out of their key, and what is done with out of the tables."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import BigInteger, Dialect, column, delete, exists, literal_column, select, update

from tgslices.storage.sqlalchemy.database.steps import StatementOf
from tgslices.storage.sqlalchemy.tables.columns import MESSAGE_COLUMNS, PLACE_COLUMNS
from tgslices.storage.sqlalchemy.tables.schema import IDENTITY_COLUMNS, KNOWN, Tables
from tgslices.storage.sqlalchemy.tables.speller import Speller

NO_LIMIT: Final = 2**62

_KNOWN: Final[Any] = literal_column(str(KNOWN))


class ClaimStatements:
    """The statements for one set of tables and one dialect. To repeat a row changes nothing."""

    def __init__(self, tables: Tables, dialect: Dialect) -> None:
        """Build statements when they are first asked for."""
        self._tables = tables
        self._speller = Speller(dialect)
        self.take_all: StatementOf = lru_cache(self._take_all)
        """Lets a key know its entries, those deleted by hand included, given one row of place and most of them.

        Returns id and ``MESSAGE_COLUMNS`` of each, in no order."""
        self.forget_known: StatementOf = lru_cache(self._forget_known)
        """Drops what keys know, given rows of ``("key_id", *IDENTITY_COLUMNS)``."""
        self.purge: StatementOf = lru_cache(self._purge)
        """Drops those locked keys that stand for nothing any more, given rows of ids."""
        self.settle: StatementOf = lru_cache(self._settle)
        """Drops pending deletions, given rows of identities; returns an id for each that was there."""

    def _take_all(self, size: int) -> str:
        keys, messages = self._tables.keys, self._tables.messages
        given = self._speller.given([*self._columns(keys, PLACE_COLUMNS), column("most", BigInteger())], size)
        key = select(keys.c.id).where(*(keys.c[name] == given.c[name] for name in PLACE_COLUMNS))
        if not self._speller.is_sqlite:
            key = key.with_for_update(of=keys)
        found = key.cte("found")
        oldest = (
            select(messages.c.id)
            .where(messages.c.key_id.in_(select(found.c.id)), messages.c.state != _KNOWN)
            .order_by(messages.c.id)
            .limit(select(given.c.most).scalar_subquery())
            .offset(literal_column("0"))
        )
        # The state once more: somebody may have taken an entry while this waited for the key.
        taken = update(messages).where(messages.c.id.in_(oldest), messages.c.state != _KNOWN).values(state=_KNOWN)
        return self._speller.spell(taken.returning(messages.c.id, *(messages.c[name] for name in MESSAGE_COLUMNS)))

    def _forget_known(self, size: int) -> str:
        messages = self._tables.messages
        names = ("key_id", *IDENTITY_COLUMNS)
        given = self._speller.given(self._columns(messages, names), size)
        these = messages.alias("these")
        known = select(these.c.id).where(*(these.c[name] == given.c[name] for name in names), these.c.state == _KNOWN)
        return self._speller.spell(delete(messages).where(messages.c.id.in_(known)))

    def _purge(self, size: int) -> str:
        keys, messages = self._tables.keys, self._tables.messages
        given = self._speller.given(self._columns(keys, ("id",)), size)
        empty = delete(keys).where(
            keys.c.id.in_(select(given.c.id)),
            keys.c.is_open.is_(False),
            keys.c.closed_at.is_(None),
            ~exists().where(messages.c.key_id == keys.c.id),
        )
        return self._speller.spell(empty)

    def _settle(self, size: int) -> str:
        pending = self._tables.pending
        given = self._speller.given(self._columns(pending, ("identity",)), size)
        these = pending.alias("these")
        # Locked in one order, which a DELETE does not do by itself.
        found = select(these.c.id).where(these.c.identity.in_(select(given.c.identity))).order_by(these.c.identity)
        if not self._speller.is_sqlite:
            found = found.with_for_update(of=these)
        return self._speller.spell(delete(pending).where(pending.c.id.in_(found)).returning(pending.c.id))

    @staticmethod
    def _columns(table: Any, names: Sequence[str]) -> list[Any]:
        return [column(name, table.c[name].type) for name in names]
