"""What one of several processes that share a database knows of open keys, by what they tell each other."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from functools import partial
from secrets import token_hex
from typing import Final, TypeAlias

from sqlalchemy.ext.asyncio import AsyncConnection

from tgslices.model import Scope, SessionKey
from tgslices.storage.inprocess.shared_keys import MAX_KEYS, Change, OpenRowId, SharedKeys
from tgslices.storage.sqlalchemy.database.notices import Told
from tgslices.storage.sqlalchemy.lifetime import Backend
from tgslices.storage.sqlalchemy.queries.keys import Keys
from tgslices.storage.sqlalchemy.tables.speller import in_chunks

CHANGES_PER_NOTICE: Final = 100
"""PostgreSQL takes 8,000 bytes. Source: https://www.postgresql.org/docs/current/sql-notify.html"""

LOADING_PAUSE: Final = 0.05
"""Seconds between two times that the open keys of a bot are read, at least."""

PAUSE_FACTOR: Final = 10
"""How many times as long as reading takes nothing is read afterwards."""

Commit: TypeAlias = Callable[[], None]
_Telling: TypeAlias = tuple[int, Told, Sequence[Change]]


class Hearing:
    """Tells others what is opened and closed here, and hears what they tell.

    While something may have been missed, nothing is certain, and the database is asked each time.
    """

    def __init__(self, backend: Backend, keys: Keys) -> None:
        self._backend = backend
        self._rows = keys
        self._keys = SharedKeys()
        self._as_of: int | None = None
        self._me = token_hex(8)
        self._told = 0
        self._own_ahead: set[int] = set()
        self._own_behind: set[int] = set()
        self._load_at: dict[int, float] = {}

    async def start(self) -> None:
        """Listen until the database is closed."""
        self._doubt(None)
        await self._backend.listen(self._hear)

    # What is certain

    def is_idle(self, bot_id: int) -> bool:
        """Tell whether it is certain that a bot has no open key."""
        return self._is_current(bot_id) and self._keys.is_idle(bot_id)

    def may_match(self, scope: Scope) -> bool:
        """Tell whether an open key may be in the chat of a scope; False is certain."""
        return not self._is_current(scope.bot_id) or self._keys.may_match(scope.bot_id, scope.chat_id)

    def knows_open(self, key: SessionKey) -> bool:
        """Tell whether it is certain that a key is open."""
        return self._is_current(key.bot_id) and self._keys.knows_open(key)

    @property
    def closings(self) -> int:
        """A count that stays the same while nothing was closed."""
        return self._keys.closings

    def remember(self, key: SessionKey, row_id: int, *, closings: int) -> None:
        """Know that a key was open at a time when the count of closings was this."""
        if self._is_current(key.bot_id):
            self._keys.remember(key, row_id, closings=closings)

    # What happens

    async def tell(self, connection: AsyncConnection, changes: Sequence[Change]) -> Commit:
        """Tell the others within a transaction; what is returned is to be called once it is committed."""
        told: list[_Telling] = []
        closings = self._keys.closings
        for part in in_chunks(changes, CHANGES_PER_NOTICE):
            self._told += 1
            serial = self._told
            told.append((serial, await self._backend.tell(connection, _spell(self._me, serial, part)), part))
        return partial(self._committed, told, closings)

    def _committed(self, told: Sequence[_Telling], closings: int) -> None:
        for serial, states, changes in told:
            if self._as_of is None or self._as_of == states.after != states.before:
                continue  # what is read from now on has it already
            if self._as_of != states.before:
                self._doubt(None)
            elif serial in self._own_ahead:
                self._own_ahead.discard(serial)  # others may have closed since what was opened
            else:
                self._own_behind.add(serial)
                self._as_of = states.after
                self._keys.apply(changes)
            for change in changes:
                if change.key is not None and self._as_of is not None:
                    self._keys.remember(change.key, change.row_id, closings=closings)

    def _hear(self, notice: str) -> None:
        heard = _read(notice)
        if heard is None:
            self._doubt(None)
            return
        whose, serial, changes = heard
        if whose == self._me and serial in self._own_behind:
            self._own_behind.discard(serial)
        elif whose == self._me:
            self._own_ahead.add(serial)
        self._keys.apply(changes)

    def _is_current(self, bot_id: int) -> bool:
        """Tell whether nothing was missed, and see to it that the open keys of the bot are known soon."""
        state = self._backend.notices_state()
        if state is None:
            return False
        if state != self._as_of:
            self._doubt(state)
        if not self._keys.has(bot_id):
            self._load(bot_id)
            return False
        return True

    def _doubt(self, state: int | None) -> None:
        self._as_of = state
        self._keys.doubt()
        self._own_ahead.clear()
        self._own_behind.clear()

    def _load(self, bot_id: int) -> None:
        now = asyncio.get_running_loop().time()
        if now < self._load_at.get(bot_id, now):
            return
        self._load_at[bot_id] = now + LOADING_PAUSE
        loading = self._keys.begin_loading(bot_id)
        if loading is not None:
            read = partial(self._rows.open_row_ids, bot_id=bot_id, limit=MAX_KEYS + 1)
            self._backend.transactions.read_later(read, partial(self._loaded, bot_id, loading, now))

    def _loaded(self, bot_id: int, loading: object, began: float, rows: Sequence[OpenRowId] | None) -> None:
        self._keys.finish_loading(bot_id, loading, rows)
        now = asyncio.get_running_loop().time()
        self._load_at[bot_id] = now + max(LOADING_PAUSE, PAUSE_FACTOR * (now - began))


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
