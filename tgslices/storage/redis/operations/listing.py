"""Open sessions, page by page, and what they did last."""

# ruff: noqa: D102 - the methods are documented once, on the protocol

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from itertools import chain
from typing import Final, NamedTuple

from tgslices.model import SessionKey
from tgslices.storage.codec import decode_time, encode_time
from tgslices.storage.listing_protocol import (
    EVERY_SESSION,
    FEW,
    MAX_LOOKED_AT,
    ListedPage,
    ListedSession,
    SessionFilter,
    SessionOrder,
)
from tgslices.storage.redis.calls import Calls
from tgslices.storage.redis.codes.names import BotNames, Names, full_member, key_of_member
from tgslices.storage.redis.codes.texts import ID, spell_number, spell_text
from tgslices.storage.redis.operations.key_names import KeyNames, in_steps
from tgslices.storage.redis.operations.keys import keys_of
from tgslices.storage.redis.operations.places import Place, places_behind, read_place, spelt
from tgslices.storage.redis.scripts import LOOK, LOOK_AT_OPEN

SESSIONS_IN_STEP: Final = 50
"""Sessions that one call looks at."""

MEMBERS_IN_STEP: Final = 1_000
"""Names of sessions that one call reads."""


class _Found(NamedTuple):
    """The places of a page, and the last of it if there is more."""

    places: list[Place]
    rest: Place | None


