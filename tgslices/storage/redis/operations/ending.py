"""Sessions by the time when they are to be looked at, and ends that are to be told."""

# ruff: noqa: D102 - the methods are documented once, on the protocol

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import chain
from struct import Struct
from typing import Any, Final

from tgslices.model import MAX_WAIT, SessionKey, TrackedMessage
from tgslices.storage.codec import decode_time, encode_time
from tgslices.storage.ending_protocol import FIRST_LOOKED_AT, Due, DueSession, End, EndedSession, EndReason
from tgslices.storage.floors import Floors
from tgslices.storage.redis.calls import Calls
from tgslices.storage.redis.codes.dues import spelled_due
from tgslices.storage.redis.codes.names import (
    BotNames,
    Names,
    full_member,
    key_of_member,
    label_of,
    member_of,
    spot_of_key,
)
from tgslices.storage.redis.codes.texts import ID, LENGTH
from tgslices.storage.redis.hearing import Hearing, changes_of
from tgslices.storage.redis.operations.key_names import BOT, KeyNames, in_steps, pairs
from tgslices.storage.redis.scripts import (
    END_SESSION,
    LEASE_ENDS,
    LEASE_SESSIONS,
    LOOK_AT_SESSIONS,
    MIGRATE_ENDS,
    NEXT_DUE,
    POSTPONE_SESSION,
    SCHEDULE_SESSIONS,
    SETTLE_END,
)

SESSIONS_IN_STEP: Final = 100
"""Sessions that one call looks at."""

_TIME: Final = Struct(">q")


