"""Writes of one bot in groups: what gathers while a call is on its way goes as one call."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from itertools import chain, count
from struct import Struct
from typing import Final, NamedTuple

from tgslices.model import IfClosed, Scope, SessionKey, TrackedMessage
from tgslices.storage.codec import encode_time
from tgslices.storage.ending_protocol import Due
from tgslices.storage.group_commit import GroupCommit
from tgslices.storage.inprocess.shared_keys import Change, opening
from tgslices.storage.redis.calls import Calls
from tgslices.storage.redis.codes.dues import spelled_due
from tgslices.storage.redis.codes.names import (
    BotNames,
    Names,
    full_member,
    full_text,
    label_of,
    member_of,
    spot_of_key,
    spots_of_scope,
)
from tgslices.storage.redis.codes.records import Entry, encode_entry, known_record
from tgslices.storage.redis.errors import verdict_on
from tgslices.storage.redis.hearing import Hearing, number_of
from tgslices.storage.redis.scripts import WRITE

MAX_GROUP: Final = 128
"""Writes in one call: more of them would keep the server from everybody else."""

LANES: Final = 2
"""Calls on their way at once: one is made while the server works at the other."""

ADDED, OPENED, IS_OPEN = 1, 2, 4
"""What the result of a write to one session says, as bits."""

_ADD, _AWAY = 1, 2
_MESSAGE, _OPENS, _SKIP, _UNLESS_KNOWN = 1, 2, 4, 8
_HEAD: Final = Struct(">BBd")
_BOT: Final = Struct(">q")
_NOTHING: Final = Entry(b"", b"", b"")


class Write(NamedTuple):
    """One write, as the script wants it."""

    keys: Sequence[bytes]
    args: Sequence[bytes]
    key: SessionKey | None = None
    """The one session that it is for, which it may open."""


def recording(names: BotNames, scope: Scope, message: TrackedMessage) -> Write:
    """Return a write of a message to every open session of a scope."""
    spots = spots_of_scope(scope)
    chat_id, connection = scope.chat_id, scope.business_connection_id
    code, record, away = encode_entry(message, chat_id, connection)
    in_order = message.chat_id == chat_id and message.business_connection_id == connection
    message_id = message.message_id if in_order else 0
    keys = [*map(names.spot, spots)]
    if not away:
        return Write(keys, (_HEAD.pack(0, len(spots), message_id), code, record))
    head = _HEAD.pack(_AWAY, len(spots), message_id)
    return Write([*keys, names.index(chat_id)], (head, code, record, away, *spots))


def adding(
    names: BotNames,
    key: SessionKey,
    message: TrackedMessage | None,
    *,
    opened_at: datetime | None,
    if_closed: IfClosed = IfClosed.OPEN,
    outside: TrackedMessage | None = None,
    begun_at: datetime | None = None,
    unless_known: bool = False,
    due: Due | None = None,
) -> Write:
    """Return a write of a message to one session, or of an opening without one.

    Past 40 lines by its arguments alone, which are those of the protocol.
    """
    spot, label = spot_of_key(key), label_of(key.qualifier)
    chat_id, connection = key.chat_id, key.business_connection_id
    entry = _NOTHING if message is None else encode_entry(message, chat_id, connection)
    around = _NOTHING if outside is None else encode_entry(outside, chat_id, connection)
    options = (
        (_MESSAGE if message is not None else 0)
        | (_OPENS if if_closed is IfClosed.OPEN else 0)
        | (_SKIP if if_closed is IfClosed.SKIP else 0)
        | (_UNLESS_KNOWN if unless_known else 0)
    )
    return Write(
        (names.spot(spot), names.index(chat_id)),
        (
            _HEAD.pack(_ADD, options, 0 if message is None else _place_in_order(key, message)),
            member_of(spot, label),
            full_text(key, label),
            full_member(key),
            b"" if opened_at is None else b"%d" % encode_time(opened_at),
            *entry,
            around.code,
            b"" if outside is None else known_record(outside),
            around.away,
            b"0" if outside is None else b"%d" % max(_place_in_order(key, outside), 0),
            b"" if begun_at is None else b"%d" % encode_time(begun_at),
            *spelled_due(due),
        ),
        key,
    )


def _place_in_order(key: SessionKey, message: TrackedMessage) -> int:
    """Return the id of a message in the key's own chat and connection; 0 for one of another."""
    in_order = (message.chat_id, message.business_connection_id) == (key.chat_id, key.business_connection_id)
    return message.message_id if in_order else 0


class Writing:
    """Writes for any number of bots, each in groups of its own: the keys of two bots share no script."""

    def __init__(self, calls: Calls, names: Names, hearing: Hearing, *, timeout: float) -> None:
        """Make calls, and hear of what is opened. ``timeout`` is in seconds."""
        self._calls = calls
        self._names = names
        self._hearing = hearing
        self._timeout = timeout
        self._groups: dict[int, GroupCommit[Write, int]] = {}
        self._lanes = count()
        self._free_lanes: list[bytes] = []

    def submit(self, bot_id: int, write: Write) -> Awaitable[int]:
        """Have something written; the answer comes when it is."""
        group = self._groups.get(bot_id)
        if group is None:
            group = self._groups[bot_id] = GroupCommit(
                lambda: self._lane(bot_id),
                verdict_on=verdict_on,
                explain=self._calls.explain,
                lanes=LANES,
                max_group=MAX_GROUP,
                timeout=self._timeout,
            )
        return group.submit(write)

    async def aclose(self) -> None:
        """Wait until what was accepted is written, or has failed."""
        groups = [*self._groups.values()]
        self._groups.clear()
        for group in groups:
            await group.aclose()

    def abandon(self) -> None:
        """Forget what was to be written in an event loop that is closed."""
        self._groups.clear()

    @asynccontextmanager
    async def _lane(self, bot_id: int) -> AsyncIterator[Callable[[Sequence[Write]], Awaitable[Sequence[int]]]]:
        """Keep the answer to the last call of a lane under a name of its own, so that there are few of them."""
        lane = (
            self._free_lanes.pop() if self._free_lanes else self._calls.me.hex().encode() + b"/%d" % next(self._lanes)
        )
        names = self._names.of(bot_id)

        async def write(group: Sequence[Write]) -> Sequence[int]:
            return await self._write(bot_id, names, lane, group)

        try:
            yield write
        finally:
            self._free_lanes.append(lane)

    async def _write(self, bot_id: int, names: BotNames, lane: bytes, group: Sequence[Write]) -> Sequence[int]:
        call = self._hearing.begin(self._calls.token())
        keys = (names.memo(lane), names.counter, names.open, names.sweep, names.foreign, names.dues, names.limits)
        args = (call.token, self._calls.channel, _BOT.pack(bot_id), b"%d" % len(group))
        results: Sequence[int] = await self._calls.run(
            WRITE,
            [*keys, *chain.from_iterable(write.keys for write in group)],
            [*args, *chain.from_iterable(write.args for write in group)],
        )
        changes: list[Change] = []
        for write, result in zip(group, results, strict=True):
            if (key := write.key) is None or not result & (OPENED | IS_OPEN):
                continue
            if result & OPENED:
                changes.append(opening(key, number_of(bot_id, full_member(key))))
            elif not self._hearing.knows_open(key):
                self._hearing.remember(call, key)
        if changes:
            self._hearing.finish(call, changes)
        return results
