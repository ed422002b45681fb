"""The open keys of a storage that several processes share, as far as this process has heard of them."""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum
from typing import Final, NamedTuple, TypeAlias

from tgslices.model import SessionKey

MAX_KEYS: Final = 100_000
"""How many open keys of one bot are kept track of. A bot with more is never idle: every update asks the database."""

MAX_REMEMBERED: Final = 10_000
"""How many keys are remembered to be open, so that they are not opened again."""


class Change(NamedTuple):
    """A key that was opened or closed, by the number of its row; the key itself is known where it was done."""

    bot_id: int
    chat_id: int
    row_id: int
    is_open: bool
    key: SessionKey | None = None


def opening(key: SessionKey, row_id: int) -> Change:
    """Return what is told of a key that was opened."""
    return Change(key.bot_id, key.chat_id, row_id, True, key)


OpenRowId: TypeAlias = tuple[int, int]
"""The chat of an open key and the number of its row."""


class _State(Enum):
    LOADING = "loading"
    KNOWN = "known"
    TOO_MANY = "too many"


class _Bot:
    """The open keys of one bot by their chats. ``missed`` are changes that come while they are being loaded."""

    __slots__ = ("chats", "count", "missed", "state")

    def __init__(self) -> None:
        self.chats: dict[int, set[int]] = {}
        self.count = 0
        self.missed: list[Change] = []
        self.state = _State.LOADING

    def change(self, change: Change) -> None:
        if self.state is _State.KNOWN:
            self._change(change)
        elif self.state is _State.LOADING:
            self.missed.append(change)
        if self.count > MAX_KEYS or len(self.missed) > MAX_KEYS:
            self._give_up()

    def load(self, rows: Iterable[OpenRowId]) -> None:
        missed, self.missed, self.state = self.missed, [], _State.KNOWN
        for chat_id, row_id in rows:
            self.change(Change(0, chat_id, row_id, True))
        for change in missed:
            self.change(change)

    def _change(self, change: Change) -> None:
        rows = self.chats.setdefault(change.chat_id, set())
        self.count -= len(rows)
        if change.is_open:
            rows.add(change.row_id)
        else:
            rows.discard(change.row_id)
        self.count += len(rows)
        if not rows:
            del self.chats[change.chat_id]

    def _give_up(self) -> None:
        self.state = _State.TOO_MANY
        self.chats, self.missed, self.count = {}, [], 0


class SharedKeys:
    """What was heard since a moment at which all was known. Pure: others tell what they hear, and when all is in doubt.

    Whatever is open is in it or in doubt; what was closed a moment ago may be in it still.
    """

    __slots__ = ("_bots", "_keys", "_rows", "closings")

    def __init__(self) -> None:
        self._bots: dict[int, _Bot] = {}
        self._rows: dict[SessionKey, int] = {}
        self._keys: dict[int, SessionKey] = {}
        self.closings = 0
        """How often a key was closed or all came into doubt: what was learnt before may be wrong afterwards."""

    def doubt(self) -> None:
        """Forget everything: something may have been missed."""
        self._bots.clear()
        self._rows.clear()
        self._keys.clear()
        self.closings += 1

    # One bot

    def is_idle(self, bot_id: int) -> bool:
        """Tell whether it is certain that a bot has no open key."""
        bot = self._bots.get(bot_id)
        return bot is not None and bot.state is _State.KNOWN and not bot.chats

    def may_match(self, bot_id: int, chat_id: int) -> bool:
        """Tell whether an open key may be in a chat; False is certain."""
        bot = self._bots.get(bot_id)
        return bot is None or bot.state is not _State.KNOWN or chat_id in bot.chats

    def has(self, bot_id: int) -> bool:
        """Tell whether the open keys of a bot are known, or being loaded."""
        return bot_id in self._bots

    def begin_loading(self, bot_id: int) -> object | None:
        """Collect what happens from now on; return what :meth:`finish_loading` wants, or None if the bot is known."""
        if bot_id in self._bots:
            return None
        bot = self._bots[bot_id] = _Bot()
        return bot

    def finish_loading(self, bot_id: int, loading: object, rows: Iterable[OpenRowId] | None) -> None:
        """Know the open keys of a bot; None if they could not be read. Too many stay unknown."""
        bot = self._bots.get(bot_id)
        if bot is not loading or bot is None or bot.state is not _State.LOADING:
            return
        if rows is None:
            del self._bots[bot_id]
        else:
            bot.load(rows)

    def apply(self, changes: Iterable[Change]) -> None:
        """Know what was opened and closed, in the order in which it was committed."""
        for change in changes:
            bot = self._bots.get(change.bot_id)
            if bot is not None:
                bot.change(change)
            if not change.is_open:
                self.closings += 1
                self._forget(change.row_id)

    # Single keys

    def knows_open(self, key: SessionKey) -> bool:
        """Tell whether it is certain that a key is open."""
        return key in self._rows

    def remember(self, key: SessionKey, row_id: int, *, closings: int) -> None:
        """Know that a key is open, unless something was closed since the count of closings was this."""
        if closings != self.closings:
            return
        self._forget(row_id)
        if key in self._rows or len(self._rows) >= MAX_REMEMBERED:
            self._forget(self._rows[key] if key in self._rows else next(iter(self._keys)))
        self._rows[key] = row_id
        self._keys[row_id] = key

    def _forget(self, row_id: int) -> None:
        key = self._keys.pop(row_id, None)
        if key is not None:
            del self._rows[key]
