"""Finds and drops what is stored about a person, by a look at every name: an index would grow with each session."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Any, Final

from tgslices.model import SessionKey
from tgslices.storage.codec import encode_time
from tgslices.storage.erasing_protocol import is_about, is_of
from tgslices.storage.redis.calls import Calls
from tgslices.storage.redis.clients import scan
from tgslices.storage.redis.codes.names import (
    BotNames,
    Names,
    key_of_member,
    label_length,
    parts_of_member,
    parts_of_spot,
)
from tgslices.storage.redis.codes.records import HIDDEN, LISTED
from tgslices.storage.redis.codes.texts import ID
from tgslices.storage.redis.operations.entries import Entries
from tgslices.storage.redis.operations.key_names import KeyNames, in_steps
from tgslices.storage.redis.operations.keys import labels_of
from tgslices.storage.redis.scripts import FIND_USER, PUT_DATA, SETTLE_END

SPOTS_IN_STEP: Final = 20
"""Spots whose entries one call looks at."""

MAX_NAMES: Final = 500
"""Fragments that are dropped in one call."""


class Erasing:
    """What the storage does as an :class:`~tgslices.storage.erasing_protocol.ErasingStorage`."""

    def __init__(self, calls: Calls, names: Names, entries: Entries) -> None:
        self._calls = calls
        self._names = names
        self._entries = entries

    async def erase_sessions(self, bot_id: int, user_id: int, at: datetime) -> int:
        """Close a person's sessions, and drop their data and the ends that are to be told."""
        names, erased = self._names.of(bot_id), set[bytes]()
        async for spot in self._spots(names, user_id):
            for session in await self._sessions(bot_id, spot):
                await self._entries.end(session, b"close", b"%d" % encode_time(at))
                erased.add(session.member)
        async for member in self._members(names, user_id):
            if await self._drop_data(bot_id, member):
                erased.add(member)
        for end in await self._calls.do(lambda client: client.hkeys(names.ended)):
            key = key_of_member(bot_id, end[8:])
            if is_of(key, user_id) and await self._calls.once(SETTLE_END, names, (names.ends, names.ended), (end,)):
                erased.add(KeyNames(self._names, key).member)
        return len(erased)

    async def erase_entries(self, bot_id: int, user_id: int) -> int:
        """Drop the entries of a person in any session."""
        names, dropped, step = self._names.of(bot_id), 0, list[bytes]()
        async for name in self._scan(names, names.spot(b""), b"*"):
            step.append(name[len(names.spot(b"")) :])
            if len(step) == SPOTS_IN_STEP:
                dropped += await self._take_out(bot_id, step, user_id)
                step = []
        return dropped + (await self._take_out(bot_id, step, user_id) if step else 0)

    async def _take_out(self, bot_id: int, spots: Sequence[bytes], user_id: int) -> int:
        names = self._names.of(bot_id)
        asked = (ID.pack(user_id), b"%d" % (user_id < 0))
        found: Any = await self._calls.run(FIND_USER, [*map(names.spot, spots)], asked)
        by_session: dict[tuple[bytes, bytes], list[bytes]] = {}
        for number, field, record in zip(found[::3], found[1::3], found[2::3], strict=True):
            spot, length = spots[int(number) - 1], label_length(field)
            session = KeyNames.named(self._names, bot_id, spot, field[:length])
            if is_about(session.message(field[length:], record), user_id):
                by_session.setdefault((spot, field[:length]), []).append(field[length:])
        dropped = 0
        for (spot, label), codes in by_session.items():
            dropped += await self._entries.take_out(KeyNames.named(self._names, bot_id, spot, label), codes)
        return dropped

    async def _spots(self, names: BotNames, user_id: int) -> AsyncIterator[bytes]:
        """Yield the spots of a person."""
        start = names.spot(b"")
        async for name in self._scan(names, start, b"*%d*" % user_id):
            spot = name[len(start) :]
            if _is_of(spot, user_id):
                yield spot

    async def _sessions(self, bot_id: int, spot: bytes) -> list[KeyNames]:
        """Return the sessions of a spot that are open or have entries."""
        fields = await self._calls.do(lambda client: client.hgetall(self._names.of(bot_id).spot(spot)))
        open_ = dict(labels_of(fields.get(b"o", b"")))
        labels = [field[: label_length(field)] for field in fields if label_length(field)]
        every = {label: KeyNames.named(self._names, bot_id, spot, label, open_.get(label, b"")) for label in labels}
        every |= {label: KeyNames.named(self._names, bot_id, spot, label, full) for label, full in open_.items()}
        return [it for label, it in every.items() if label in open_ or it.entries(fields, LISTED | HIDDEN)]

    async def _members(self, names: BotNames, user_id: int) -> AsyncIterator[bytes]:
        """Yield the sessions of a person that have data."""
        start = names.data(b"")
        async for name in self._scan(names, start, b"*%d*" % user_id):
            member = name[len(start) :]
            if _is_of(parts_of_member(member)[0], user_id):
                yield member

    async def _drop_data(self, bot_id: int, member: bytes) -> bool:
        """Drop all data of a session, whoever holds it; return whether there was any."""
        session = KeyNames.named(self._names, bot_id, *parts_of_member(member))
        fields = await self._calls.do(lambda client: client.hkeys(session.data_key))
        keys = (session.names.visits, session.data_index, session.data_key)
        for step in in_steps(list({field[1:] for field in fields}), MAX_NAMES):
            await self._calls.run(PUT_DATA, keys, (member, *(part for name in step for part in (name, b""))))
        return any(field.startswith(b"d") for field in fields)

    async def _scan(self, names: BotNames, start: bytes, pattern: bytes) -> AsyncIterator[bytes]:
        """Yield the names of one beginning that a pattern fits, each once, in steps of the server's."""
        seen: set[bytes] = set()
        cursor: int | None = 0
        while cursor is not None:
            cursor, found = await self._calls.do(
                lambda client, at=cursor: scan(client, names.open, at, _literal(start) + pattern)  # type: ignore[misc]  # it infers no default
            )
            for name in found:
                if name not in seen:
                    seen.add(name)
                    yield name


def _is_of(spot: bytes, user_id: int) -> bool:
    chat_id, its_user_id, thread_id, _ = parts_of_spot(spot)
    return is_of(SessionKey(0, chat_id, its_user_id, thread_id), user_id)


def _literal(text: bytes) -> bytes:
    """Return a pattern that fits this text alone."""
    return b"".join(b"\\" + bytes((one,)) if one in b"*?[]\\" else bytes((one,)) for one in text)
