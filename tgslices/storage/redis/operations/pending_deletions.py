"""Pending deletions: claimed, leased, postponed and settled."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from contextlib import suppress
from datetime import datetime
from itertools import chain
from struct import Struct
from typing import Any, Final

from tgslices.errors import TgslicesError
from tgslices.event_loop.kept_tasks import KeptTasks
from tgslices.model import MAX_WAIT, PendingDeletion, SessionKey, TrackedMessage
from tgslices.storage.codec import decode_time, encode_time
from tgslices.storage.redis.calls import Calls
from tgslices.storage.redis.codes.names import Names, key_of_member
from tgslices.storage.redis.codes.records import HIDDEN, LISTED, code_of, decode_claimed, number_of
from tgslices.storage.redis.operations.entries import Entries
from tgslices.storage.redis.operations.key_names import MAX_STEP, KeyNames, in_steps, pairs
from tgslices.storage.redis.scripts import CLAIM, LEASE, NEXT_DUE, PENDING, SETTLE

_TIME: Final = Struct(">q")
_LENGTH: Final = Struct(">I")
_CLAIM: Final = Struct(">qI")
"""When something was claimed, and how long the key is that follows."""


class PendingDeletions:
    """The pending deletions of any number of bots."""

    def __init__(self, calls: Calls, names: Names, entries: Entries) -> None:
        self._calls = calls
        self._names = names
        self._entries = entries
        self._releasing = KeptTasks()

    # Claiming

    async def claim(
        self,
        key: SessionKey,
        messages: Collection[TrackedMessage] | None,
        *,
        now: datetime,
        until: datetime,
        limit: int | None,
    ) -> list[TrackedMessage]:
        """Move entries from a key to the pending deletions; see ``DurableSessionStorage.claim``.

        What a caller gets who has given up meanwhile is due at once.
        """
        claiming = asyncio.ensure_future(self._claim_all(key, messages, now, until, limit))
        try:
            return await asyncio.shield(claiming)
        except asyncio.CancelledError:
            self._releasing.start(self._release(claiming, key, now, until))
            raise

    async def aclose(self) -> None:
        """Wait until what nobody waits for any more is released."""
        await self._releasing.wait()

    async def _release(
        self, claiming: asyncio.Future[list[TrackedMessage]], key: SessionKey, now: datetime, until: datetime
    ) -> None:
        with suppress(TgslicesError):  # the lease ends by itself
            held = [PendingDeletion(key, message, now, until) for message in await claiming]
            await self.postpone(held, until=now)

    async def _claim_all(
        self,
        key: SessionKey,
        messages: Collection[TrackedMessage] | None,
        now: datetime,
        until: datetime,
        limit: int | None,
    ) -> list[TrackedMessage]:
        session = KeyNames(self._names, key)
        if messages is None:
            return await self._claim_first(session, now, until, limit)
        codes = list(dict.fromkeys(code_of(it, key.chat_id, key.business_connection_id) for it in messages))
        if len(codes) <= MAX_STEP:
            claimed = await self._claim(session, codes, now, until, len(codes) if limit is None else limit)
        else:
            wanted = {*codes}
            listed = session.entries(await self._entries.fields(session), LISTED)
            found = [code for code, _ in listed if code in wanted][:limit]
            claimed = await self._claim_steps(session, found, now, until)
        return [session.message(code, record) for code, record in claimed]

    async def _claim_first(
        self, session: KeyNames, now: datetime, until: datetime, limit: int | None
    ) -> list[TrackedMessage]:
        """Claim every entry, or the first ones; what others claim in between makes it look again."""
        claimed: list[tuple[bytes, bytes]] = []
        while limit is None or len(claimed) < limit:
            there = session.entries(await self._entries.fields(session), LISTED | HIDDEN)
            codes = [code for code, _ in there][: None if limit is None else limit - len(claimed)]
            if not codes:
                break
            taken = await self._claim_steps(session, codes, now, until, takes_hidden=True)
            claimed += taken
            if len(taken) == len(codes) or limit is None:
                break
        return [session.message(code, record) for code, record in claimed]

    async def _claim_steps(
        self, session: KeyNames, codes: Sequence[bytes], now: datetime, until: datetime, *, takes_hidden: bool = False
    ) -> list[tuple[bytes, bytes]]:
        claimed: list[tuple[bytes, bytes]] = []
        for step in in_steps(codes):
            claimed += await self._claim(session, step, now, until, len(step), takes_hidden=takes_hidden)
        return claimed

    async def _claim(
        self,
        session: KeyNames,
        codes: Sequence[bytes],
        now: datetime,
        until: datetime,
        most: int,
        *,
        takes_hidden: bool = False,
    ) -> list[tuple[bytes, bytes]]:
        if not codes:
            return []
        names = session.names
        reply = await self._calls.once(
            CLAIM,
            names,
            (names.sweep, names.foreign, names.due, names.claimed, session.spot_key),
            (
                session.member,
                session.full,
                _TIME.pack(encode_time(now)),
                b"%d" % encode_time(until),
                b"1" if takes_hidden else b"0",
                b"%d" % most,
                *codes,
            ),
        )
        return sorted(pairs(reply), key=lambda entry: number_of(entry[1]))

    # Working on them

    async def lease(self, bot_id: int, *, now: datetime, until: datetime, limit: int) -> list[PendingDeletion]:
        """Take and hold what is due, earliest first; see ``DurableSessionStorage.lease``."""
        names = self._names.of(bot_id)
        leased: list[PendingDeletion] = []
        while len(leased) < limit:
            most = min(limit - len(leased), MAX_STEP)
            times = (now, now + MAX_WAIT, until)
            reply = await self._calls.once(
                LEASE, names, (names.due, names.claimed), (*(b"%d" % encode_time(it) for it in times), b"%d" % most)
            )
            leased += _decoded_all(bot_id, reply, until)
            if len(reply) < most or until <= now or until > now + MAX_WAIT:
                break  # what was held is due again, and would be found twice
        return leased

    async def postpone(self, pending: Collection[PendingDeletion], *, until: datetime) -> None:
        """Set when pending deletions are due. Settled ones are left out."""
        due = encode_time(until)
        for bot_id, references in self._by_bot(pending).items():
            for step in in_steps(references):
                mapping: dict[Any, Any] = dict.fromkeys(step, due)
                name = self._names.of(bot_id).due
                await self._calls.do(lambda client, name=name, mapping=mapping: client.zadd(name, mapping, xx=True))  # type: ignore[misc]  # it infers no default

    async def settle(self, pending: Collection[PendingDeletion]) -> int:
        """Drop pending deletions; return how many were there."""
        settled = 0
        for step in in_steps([*pending]):
            by_key: dict[SessionKey, list[bytes]] = {}
            for it in step:
                by_key.setdefault(it.key, []).append(_code(it))
            bots = {key.bot_id for key in by_key}
            for bot_id in bots:
                settled += await self._settle(bot_id, {k: codes for k, codes in by_key.items() if k.bot_id == bot_id})
        return settled

    async def _settle(self, bot_id: int, by_key: dict[SessionKey, list[bytes]]) -> int:
        names = self._names.of(bot_id)
        sessions = [KeyNames(self._names, key) for key in by_key]
        counted = zip(sessions, by_key.values(), strict=True)
        settled: int = await self._calls.once(
            SETTLE,
            names,
            (
                *(names.sweep, names.foreign, names.due, names.claimed),
                *chain.from_iterable((session.spot_key, session.index) for session in sessions),
            ),
            [part for session, codes in counted for part in (session.member, b"%d" % len(codes), *codes)],
        )
        return settled

    def _by_bot(self, pending: Collection[PendingDeletion]) -> dict[int, list[bytes]]:
        """Return by bot what pending deletions are called."""
        references: dict[int, list[bytes]] = {}
        for it in pending:
            references.setdefault(it.key.bot_id, []).append(KeyNames(self._names, it.key).member + _code(it))
        return references

    # What there is

    async def of_bot(self, bot_id: int) -> list[PendingDeletion]:
        """Return every pending deletion of a bot, earliest ``due_at`` first."""
        names = self._names.of(bot_id)
        due, claimed = await self._calls.run(PENDING, (names.due, names.claimed))
        records = dict(pairs(claimed))
        return [
            decoded(bot_id, records[reference], decode_time(round(float(time))))
            for reference, time in pairs(due)
            if reference in records
        ]

    async def next_due(self, bot_id: int, *, now: datetime) -> datetime | None:
        """Return when the earliest is due, or None; see ``DurableSessionStorage.next_due``."""
        found = await self._calls.run(NEXT_DUE, (self._names.of(bot_id).due,))
        if not found:
            return None
        first, last = (decode_time(round(float(time))) for time in found)
        return min(now, first) if last - now > MAX_WAIT else first


def _code(pending: PendingDeletion) -> bytes:
    return code_of(pending.message, pending.key.chat_id, pending.key.business_connection_id)


def claim_of(record: bytes) -> tuple[int, bytes]:
    """Return when a pending deletion was claimed, and the key that it left, as they are spelled in its record."""
    time, length = _CLAIM.unpack_from(record)
    return time, record[_CLAIM.size : _CLAIM.size + length]


def decoded(bot_id: int, record: bytes, due_at: datetime) -> PendingDeletion:
    """Return the pending deletion of a record."""
    [pending] = _decoded_all(bot_id, [record], due_at)
    return pending


def _decoded_all(bot_id: int, records: Sequence[bytes], due_at: datetime) -> list[PendingDeletion]:
    """Return pending deletions; those that were claimed together have one key and time, which are read once."""
    claims: dict[bytes, tuple[SessionKey, datetime]] = {}
    decoded: list[PendingDeletion] = []
    for record in records:
        end = _CLAIM.size + _CLAIM.unpack_from(record)[1]
        claim = record[:end]
        if claim not in claims:
            time, _ = _CLAIM.unpack_from(claim)
            claims[claim] = key_of_member(bot_id, claim[_CLAIM.size :]), decode_time(time)
        key, claimed_at = claims[claim]
        start = end + _LENGTH.size
        at = start + _LENGTH.unpack_from(record, end)[0]
        message = decode_claimed(record[start:at], record[at:], key.chat_id, key.business_connection_id)
        decoded.append(PendingDeletion(key, message, claimed_at, due_at))
    return decoded
