"""The part of the durable protocol about listing what is open, for storages that keep it in this process."""

# ruff: noqa: D102 - the methods are documented once, on the protocol

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from datetime import UTC, datetime
from itertools import islice
from typing import Final

from tgslices.model import SessionKey
from tgslices.storage.codec import encode_time
from tgslices.storage.ending_protocol import Due
from tgslices.storage.inprocess.ending import EndsInProcess, Times
from tgslices.storage.inprocess.opened_order import Opened, OpenedOrder
from tgslices.storage.listing_protocol import (
    EVERY_SESSION,
    MAX_LOOKED_AT,
    ListedPage,
    ListedSession,
    SessionFilter,
    SessionOrder,
    no_such_place,
    read_place,
    spelled_place,
)

EVER: Final = datetime.min.replace(tzinfo=UTC)
"""Data that has expired counts: it was written."""


class ListsInProcess(EndsInProcess):
    """The methods of :class:`~tgslices.storage.listing_protocol.ListingStorage`."""

    def __init__(self) -> None:
        super().__init__()
        self._opened = OpenedOrder()

    def _few_open_in(self, bot_id: int, chat_id: int) -> list[SessionKey] | None:
        """Return the open keys of a chat; None where they are more than ``FEW``."""
        raise NotImplementedError

    async def _entries_and_times(self, key: SessionKey) -> tuple[int, Times]:
        raise NotImplementedError

    async def list_sessions(
        self,
        bot_id: int,
        where: SessionFilter = EVERY_SESSION,
        *,
        order: SessionOrder = SessionOrder.OPENED,
        after: str | None = None,
        limit: int,
    ) -> ListedPage:
        if order is SessionOrder.DUE:
            found, rest = self._by_due(bot_id, where, after, limit)
        else:
            found, rest = self._by_opening(bot_id, where, after, limit)
        return ListedPage(tuple(await self.look_at_sessions(found)), rest)

    async def look_at_sessions(self, keys: Sequence[SessionKey]) -> list[ListedSession]:
        looked = [await self._look_at(key) for key in keys]
        return [session for session in looked if session is not None]

    async def schedule_sessions(self, dues: Mapping[SessionKey, Due]) -> None:
        for key, due in dues.items():
            opened = self._opened.get(key)
            if opened is not None and self._due.life(key) is None:
                self._due.open(key, opened.at, due)

    async def count_sessions(self, bot_id: int, where: SessionFilter = EVERY_SESSION) -> int:
        if where == EVERY_SESSION:
            return self._opened.count(bot_id)
        return sum(_takes(where, opened) for opened in self._candidates(bot_id, where, -1))

    async def _look_at(self, key: SessionKey) -> ListedSession | None:
        entries, times = await self._entries_and_times(key)
        opened = self._opened.get(key)
        if opened is None:
            return None
        life, due_at = self._due.life(key), self._due.due_at(key)
        active_at = max(opened.at, times.latest or opened.at, opened.at if life is None else life.active_at)
        return ListedSession(key, opened.at, active_at, entries, times.oldest, due_at)

    def _candidates(self, bot_id: int, where: SessionFilter, place: int) -> Iterable[Opened]:
        """Return sessions behind a place in their order, among them all that are meant."""
        few = None if where.chat_id is None else self._few_open_in(bot_id, where.chat_id)
        if few is None:
            return self._opened.behind(bot_id, place)
        found = (self._opened.get(key) for key in few)
        return sorted(opened for opened in found if opened is not None and opened.place > place)

    def _by_opening(
        self, bot_id: int, where: SessionFilter, after: str | None, limit: int
    ) -> tuple[list[SessionKey], str | None]:
        place, found = -1 if after is None else _number(after), list[SessionKey]()
        for number, opened in enumerate(self._candidates(bot_id, where, place)):
            if len(found) == limit or number == MAX_LOOKED_AT:
                return found, str(place)
            place = opened.place
            if _takes(where, opened):
                found.append(opened.key)
        return found, None

    def _by_due(
        self, bot_id: int, where: SessionFilter, after: str | None, limit: int
    ) -> tuple[list[SessionKey], str | None]:
        place = read_place(after)
        found = list[SessionKey]()
        with closing(self._due.in_order(bot_id)) as in_order:
            behind = (it for it in in_order if (encode_time(it[0]), it[1]) > place)
            for at, serial, key in islice(behind, MAX_LOOKED_AT):
                if len(found) == limit:
                    return found, spelled_place(*place)
                place = (encode_time(at), serial)
                if (opened := self._opened.get(key)) is not None and _takes(where, opened):
                    found.append(key)
            return found, spelled_place(*place) if next(behind, None) else None


def _takes(where: SessionFilter, opened: Opened) -> bool:
    return where.takes(opened.key) and (where.opened_before is None or opened.at <= where.opened_before)


def _number(after: str) -> int:
    try:
        return int(after)
    except ValueError:
        raise no_such_place(after) from None
