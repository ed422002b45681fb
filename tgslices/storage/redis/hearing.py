"""What one of several storages at a server knows of open keys, by what they tell each other."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from hashlib import blake2b
from struct import Struct, error
from typing import Final, NamedTuple

from tgslices.event_loop.kept_tasks import KeptTasks
from tgslices.model import SessionKey
from tgslices.storage.inprocess.heard_openings import Heard
from tgslices.storage.inprocess.shared_keys import Change, OpenRowId
from tgslices.storage.redis.codes.names import full_member

_BOT: Final = Struct(">q")
_LENGTH: Final = Struct(">I")
_TOKEN_BYTES: Final = 14

Read = Callable[[int], Awaitable[Sequence[OpenRowId] | None]]
"""Reads the open keys of a bot; None if they cannot be read."""


class HeardSoFar(NamedTuple):
    """How far was heard when a call was made."""

    token: bytes
    state: int | None
    closings: int


class Hearing(Heard[bytes]):
    """Hears what is opened and closed anywhere. While something may have been missed, nothing is certain."""

    def __init__(self, state: Callable[[], int | None], read: Read, me: bytes) -> None:
        """Know nothing yet. ``me`` is what the tokens of this storage begin with."""
        super().__init__(state, self._begin_reading)
        self._how_far = state
        self._read = read
        self._me = me
        self._loading = KeptTasks()

    def may_be_open(self, bot_id: int) -> bool:
        """Tell whether a bot may have an open key; False is certain."""
        return not self.is_idle(bot_id)

    # What happens

    def begin(self, token: bytes) -> HeardSoFar:
        """Remember how far is heard before a call is made."""
        state = self._how_far()
        if state is not None and state != self.as_of:
            self.doubt(state)
        return HeardSoFar(token, state, self.keys.closings)

    def finish(self, call: HeardSoFar, changes: Sequence[Change]) -> None:
        """Know what a call has changed, whether it was heard of or not."""
        if self.as_of is None:
            return
        if self.as_of != call.state:
            self.doubt(None)  # what is known was read before the change, or after it
            return
        if changes:
            self.done(call.token, changes)
        for change in changes:
            if change.is_open and change.key is not None:
                self.keys.remember(change.key, change.row_id, closings=call.closings)

    def remember(self, call: HeardSoFar, key: SessionKey) -> None:
        """Know that a key was open when a call was made."""
        if self.is_current(key.bot_id):
            self.keys.remember(key, number_of(key.bot_id, full_member(key)), closings=call.closings)

    def take_in(self, notice: bytes) -> None:
        """Take in what somebody tells."""
        heard = _read(notice)
        if heard is None:
            self.doubt(None)
            return
        token, changes = heard
        is_own = token in self.own_behind or token.startswith(self._me)
        self.hear(token if is_own else None, changes)

    async def aclose(self) -> None:
        """Read nothing any more."""
        self.doubt(None)
        loading = [task for task in self._loading.running() if task.get_loop() is asyncio.get_running_loop()]
        for task in loading:
            task.cancel()
        if loading:
            await asyncio.wait(loading)
        self._loading.forget()

    def _begin_reading(self, bot_id: int, loading: object, began: float) -> None:
        self._loading.start(self._read_and_know(bot_id, loading, began), name="tgslices-loading")

    async def _read_and_know(self, bot_id: int, loading: object, began: float) -> None:
        rows: Sequence[OpenRowId] | None = None
        try:
            rows = await self._read(bot_id)
        finally:
            self.loaded(bot_id, loading, began, rows)


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
