"""Entries on their way to the pending deletions and out of them, each step within one transaction.

A whole wipe is the commonest of all, so its statements are spelled beforehand, and each is one trip.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from operator import itemgetter
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from tgslices.model import PendingDeletion, SessionKey, TrackedMessage, may_come_again
from tgslices.storage.sqlalchemy.database.dialect import Database
from tgslices.storage.sqlalchemy.database.steps import StatementOf, Step, Steps
from tgslices.storage.sqlalchemy.queries.entries import Entries
from tgslices.storage.sqlalchemy.queries.pending_deletions import PendingDeletions, identities_of
from tgslices.storage.sqlalchemy.tables.claim_statements import NO_LIMIT, ClaimStatements
from tgslices.storage.sqlalchemy.tables.rows import Values, message_of, place_of, variant_of
from tgslices.storage.sqlalchemy.tables.speller import in_chunks
from tgslices.storage.sqlalchemy.tables.statements import Statements


class Claims:
    """Moves entries to the pending deletions, and lets those that are done with go."""

    def __init__(
        self,
        entries: Entries,
        pendings: PendingDeletions,
        database: Database,
        statements: Statements,
        claim_statements: ClaimStatements,
    ) -> None:
        self._entries = entries
        self._pendings = pendings
        self._database = database
        self._lock_keys = statements.lock_keys
        self._statements = claim_statements

    async def claim(
        self,
        connection: AsyncConnection,
        key: SessionKey,
        messages: Collection[TrackedMessage] | None,
        *,
        now: datetime,
        until: datetime,
        limit: int | None,
    ) -> list[TrackedMessage]:
        """Move these entries, or all; return them in the key's order."""
        self._pendings.expect(key.bot_id, until)
        if messages is None:
            return await self._database.take(connection, self.claiming(key, now=now, until=until, limit=limit))
        taken = await self._entries.take(connection, key, messages, limit=limit)
        adding = self._adding(key, taken, now=now, until=until)
        return await self._database.take(connection, adding)

    def claiming(
        self, key: SessionKey, *, now: datetime, until: datetime, limit: int | None
    ) -> Steps[list[TrackedMessage]]:
        """Move all entries, those deleted by hand included; return them in the key's order."""
        most = NO_LIMIT if limit is None else limit
        rows = yield Step(self._statements.take_all, [(*place_of(key), most)])
        taken = [tuple(row[1:]) for row in sorted(rows, key=itemgetter(0))]
        return (yield from self._adding(key, taken, now=now, until=until))

    def _adding(
        self, key: SessionKey, taken: Sequence[Values], *, now: datetime, until: datetime
    ) -> Steps[list[TrackedMessage]]:
        claimed = [message_of(values) for values in taken]
        yield from self._pendings.adding(key, claimed, taken, now=now, until=until)
        return claimed

    def settling(self, pending: Collection[PendingDeletion]) -> Steps[int]:
        """Drop pending deletions; return how many were there."""
        # What no update can bring is not known any longer: a bot's own ordinary messages.
        yield from self._forgetting([each for each in pending if not may_come_again(each.message)])
        identities = [(identity,) for identity in identities_of(pending)]
        return len((yield from self._each(self._statements.settle, identities)))

    def _forgetting(self, own: Sequence[PendingDeletion]) -> Steps[None]:
        keys = sorted({each.key for each in own}, key=place_of)
        places = [(number, *place_of(key)) for number, key in enumerate(keys)]
        locked = yield from self._each(self._lock_keys, places)
        row_ids = {keys[number]: row_id for number, row_id, *_ in locked}
        known = [
            (row_ids[each.key], each.message.chat_id, each.message.message_id, variant_of(each.message))
            for each in own
            if each.key in row_ids
        ]
        yield from self._each(self._statements.forget_known, known)
        closed = sorted({row_id for _, row_id, is_open, _ in locked if not is_open})
        yield from self._each(self._statements.purge, [(row_id,) for row_id in closed])

    def _each(self, statement: StatementOf, rows: Iterable[Values]) -> Steps[list[Any]]:
        """Run a statement with any number of rows; return what it returns."""
        found: list[Any] = []
        for chunk in in_chunks(list(rows), self._database.max_rows):
            found += yield Step(statement, chunk)
        return found