class Ending:
    """The lifetimes of any number of bots: a :class:`~tgslices.storage.ending_protocol.LifetimeStorage`."""

    def __init__(self, calls: Calls, names: Names, hearing: Hearing) -> None:
        """Make calls, and hear of what is closed."""
        self._calls = calls
        self._names = names
        self._hearing = hearing
        self._floors = Floors()

    def expect(self, bot_id: int, due: Due | None) -> None:
        """Let the next lease begin early enough to find what is about to get a time at which it is due."""
        if due is not None:
            self._floors.lower(bot_id, encode_time(due.limit))

    async def lease_sessions(self, bot_id: int, *, now: datetime, until: datetime, limit: int) -> list[DueSession]:
        members = await self._take(bot_id, now, until, limit)
        names = self._names.of(bot_id)
        leased: list[DueSession] = []
        for step in in_steps(members, SESSIONS_IN_STEP):
            leased += await self._look_at(names, bot_id, step, until)
        return leased

    async def _take(self, bot_id: int, now: datetime, until: datetime, limit: int) -> Sequence[bytes]:
        """Hold what is due, from where the lease before this one ended: all before it is held, or was not due yet."""
        names, at, held_until = self._names.of(bot_id), encode_time(now), encode_time(until)
        floor, _ = self._floors.get(bot_id, at)
        numbers = (at, encode_time(now + MAX_WAIT), held_until, limit, FIRST_LOOKED_AT)
        told = await self._calls.once(
            LEASE_SESSIONS,
            names,
            (names.dues, names.limits),
            (*(b"%d" % number for number in numbers), b"%d" % floor if floor > at else b""),
        )
        if not told:
            self._floors.forget(bot_id)
            return ()
        members: list[bytes]
        last, next_due, *members = told
        ends_at = min(held_until, int(next_due)) if next_due else held_until
        self._floors.note(bot_id, (round(float(last)), 0) if last else None, at, ends_at)
        return members

    async def _look_at(
        self, names: BotNames, bot_id: int, members: Sequence[bytes], until: datetime
    ) -> list[DueSession]:
        sessions = [key_of_member(bot_id, member) for member in members]
        labels = [label_of(key.qualifier) for key in sessions]
        spots = [*map(spot_of_key, sessions)]
        data_keys = [names.data(member_of(spot, label)) for spot, label in zip(spots, labels, strict=True)]
        named = chain.from_iterable(
            (LENGTH.pack(len(member)), member, bytes((len(label),)), label)
            for member, label in zip(members, labels, strict=True)
        )
        told = await self._calls.run(
            LOOK_AT_SESSIONS,
            (names.open, names.active, *map(names.spot, spots), *data_keys),
            (b"".join(named),),
        )
        times = zip(sessions, told[::3], told[1::3], told[2::3], strict=True)
        return [
            DueSession(key, _time(opened_at), until, _time(active_at), _time(oldest_at) if oldest_at else None)
            for key, opened_at, active_at, oldest_at in times
            if opened_at
        ]

    async def postpone_session(self, session: DueSession, due: Due | None) -> bool:
        names = self._names.of(session.key.bot_id)
        leased_until, active_at = encode_time(session.leased_until), encode_time(session.active_at)
        self.expect(session.key.bot_id, due)
        postponed = await self._calls.once(
            POSTPONE_SESSION,
            names,
            (names.dues, names.limits, names.active),
            (full_member(session.key), b"%d" % leased_until, b"%d" % active_at, *spelled_due(due)),
        )
        return bool(postponed)

    async def schedule_sessions(self, dues: Mapping[SessionKey, Due]) -> None:
        for key, due in dues.items():
            self.expect(key.bot_id, due)
        for bot_id in dict.fromkeys(key.bot_id for key in dues):
            names = self._names.of(bot_id)
            of_bot = [(full_member(key), *spelled_due(due)) for key, due in dues.items() if key.bot_id == bot_id]
            for step in in_steps(of_bot):
                keys = (names.open, names.dues, names.limits)
                await self._calls.run(SCHEDULE_SESSIONS, keys, [*chain.from_iterable(step)])

    async def end_session(
        self, session: DueSession, end: End, *, now: datetime, until: datetime, limit: int
    ) -> list[TrackedMessage] | None:
        spelt, key = KeyNames(self._names, session.key), session.key
        names = spelt.names
        call = self._hearing.begin(self._calls.token())
        is_ended, *claimed = await self._calls.run(
            END_SESSION,
            (
                names.memo(call.token.hex().encode()),
                *(names.open, names.sweep, names.foreign, names.due, names.claimed),
                *(names.dues, names.limits, names.active, names.ends, names.ended),
                *(spelt.spot_key, spelt.index, spelt.data_key, names.visits, spelt.data_index),
            ),
            (
                *(call.token, self._calls.channel, BOT.pack(key.bot_id), spelt.member, spelt.full),
                b"%d" % encode_time(session.leased_until),
                b"%d" % encode_time(session.active_at),
                b"%d" % encode_time(now),
                _TIME.pack(encode_time(now)),
                b"%d" % encode_time(until),
                b"%d" % limit,
                b"1" if end.then == "clear" else b"0",
                end.reason.value.encode(),
                b"1" if end.tells else b"0",
            ),
        )
        if not is_ended:
            return None
        self._hearing.finish(call, changes_of(key.bot_id, [spelt.full], is_open=False))
        return [spelt.message(code, record) for code, record in pairs(claimed)]

    # Ends

    async def lease_ends(self, bot_id: int, *, now: datetime, until: datetime, limit: int) -> list[EndedSession]:
        names = self._names.of(bot_id)
        times = (now, now + MAX_WAIT, until)
        leased = await self._calls.once(
            LEASE_ENDS,
            names,
            (names.ends, names.ended),
            (*(b"%d" % encode_time(it) for it in times), b"%d" % limit),
        )
        return [_ended(bot_id, member, kept, until) for member, kept in pairs(leased)]

    async def postpone_end(self, end: EndedSession, *, until: datetime) -> None:
        name, times = self._names.of(end.key.bot_id).ends, {_member_of(end): encode_time(until)}
        await self._calls.do(lambda client: client.zadd(name, times, xx=True))

    async def settle_end(self, end: EndedSession) -> bool:
        names = self._names.of(end.key.bot_id)
        settled = await self._calls.once(SETTLE_END, names, (names.ends, names.ended), (_member_of(end),))
        return bool(settled)

    async def next_session_due(self, bot_id: int, *, now: datetime) -> datetime | None:
        names = self._names.of(bot_id)
        found = [await self._calls.run(NEXT_DUE, (name,)) for name in (names.dues, names.ends)]
        return min((first_of(times, now) for times in found if times), default=None)

    async def migrate_ends(self, bot_id: int, old: int, new: int) -> None:
        """Let the ends of a chat be those of its new id."""
        self._floors.forget(bot_id)
        names = self._names.of(bot_id)
        members = await self._calls.do(lambda client: client.hkeys(names.ended))
        moving = [member for member in members if member[8:16] == ID.pack(old)]
        for step in in_steps(moving):
            moves = chain.from_iterable((it, it[:8] + ID.pack(new) + it[16:]) for it in step)
            await self._calls.run(MIGRATE_ENDS, (names.ends, names.ended), [*moves])


def first_of(times: Sequence[Any], now: datetime) -> datetime:
    """Return the first of the first and the last time of something, or ``now`` if a clock was ahead."""
    first, last = (decode_time(round(float(time))) for time in times)
    return min(now, first) if last - now > MAX_WAIT else first


def _time(told: bytes) -> datetime:
    """Return a time as scripts tell it: microseconds, with a fraction in no case that matters."""
    return decode_time(round(float(told)))


def _member_of(end: EndedSession) -> bytes:
    return _TIME.pack(encode_time(end.ended_at)) + full_member(end.key)


def _ended(bot_id: int, member: bytes, kept: bytes, until: datetime) -> EndedSession:
    ended_at = decode_time(_TIME.unpack_from(member)[0])
    reason = EndReason(kept[1:].decode())
    return EndedSession(key_of_member(bot_id, member[8:]), ended_at, reason, kept[:1] == b"1", until)