class Listing:
    """The open sessions of any number of bots: a :class:`~tgslices.storage.listing_protocol.ListingStorage`."""

    def __init__(self, calls: Calls, names: Names) -> None:
        self._calls = calls
        self._names = names

    async def list_sessions(
        self,
        bot_id: int,
        where: SessionFilter = EVERY_SESSION,
        *,
        order: SessionOrder = SessionOrder.OPENED,
        after: str | None = None,
        limit: int,
    ) -> ListedPage:
        names, is_by_due = self._names.of(bot_id), order is SessionOrder.DUE
        ordered = names.dues if is_by_due else names.open
        place = None if after is None else read_place(after)
        few = None if where.chat_id is None else await self._few(names, bot_id, where, ordered)
        if few is None:
            found = await self._walk(bot_id, where, ordered, place, limit)
        else:
            behind = [one for one in few if place is None or one > place]
            found = _Found(behind[:limit], behind[limit - 1] if len(behind) > limit else None)
        places = {key_of_member(bot_id, one.member): one.at for one in found.places}
        listed = await self.look_at_sessions([*places])
        stayed = [it for it in listed if _at(it, is_by_due) == places[it.key] and _is_old_enough(it, where)]
        return ListedPage(tuple(stayed), spelt(found.rest))

    async def look_at_sessions(self, keys: Sequence[SessionKey]) -> list[ListedSession]:
        looked: list[ListedSession] = []
        for bot_id in dict.fromkeys(key.bot_id for key in keys):
            sessions = [KeyNames(self._names, key) for key in keys if key.bot_id == bot_id]
            for step in in_steps(sessions, SESSIONS_IN_STEP):
                looked += await self._look_at(self._names.of(bot_id), step)
        return looked

    async def count_sessions(self, bot_id: int, where: SessionFilter = EVERY_SESSION) -> int:
        name = self._names.of(bot_id).open
        if where.takes_every_key:
            latest = b"+inf" if where.opened_before is None else b"%d" % encode_time(where.opened_before)
            return int(await self._calls.do(lambda client: client.zcount(name, b"-inf", latest)))
        few = None if where.chat_id is None else await self._few(self._names.of(bot_id), bot_id, where, name)
        if few is not None:
            return len(few)
        count, found = 0, _Found([], None)
        while True:
            found = await self._walk(bot_id, where, name, found.rest, MAX_LOOKED_AT)
            count += len(found.places)
            if found.rest is None:
                return count

    async def server_time(self) -> datetime:
        """Return the server's time."""
        seconds, microseconds = await self._calls.do(lambda client: client.time())
        return decode_time(int(seconds) * 1_000_000 + int(microseconds))

    async def _look_at(self, names: BotNames, sessions: Sequence[KeyNames]) -> list[ListedSession]:
        """Return what sessions did in one call; those that are not open are left out."""
        told = await self._calls.run(
            LOOK_AT_OPEN,
            (names.open, names.active, names.dues, *chain.from_iterable((it.spot_key, it.data_key) for it in sessions)),
            [*chain.from_iterable((it.full, it.label) for it in sessions)],
        )
        looked = zip(sessions, *(told[number::5] for number in range(5)), strict=True)
        return [_listed(session.key, *values) for session, *values in looked if values[0]]

    async def _few(self, names: BotNames, bot_id: int, where: SessionFilter, ordered: bytes) -> list[Place] | None:
        """Return the places of a chat's sessions that are meant, in order; None where they are too many for it."""
        assert where.chat_id is not None  # noqa: S101 - asked for one chat alone
        index = names.index(where.chat_id)
        if await self._calls.do(lambda client: client.hlen(index)) > FEW:
            return None
        keys: list[SessionKey] = []
        for step in in_steps(await self._calls.do(lambda client: client.hkeys(index))):
            found = await self._calls.run(LOOK, [*map(names.spot, step)])
            keys += chain.from_iterable(keys_of(bot_id, spot, open_) for spot, open_ in zip(step, found, strict=True))
        members = [full_member(key) for key in keys if where.takes(key)]
        if not members:
            return []
        times = await self._calls.do(lambda client: client.zmscore(ordered, members))
        places = (Place(int(at), member) for at, member in zip(times, members, strict=True) if at is not None)
        latest = self._latest(where, names, ordered)
        return sorted(place for place in places if latest is None or place.at <= latest)

    def _latest(self, where: SessionFilter, names: BotNames, ordered: bytes) -> int | None:
        """Return up to which time sessions are meant in this order; None for any."""
        return None if where.opened_before is None or ordered != names.open else encode_time(where.opened_before)

    async def _walk(self, bot_id: int, where: SessionFilter, ordered: bytes, place: Place | None, limit: int) -> _Found:
        """Find a page in the order, from a place on, and not for ever."""
        found: list[Place] = []
        latest = self._latest(where, self._names.of(bot_id), ordered)
        may_take = _sieve(where)
        step = min(limit + 1, MEMBERS_IN_STEP) if where.takes_every_key else MEMBERS_IN_STEP
        for _ in range(0, MAX_LOOKED_AT, step):
            behind = await places_behind(self._calls, ordered, place, step)
            for one in behind:
                if latest is not None and one.at > latest:
                    return _Found(found, None)
                if len(found) == limit:
                    return _Found(found, place)
                place = one
                if may_take(one.member) and where.takes(key_of_member(bot_id, one.member)):
                    found.append(one)
            if len(behind) < step:
                return _Found(found, None)
        return _Found(found, place)


def _sieve(where: SessionFilter) -> Callable[[bytes], bool]:
    """Return what tells by its bytes whether a key may be meant: to read each of them takes ten times as long."""
    if where.takes_every_key:
        return lambda member: True
    chat = b"" if where.chat_id is None else ID.pack(where.chat_id)
    user = b"" if where.user_id is None else spell_number(where.user_id)
    ends = (b"",) if where.qualifiers is None else tuple(map(spell_text, where.qualifiers))
    return lambda member: member.startswith(chat) and member.startswith(user, 8) and member.endswith(ends)


def _listed(
    key: SessionKey, opened_at: bytes, active_at: bytes, oldest_at: bytes, entries: bytes, due_at: bytes
) -> ListedSession:
    opened, active = (decode_time(int(at)) for at in (opened_at, active_at))
    oldest, due = (decode_time(int(at)) if at else None for at in (oldest_at, due_at))
    return ListedSession(key, opened, active, int(entries), oldest, due)


def _at(session: ListedSession, is_by_due: bool) -> int | None:
    at = session.due_at if is_by_due else session.opened_at
    return None if at is None else encode_time(at)


def _is_old_enough(session: ListedSession, where: SessionFilter) -> bool:
    return where.opened_before is None or session.opened_at <= where.opened_before
