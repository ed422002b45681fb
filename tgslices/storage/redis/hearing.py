"""What one of several storages at a server knows of open keys, by what they tell each other."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from hashlib import blake2b
from struct import Struct, error
from typing import Final, NamedTuple

from tgslices.model import Scope, SessionKey
from tgslices.storage.inprocess.shared_keys import Change, OpenRowId, SharedKeys
from tgslices.storage.redis.codes.names import full_member

LOADING_PAUSE: Final = 0.05
"""Seconds between two times that the open keys of a bot are read, at least."""

PAUSE_FACTOR: Final = 10
"""How many times as long as reading takes nothing is read afterwards."""

_BOT: Final = Struct(">q")
_LENGTH: Final = Struct(">I")
_TOKEN_BYTES: Final = 14

Read = Callable[[int], Awaitable[Sequence[OpenRowId] | None]]
"""Reads the open keys of a bot; None if they cannot be read."""


class Call(NamedTuple):
    """How far was heard when a call was made."""

    token: bytes
    state: int | None
    closings: int


class Hearing:
    """Hears what is opened and closed anywhere. While something may have been missed, nothing is certain."""

    def __init__(self, state: Callable[[], int | None], read: Read, me: bytes) -> None:
        """Know nothing yet. ``me`` is what the tokens of this storage begin with."""
        self._state = state
        self._read = read
        self._me = me
        self._keys = SharedKeys()
        self._as_of: int | None = None
        self._own_ahead: set[bytes] = set()
        self._own_behind: set[bytes] = set()
        self._load_at: dict[int, float] = {}
        self._loading: set[asyncio.Task[None]] = set()

    # What is certain

    def is_idle(self, bot_id: int) -> bool:
        """Tell whether it is certain that a bot has no open key."""
        return self._is_current(bot_id) and self._keys.is_idle(bot_id)

    def may_be_open(self, bot_id: int) -> bool:
        """Tell whether a bot may have an open key; False is certain."""
        return not self.is_idle(bot_id)

    def may_match(self, scope: Scope) -> bool:
        """Tell whether an open key may be in the chat of a scope; False is certain."""
        return not self._is_current(scope.bot_id) or self._keys.may_match(scope.bot_id, scope.chat_id)

    def knows_open(self, key: SessionKey) -> bool:
        """Tell whether it is certain that a key is open."""
        return self._is_current(key.bot_id) and self._keys.knows_open(key)

    # What happens

    def begin(self, token: bytes) -> Call:
        """Remember how far is heard before a call is made."""
        state = self._state()
        if state is not None and state != self._as_of:
            self._doubt(state)
        return Call(token, state, self._keys.closings)

    def done(self, call: Call, changes: Sequence[Change]) -> None:
        """Know what a call has changed, whether it was heard of or not."""
        if self._as_of is None:
            return
        if self._as_of != call.state:
            self._doubt(None)  # what is known was read before the change, or after it
            return
        if changes and call.token in self._own_ahead:
            self._own_ahead.discard(call.token)  # others may have closed since what was opened
        elif changes:
            self._own_behind.add(call.token)
            self._keys.apply(changes)
        for change in changes:
            if change.is_open and change.key is not None:
                self._keys.remember(change.key, change.row_id, closings=call.closings)

    def remember(self, call: Call, key: SessionKey) -> None:
        """Know that a key was open when a call was made."""
        if self._is_current(key.bot_id):
            self._keys.remember(key, number_of(key.bot_id, full_member(key)), closings=call.closings)

    def hear(self, notice: bytes) -> None:
        """Take in what somebody tells."""
        heard = _read(notice)
        if heard is None:
            self._doubt(None)
            return
        token, changes = heard
        if token in self._own_behind:
            self._own_behind.discard(token)
        elif token.startswith(self._me):
            self._own_ahead.add(token)
        self._keys.apply(changes)

    async def aclose(self) -> None:
        """Read nothing any more."""
        self._doubt(None)
        loading = [task for task in self._loading if task.get_loop() is asyncio.get_running_loop()]
        for task in loading:
            task.cancel()
        if loading:
            await asyncio.wait(loading)
        self._loading.clear()

    def _is_current(self, bot_id: int) -> bool:
        """Tell whether nothing was missed, and see to it that the open keys of the bot are known soon."""
        state = self._state()
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
        loading = self._keys.begin_loading(bot_id)
        if loading is not None:
            self._load_at[bot_id] = now + LOADING_PAUSE
            task = asyncio.create_task(self._loaded(bot_id, loading, now), name="tgslices-loading")
            self._loading.add(task)
            task.add_done_callback(self._loading.discard)

    async def _loaded(self, bot_id: int, loading: object, began: float) -> None:
        rows: Sequence[OpenRowId] | None = None
        try:
            rows = await self._read(bot_id)
        finally:
            self._keys.finish_loading(bot_id, loading, rows)
            now = asyncio.get_running_loop().time()
            self._load_at[bot_id] = now + max(LOADING_PAUSE, PAUSE_FACTOR * (now - began))


def number_of(bot_id: int, member: bytes) -> int:
    """Return the number by which an open key is told from every other."""
    return int.from_bytes(blake2b(member, digest_size=8, key=_BOT.pack(bot_id)).digest(), "big")


def row_of(bot_id: int, member: bytes) -> OpenRowId:
    """Return the chat and the number of an open key."""
    return _BOT.unpack_from(member)[0], number_of(bot_id, member)


def changes_of(bot_id: int, members: Iterable[bytes], *, is_open: bool) -> list[Change]:
    """Return what has changed for keys that were opened or closed."""
    return [Change(bot_id, *row_of(bot_id, member), is_open) for member in members]


def _read(notice: bytes) -> tuple[bytes, list[Change]] | None:
    """Return the token of a notice and what it tells; None for what nobody here has written."""
    try:
        token, at = notice[:_TOKEN_BYTES], _TOKEN_BYTES + _BOT.size
        (bot_id,) = _BOT.unpack_from(notice, _TOKEN_BYTES)
        changes = []
        while at < len(notice):
            sign, start = notice[at : at + 1], at + 5
            at = start + _LENGTH.unpack_from(notice, at + 1)[0]
            changes.append(Change(bot_id, *row_of(bot_id, notice[start:at]), sign == b"+"))
    except error:
        return None
    return token, changes
