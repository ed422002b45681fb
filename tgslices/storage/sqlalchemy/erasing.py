"""The part of the storage about dropping what is stored about a person."""

# ruff: noqa: D102 - the methods are documented once, on the protocol

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from datetime import datetime
from functools import partial
from typing import Any

from tgslices.model import SessionKey, TrackedMessage
from tgslices.storage.erasing_protocol import is_of
from tgslices.storage.protocol import Closed
from tgslices.storage.sqlalchemy.data import SQLData
from tgslices.storage.sqlalchemy.database.transactions import T, Work
from tgslices.storage.sqlalchemy.queries.people import Found, People

Step = Callable[..., Awaitable[Found]]


class ErasesInDatabase:
    """The methods of :class:`~tgslices.storage.erasing_protocol.ErasingStorage` on the tables."""

    _people: People
    _data: SQLData

    async def _read(self, work: Work[T]) -> T:
        raise NotImplementedError

    async def _write(self, work: Work[T]) -> T:
        raise NotImplementedError

    async def close(self, key: SessionKey, *, at: datetime) -> Closed:
        raise NotImplementedError

    async def remove(self, key: SessionKey, messages: Collection[TrackedMessage]) -> int:
        raise NotImplementedError

    async def erase_sessions(self, bot_id: int, user_id: int, *, at: datetime) -> int:
        erased: set[SessionKey] = set()
        async for key in self._rows(self._people.keys, bot_id, user_id):
            await self.close(key, at=at)
            erased.add(key)
        names: defaultdict[SessionKey, list[str]] = defaultdict(list)
        async for key, name, is_there in self._rows(self._people.data, bot_id, user_id):
            names[key].append(name)
            if is_there:
                erased.add(key)
        for key, held in self._data.held_in_memory(bot_id):
            if is_of(key, user_id):
                names[key] += held
        for key, dropped in names.items():
            await self._data.put_data(key, dict.fromkeys(dropped))
        erased.update(await self._write(partial(self._people.drop_ends, bot_id=bot_id, user_id=user_id)))
        return len(erased)

    async def erase_entries(self, bot_id: int, user_id: int) -> int:
        entries: defaultdict[SessionKey, list[TrackedMessage]] = defaultdict(list)
        async for key, message in self._rows(self._people.entries, bot_id, user_id):
            entries[key].append(message)
        return sum([await self.remove(key, messages) for key, messages in entries.items()])

    async def _rows(self, step: Step, bot_id: int, user_id: int) -> AsyncIterator[Any]:
        after: int | None = -1
        while after is not None:
            found = await self._read(partial(step, bot_id=bot_id, user_id=user_id, after=after))
            for row in found.rows:
                yield row
            after = found.last
