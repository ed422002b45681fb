"""Session data: one hash a session that has some, listed in its chat, and visited when something of it is past."""

# ruff: noqa: D102 - the methods are documented once, on the protocol

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import chain
from struct import Struct
from typing import Any, Final

from tgslices.model import SessionKey
from tgslices.storage.codec import decode_time, encode_time
from tgslices.storage.data_protocol import HOLD_KEPT, DataHold, StoredData
from tgslices.storage.redis.calls import Calls
from tgslices.storage.redis.codes.names import Names, member_of, parts_of_member, parts_of_spot, spot_of
from tgslices.storage.redis.codes.texts import decoded, encoded
from tgslices.storage.redis.operations.key_names import KeyNames, in_steps
from tgslices.storage.redis.scripts import (
    CLOSE_DATA,
    HOLD_DATA,
    MIGRATE_DATA,
    PUT_DATA,
    RENEW_DATA,
    SWEEP_DATA,
    WRITE_DATA,
)

SESSIONS_IN_STEP: Final = 20
"""Sessions whose data one call looks at."""

_FRAGMENT: Final = Struct(">Bdqqq")
"""Whether it outlives a close, when it expires as the scripts see it and exactly, its version, when it was written."""

_KEPT: Final = b"%d" % (HOLD_KEPT // timedelta(microseconds=1))


class Data:
    """The data of any number of bots: a :class:`~tgslices.storage.data_protocol.DataStorage`."""

    def __init__(self, calls: Calls, names: Names, ready: Callable[[], Awaitable[None]]) -> None:
        """Make calls, once the storage is ready."""
        self._calls = calls
        self._names = names
        self._ready = ready

    async def read_data(
        self, key: SessionKey, names: Collection[str] | None = None, *, now: datetime
    ) -> dict[str, StoredData]:
        await self._ready()
        session = KeyNames(self._names, key)
        if names is None:
            fields = await self._calls.do(lambda client: client.hgetall(session.data_key))
            return _living({decoded(it[1:]): value for it, value in fields.items() if it.startswith(b"d")}, now)
        wanted = list(names)
        if not wanted:
            return {}
        spelled = [b"d" + encoded(name) for name in wanted]
        values = await self._calls.do(lambda client: client.hmget(session.data_key, spelled))
        return _living(dict(zip(wanted, values, strict=True)), now)

    async def hold_data(self, hold: DataHold, *, now: datetime, until: datetime) -> dict[str, StoredData] | None:
        await self._ready()
        if not hold.names:
            return {}
        session, wanted = KeyNames(self._names, hold.key), sorted(hold.names)
        is_held, *values = await self._calls.run(
            HOLD_DATA,
            self._keys(session),
            (
                *(session.member, encoded(hold.holder)),
                *(b"%d" % encode_time(now), b"%d" % encode_time(until), _KEPT),
                *map(encoded, wanted),
            ),
        )
        return _living(dict(zip(wanted, values, strict=True)), now) if is_held else None

    async def renew_data(self, holds: Collection[DataHold], *, until: datetime) -> None:
        await self._ready()
        ends = b"%d" % encode_time(until)
        for hold in holds:
            session = KeyNames(self._names, hold.key)
            args = (session.member, encoded(hold.holder), ends, _KEPT, *map(encoded, sorted(hold.names)))
            await self._calls.run(RENEW_DATA, (session.names.visits, session.data_key), args)

    async def write_data(
        self, hold: DataHold, changes: Mapping[str, StoredData | None], *, release: bool = True
    ) -> bool:
        await self._ready()
        session = KeyNames(self._names, hold.key)
        args = (session.member, encoded(hold.holder), b"1" if release else b"0", *_spelled(changes))
        written = await self._calls.once(WRITE_DATA, session.names, self._keys(session), args)
        return bool(written == 1)

    async def put_data(self, key: SessionKey, changes: Mapping[str, StoredData | None]) -> None:
        await self._ready()
        session = KeyNames(self._names, key)
        await self._calls.run(PUT_DATA, self._keys(session), (session.member, *_spelled(changes)))

    async def close_data(self, key: SessionKey) -> None:
        await self._ready()
        session = KeyNames(self._names, key)
        await self._calls.run(CLOSE_DATA, self._keys(session), (session.member,))

    async def migrate_data(self, bot_id: int, old_chat_id: int, new_chat_id: int) -> None:
        await self._ready()
        if old_chat_id == new_chat_id:
            return
        names = self._names.of(bot_id)
        old_index, new_index = names.data_index(old_chat_id), names.data_index(new_chat_id)
        while members := await self._calls.do(lambda client: client.hkeys(old_index)):
            for step in in_steps(members, SESSIONS_IN_STEP):
                moves = [(member, _moved(member, new_chat_id)) for member in step]
                keys = chain.from_iterable((names.data(old), names.data(new)) for old, new in moves)
                await self._calls.run(
                    MIGRATE_DATA, (names.visits, old_index, new_index, *keys), [*chain.from_iterable(moves)]
                )

    async def sweep_data(self, bot_id: int, *, now: datetime, limit: int) -> int:
        await self._ready()
        names, past, swept = self._names.of(bot_id), encode_time(now), 0
        while swept < limit:
            members: Sequence[bytes] = await self._calls.do(
                lambda client: client.zrangebyscore(names.visits, "-inf", past, start=0, num=SESSIONS_IN_STEP)
            )
            if not members:
                break
            keys = [(names.data_index(_chat_of(member)), names.data(member)) for member in members]
            args = (b"%d" % past, _KEPT, b"%d" % (limit - swept), *members)
            swept += await self._calls.once(SWEEP_DATA, names, (names.visits, *chain.from_iterable(keys)), args)
        return swept

    def _keys(self, session: KeyNames) -> tuple[bytes, bytes, bytes]:
        return session.names.visits, session.data_index, session.data_key


def _spelled(changes: Mapping[str, StoredData | None]) -> list[bytes]:
    return [part for name, stored in changes.items() for part in (encoded(name), _fragment(stored))]


def _fragment(stored: StoredData | None) -> bytes:
    if stored is None:
        return b""
    expires = 0 if stored.expires_at is None else encode_time(stored.expires_at)
    head = _FRAGMENT.pack(stored.outlives_close, expires, expires, stored.version, encode_time(stored.written_at))
    return head + encoded(stored.text)


def _living(fragments: Mapping[str, Any], now: datetime) -> dict[str, StoredData]:
    """Return what is there and has not expired."""
    found = {name: _stored(fragment) for name, fragment in fragments.items() if fragment}
    return {name: it for name, it in found.items() if it.expires_at is None or it.expires_at > now}


def _stored(fragment: bytes) -> StoredData:
    outlives, _, expires, version, written = _FRAGMENT.unpack_from(fragment)
    expires_at = decode_time(expires) if expires else None
    text = decoded(fragment[_FRAGMENT.size :])
    return StoredData(text, version, decode_time(written), expires_at, bool(outlives))


def _chat_of(member: bytes) -> int:
    return parts_of_spot(parts_of_member(member)[0])[0]


def _moved(member: bytes, chat_id: int) -> bytes:
    spot, label = parts_of_member(member)
    return member_of(spot_of(chat_id, *parts_of_spot(spot)[1:]), label)
