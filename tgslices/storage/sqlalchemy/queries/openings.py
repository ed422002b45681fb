"""Keys that are made and opened together, with as few statements as there can be."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from tgslices.model import SessionKey, TrackedMessage, may_come_again
from tgslices.storage.codec import encode_time
from tgslices.storage.ending_protocol import Due
from tgslices.storage.sqlalchemy.database.dialect import Database
from tgslices.storage.sqlalchemy.database.steps import Step, Steps
from tgslices.storage.sqlalchemy.queries.keys import watermark
from tgslices.storage.sqlalchemy.tables.rows import entry_values, key_values, place_of
from tgslices.storage.sqlalchemy.tables.speller import in_chunks
from tgslices.storage.sqlalchemy.tables.statements import Statements


class Opening(NamedTuple):
    """A key that is to be there, and open as of a time unless that is None.

    ``outside`` is the message whose handling opens it.
    """

    key: SessionKey
    opened_at: int | None
    outside: TrackedMessage | None = None
    due: Due | None = None


class Opened(NamedTuple):
    """A key's row after an opening: whether it was closed before, or not there."""

    row_id: int
    after_id: int | None
    is_new: bool


class KeyOpener:
    """Makes and opens keys within a transaction."""

    def __init__(self, database: Database, statements: Statements) -> None:
        self._database = database
        self._statements = statements

    def opening(
        self, openings: Iterable[Opening], *, known: dict[SessionKey, Opened] | None
    ) -> Steps[dict[SessionKey, Opened]]:
        """Open what is closed. Of several openings of a key the first one counts.

        ``known`` are those that are open, if that is known; otherwise the database is asked.
        """
        first: dict[SessionKey, Opening] = {}
        for opening in openings:
            there = first.get(opening.key)
            if there is None or there.opened_at is None:
                first[opening.key] = opening
        # Rows that are there are locked in the order of their ids; those that are new are made in this order.
        wanted = sorted(first.values(), key=lambda opening: place_of(opening.key))
        opened = known
        if opened is None:
            # Where each statement is a trip, what is to be opened counts as closed: it mostly is, or would be known.
            is_asked = self._database.one_writer
            opened = (yield from self._locking([opening.key for opening in wanted])) if is_asked else {}
        closed = [opening for opening in wanted if opening.key not in opened]
        if closed:
            opened |= yield from self._making(closed)
            yield from self._knowing(opened, [opening for opening in closed if opened[opening.key].is_new])
        return opened

    def _locking(self, keys: Sequence[SessionKey]) -> Steps[dict[SessionKey, Opened]]:
        """Lock the rows of keys; return those that are open."""
        found: dict[SessionKey, Opened] = {}
        rows = [(number, *place_of(key)) for number, key in enumerate(keys)]
        for chunk in in_chunks(rows, self._database.max_rows):
            for number, row_id, is_open, after_id in (yield Step(self._statements.lock_keys, chunk)):
                if is_open:
                    found[keys[number]] = Opened(row_id, after_id, False)
        return found

    def _making(self, openings: Sequence[Opening]) -> Steps[dict[SessionKey, Opened]]:
        """Open keys that were closed, or not there; another worker may have opened some of them meanwhile."""
        places = {place_of(opening.key): opening for opening in openings}
        rows = [
            (
                *(*key_values(it.key), it.opened_at is not None, it.opened_at, watermark(it.key, it.outside)),
                *_times_of(it.due if it.opened_at is not None else None),
            )
            for it in openings
        ]
        made: dict[SessionKey, Opened] = {}
        for chunk in in_chunks(rows, self._database.max_rows):
            for row_id, *place in (yield Step(self._statements.open_keys, chunk)):
                opening = places[(*place[:4], bytes(place[4]))]
                is_new = opening.opened_at is not None
                made[opening.key] = Opened(row_id, watermark(opening.key, opening.outside), is_new)
        late = [opening.key for opening in openings if opening.key not in made]
        if late:
            made |= yield from self._locking(late)
        return made

    def _knowing(self, opened: dict[SessionKey, Opened], openings: Sequence[Opening]) -> Steps[None]:
        """Let keys know the messages whose handling opened them."""
        known = [
            (opened[it.key].row_id, *entry_values(it.outside, it.key.chat_id))
            for it in openings
            if it.outside is not None and may_come_again(it.outside)
        ]
        for chunk in in_chunks(known, self._database.max_rows):
            yield Step(self._statements.insert_known, chunk)


def _times_of(due: Due | None) -> tuple[int | None, int | None]:
    return (None, None) if due is None else (encode_time(due.at), encode_time(due.limit))
