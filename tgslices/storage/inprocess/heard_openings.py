"""How far a storage that several processes share has heard of open keys, and what is certain for as long as that."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Hashable, Sequence
from typing import Final, Generic, TypeVar

from tgslices.model import Scope, SessionKey
from tgslices.storage.inprocess.shared_keys import Change, OpenRowId, SharedKeys

LOADING_PAUSE: Final = 0.05
"""Seconds between two times that the open keys of a bot are read, at least."""

PAUSE_FACTOR: Final = 10
"""How many times as long as reading takes nothing is read afterwards."""

Token = TypeVar("Token", bound=Hashable)
"""What tells what one storage has told of itself."""

Load = Callable[[int, object, float], None]
"""Begins to read the open keys of a bot; what it is given goes back to :meth:`Heard.loaded`."""


class Heard(Generic[Token]):
    """What was heard since all was known. While something may have been missed, nothing is certain."""

    def __init__(self, state: Callable[[], int | None], load: Load) -> None:
        """Know nothing yet. ``state`` tells how far everything was heard; None while that is not certain."""
        self.keys = SharedKeys()
        self.as_of: int | None = None
        self.own_ahead: set[Token] = set()
        """What was heard of this storage before it knew that it was done."""
        self.own_behind: set[Token] = set()
        """What this storage knows to be done, and has not heard of yet."""
        self._state = state
        self._load = load
        self._load_at: dict[int, float] = {}

    # What is certain

    def is_idle(self, bot_id: int) -> bool:
        """Tell whether it is certain that a bot has no open key."""
        return self.is_current(bot_id) and self.keys.is_idle(bot_id)

    def may_match(self, scope: Scope) -> bool:
        """Tell whether an open key may be in the chat of a scope; False is certain."""
        return not self.is_current(scope.bot_id) or self.keys.may_match(scope.bot_id, scope.chat_id)

    def knows_open(self, key: SessionKey) -> bool:
        """Tell whether it is certain that a key is open."""
        return self.is_current(key.bot_id) and self.keys.knows_open(key)

    def is_current(self, bot_id: int) -> bool:
        """Tell whether nothing was missed, and see to it that the open keys of the bot are known soon."""
        state = self._state()
        if state is None:
            return False
        if state != self.as_of:
            self.doubt(state)
        if not self.keys.has(bot_id):
            self._begin_loading(bot_id)
            return False
        return True

    # What happens

    def doubt(self, state: int | None) -> None:
        """Forget everything, as of a state from which on everything is heard; None if that is not certain."""
        self.as_of = state
        self.keys.doubt()
        self.own_ahead.clear()
        self.own_behind.clear()

    def hear(self, token: Token | None, changes: Sequence[Change]) -> None:
        """Take in what was told. ``token`` is that of this storage's own; None for another one's."""
        if token is not None and token in self.own_behind:
            self.own_behind.discard(token)
        elif token is not None:
            self.own_ahead.add(token)
        self.keys.apply(changes)

    def done(self, token: Token, changes: Sequence[Change]) -> None:
        """Know what this storage has done itself, whether it was heard of or not."""
        if token in self.own_ahead:
            self.own_ahead.discard(token)  # others may have closed since what was opened
        else:
            self.own_behind.add(token)
            self.keys.apply(changes)

    # Loading

    def _begin_loading(self, bot_id: int) -> None:
        now = asyncio.get_running_loop().time()
        if now < self._load_at.get(bot_id, now):
            return
        loading = self.keys.begin_loading(bot_id)
        if loading is not None:
            self._load_at[bot_id] = now + LOADING_PAUSE
            self._load(bot_id, loading, now)

    def loaded(self, bot_id: int, loading: object, began: float, rows: Sequence[OpenRowId] | None) -> None:
        """Know the open keys of a bot; None if they could not be read, which is tried again after a while."""
        self.keys.finish_loading(bot_id, loading, rows)
        now = asyncio.get_running_loop().time()
        self._load_at[bot_id] = now + max(LOADING_PAUSE, PAUSE_FACTOR * (now - began))
