"""Entries of one session: listed, removed, cleared, and dropped when it is closed."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from tgslices.model import SessionKey, TrackedMessage
from tgslices.storage.codec import encode_time
from tgslices.storage.protocol import Closed
from tgslices.storage.redis.calls import Calls
from tgslices.storage.redis.codes.names import Names
from tgslices.storage.redis.codes.records import HIDDEN, LISTED, encode_entry, known_record
from tgslices.storage.redis.hearing import Hearing, changes_of
from tgslices.storage.redis.operations.key_names import BOT, MAX_AT_ONCE, KeyNames, in_steps
from tgslices.storage.redis.scripts import CLOSE, REMOVE


class Entries:
    """The entries of sessions."""

    def __init__(self, calls: Calls, names: Names, hearing: Hearing) -> None:
        """Make calls, and hear of what is closed."""
        self._calls = calls
        self._names = names
        self._hearing = hearing

    async def fields(self, session: KeyNames) -> dict[bytes, bytes]:
        """Return all that is in the spot of a session."""
        found: dict[bytes, bytes] = await self._calls.do(lambda client: client.hgetall(session.spot_key))
        return found

    async def entries(self, key: SessionKey) -> list[TrackedMessage]:
        """Return the entries of a key, in order."""
        session = KeyNames(self._names, key)
        listed = session.entries(await self.fields(session), LISTED)
        return [session.message(code, record) for code, record in listed]

    async def remove(self, key: SessionKey, messages: Collection[TrackedMessage]) -> int:
        """Remove messages from a key, which knows them from then on; return how many were there."""
        session = KeyNames(self._names, key)
        args = [_leaving(key, message) for message in messages]
        return sum([await self._remove(session, step) for step in in_steps(args)])

    async def take_out(self, session: KeyNames, codes: Collection[bytes]) -> int:
        """Remove entries by their codes; return how many were there."""
        return sum([await self._remove(session, [(code, b"", b"") for code in step]) for step in in_steps([*codes])])

    async def clear(self, key: SessionKey) -> None:
        """Remove every entry of a key."""
        await self.end(KeyNames(self._names, key), b"clear")

    async def close(self, key: SessionKey, at: datetime) -> Closed:
        """Close a key."""
        return await self.end(KeyNames(self._names, key), b"close", b"%d" % encode_time(at))

    async def unsubscribe(self, key: SessionKey) -> bool:
        """Let a key be open no more; return whether it was."""
        return (await self.end(KeyNames(self._names, key), b"unsubscribe")).was_open

    async def end(self, session: KeyNames, mode: bytes, at: bytes = b"") -> Closed:
        """Close, clear or unsubscribe a session, as its mode says; what is too large for one step leaves before."""
        dropped, most = 0, MAX_AT_ONCE
        while (end := await self._end_at_once(session, mode, at, most)).dropped < 0:
            left = session.entries(await self.fields(session), LISTED | HIDDEN)
            for step in in_steps(left):
                await self._remove(session, [(code, b"", b"") for code, _ in step])
            dropped += sum(record[0] & LISTED for _, record in left)
            most *= 2  # its neighbours in the spot may be what is so large
        return Closed(dropped + end.dropped, end.was_open)

    async def _end_at_once(self, session: KeyNames, mode: bytes, at: bytes, most: int) -> Closed:
        names = session.names
        call = self._hearing.begin(self._calls.token())
        dropped, was_open = await self._calls.run(
            CLOSE,
            (
                names.memo(call.token.hex().encode()),
                names.open,
                names.sweep,
                names.foreign,
                session.spot_key,
                session.index,
                session.data_key,
                names.visits,
                session.data_index,
                *(names.dues, names.limits, names.active),
            ),
            (
                call.token,
                self._calls.channel,
                BOT.pack(session.key.bot_id),
                mode,
                session.member,
                session.full,
                at,
                b"%d" % most,
            ),
        )
        if was_open:
            self._hearing.finish(call, changes_of(session.key.bot_id, [session.full], is_open=False))
        return Closed(int(dropped), bool(was_open))

    async def _remove(self, session: KeyNames, step: Collection[tuple[bytes, bytes, bytes]]) -> int:
        names = session.names
        keys = (names.sweep, names.foreign, session.spot_key, session.index)
        flat = [part for message in step for part in message]
        removed: int = await self._calls.once(REMOVE, names, keys, (session.member, *flat))
        return removed


def _leaving(key: SessionKey, message: TrackedMessage) -> tuple[bytes, bytes, bytes]:
    code, _, away = encode_entry(message, key.chat_id, key.business_connection_id)
    return code, known_record(message), away
