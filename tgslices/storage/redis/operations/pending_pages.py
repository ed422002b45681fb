"""Pending deletions, page by page, and how many there are."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Final

from tgslices.model import PendingDeletion, SessionKey
from tgslices.storage.codec import decode_time, encode_time
from tgslices.storage.pending_protocol import PendingPage
from tgslices.storage.redis.calls import Calls
from tgslices.storage.redis.codes.names import Names, full_member
from tgslices.storage.redis.operations.pending_deletions import claim_of, decoded
from tgslices.storage.redis.operations.places import Place, places_behind, read_place, spelt

IN_STEP: Final = 1_000
"""Pending deletions that one call reads."""


class PendingPages:
    """The pending deletions of any bots: a :class:`~tgslices.storage.pending_protocol.PendingListing`."""

    def __init__(self, calls: Calls, names: Names) -> None:
        self._calls = calls
        self._names = names

    async def list_pending(self, bot_id: int, *, after: str | None = None, limit: int) -> PendingPage:
        """Return a page, and where the next one begins. What is settled in between is left out."""
        place = None if after is None else read_place(after)
        found = await places_behind(self._calls, self._names.of(bot_id).due, place, limit + 1)
        page = found[:limit]
        rest = page[-1] if len(found) > limit and page else None
        return PendingPage(tuple(await self._look_at(bot_id, page)), spelt(rest))

    async def count_pending(
        self, bot_id: int, *, key: SessionKey | None = None, claimed_by: Sequence[datetime] = ()
    ) -> list[int]:
        """Return how many there are, and how many were claimed by each of these times."""
        if key is None and not claimed_by:
            name = self._names.of(bot_id).claimed
            return [int(await self._calls.do(lambda client: client.hlen(name)))]
        full, times = None if key is None else full_member(key), [encode_time(time) for time in claimed_by]
        counts = [0] * (1 + len(times))
        async for record in self._each_record(bot_id):  # not decoded, which takes longer than all the rest
            claimed_at, member = claim_of(record)
            if full is None or member == full:
                counts[0] += 1
                for number, time in enumerate(times, 1):
                    counts[number] += claimed_at <= time
        return counts

    async def _each_record(self, bot_id: int) -> AsyncIterator[bytes]:
        place: Place | None = None
        while places := await places_behind(self._calls, self._names.of(bot_id).due, place, IN_STEP):
            for record in await self._records(bot_id, places):
                if record is not None:
                    yield record
            place = places[-1]

    async def _look_at(self, bot_id: int, places: Sequence[Place]) -> list[PendingDeletion]:
        """Return what is pending in these places. One that was settled meanwhile has left its place."""
        looked = zip(places, await self._records(bot_id, places), strict=True)
        return [decoded(bot_id, record, decode_time(place.at)) for place, record in looked if record is not None]

    async def _records(self, bot_id: int, places: Sequence[Place]) -> list[bytes | None]:
        if not places:
            return []
        name, references = self._names.of(bot_id).claimed, [place.member for place in places]
        records: list[bytes | None] = await self._calls.do(lambda client: client.hmget(name, references))
        return records
