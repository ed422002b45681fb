"""What one of several processes that share a database knows of open keys, by what they tell each other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from secrets import token_hex
from typing import Final, TypeAlias

from tgslices.model import SessionKey
from tgslices.storage.inprocess.heard_openings import Heard
from tgslices.storage.inprocess.shared_keys import MAX_KEYS, Change
from tgslices.storage.sqlalchemy.database.notices import Told
from tgslices.storage.sqlalchemy.database.steps import Steps
from tgslices.storage.sqlalchemy.open_database import OpenDatabase
from tgslices.storage.sqlalchemy.queries.keys import Keys
from tgslices.storage.sqlalchemy.tables.speller import in_chunks

CHANGES_PER_NOTICE: Final = 100
"""PostgreSQL takes 8,000 bytes. Source: https://www.postgresql.org/docs/current/sql-notify.html"""

Commit: TypeAlias = Callable[[], None]
_Telling: TypeAlias = tuple[int, Told, Sequence[Change]]


class Hearing(Heard[int]):
    """Tells others what is opened and closed here, and hears what they tell.

    While something may have been missed, nothing is certain, and the database is asked each time.
    """

    def __init__(self, backend: OpenDatabase, keys: Keys) -> None:
        super().__init__(backend.notices_state, self._begin_reading)
        self._backend = backend
        self._rows = keys
        self._me = token_hex(8)
        self._told = 0

    async def start(self) -> None:
        """Listen until the database is closed."""
        self.doubt(None)
        await self._backend.listen(self._take_in)

    @property
    def closings(self) -> int:
        """A count that stays the same while nothing was closed."""
        return self.keys.closings

    def remember(self, key: SessionKey, row_id: int, *, closings: int) -> None:
        """Know that a key was open at a time when the count of closings was this."""
        if self.is_current(key.bot_id):
            self.keys.remember(key, row_id, closings=closings)

    # What happens

    def telling(self, changes: Sequence[Change]) -> Steps[Commit]:
        """Tell the others within a transaction; what is returned is to be called once it is committed."""
        told: list[_Telling] = []
        closings = self.keys.closings
        for part in in_chunks(changes, CHANGES_PER_NOTICE):
            self._told += 1
            serial = self._told
            states = yield from self._backend.telling(_spell(self._me, serial, part))
            told.append((serial, states, part))
        return partial(self._committed, told, closings)

    def _committed(self, told: Sequence[_Telling], closings: int) -> None:
        for serial, states, changes in told:
            self._backend.told(states)
            if self.as_of is None or self.as_of == states.after != states.before:
                continue  # what is read from now on has it already
            if self.as_of != states.before:
                self.doubt(None)
            else:
                if serial not in self.own_ahead:
                    self.as_of = states.after
                self.done(serial, changes)
            for change in changes:
                if change.key is not None and self.as_of is not None:
                    self.keys.remember(change.key, change.row_id, closings=closings)

    def _take_in(self, notice: str) -> None:
        heard = _read(notice)
        if heard is None:
            self.doubt(None)
            return
        whose, serial, changes = heard
        self.hear(serial if whose == self._me else None, changes)

    def _begin_reading(self, bot_id: int, loading: object, began: float) -> None:
        read = partial(self._rows.open_row_ids, bot_id=bot_id, limit=MAX_KEYS + 1)
        self._backend.transactions.read_later(read, partial(self.loaded, bot_id, loading, began))


def _spell(whose: str, serial: int, changes: Sequence[Change]) -> str:
    parts = (f"{'+' if it.is_open else '-'}{it.bot_id}:{it.chat_id}:{it.row_id}" for it in changes)
    return f"{whose} {serial} {','.join(parts)}"


def _read(notice: str) -> tuple[str, int, list[Change]] | None:
    """Return whose a notice is, its number and what it tells; None for what nobody here has written."""
    try:
        whose, serial, parts = notice.split(" ")
        return whose, int(serial), [_change_of(part) for part in parts.split(",")]
    except ValueError:
        return None


def _change_of(part: str) -> Change:
    bot_id, chat_id, row_id = map(int, part[1:].split(":"))
    return Change(bot_id, chat_id, row_id, part[0] == "+")
