"""Session data kept in process memory."""

# ruff: noqa: D102 - the methods are documented once, on the protocol

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import TypeAlias

from tgslices.model import SessionKey
from tgslices.storage.data_protocol import DataHold, StoredData
from tgslices.storage.inprocess.data_holds import Holds
from tgslices.storage.inprocess.expiries import Expiries
from tgslices.storage.inprocess.key_map import KeyMap

Place: TypeAlias = tuple[SessionKey, str]


class DataInProcess:
    """A :class:`~tgslices.storage.data_protocol.DataStorage` that lives and dies with the process.

    No method waits for anything, so each one is atomic among the tasks of an event loop.
    """

    def __init__(self) -> None:
        self._data: KeyMap[dict[str, StoredData]] = KeyMap()
        self._holds = Holds()
        self._expiries: dict[int, Expiries[Place]] = {}

    async def read_data(
        self, key: SessionKey, names: Collection[str] | None = None, *, now: datetime
    ) -> dict[str, StoredData]:
        return self._living(key, names, now)

    async def hold_data(self, hold: DataHold, *, now: datetime, until: datetime) -> dict[str, StoredData] | None:
        if self._holds.take(hold, now=now, until=until) is None:
            return None
        return self._living(hold.key, hold.names, now)

    async def renew_data(self, holds: Collection[DataHold], *, until: datetime) -> None:
        for hold in holds:
            self._holds.renew(hold, until=until)

    async def write_data(
        self, hold: DataHold, changes: Mapping[str, StoredData | None], *, release: bool = True
    ) -> bool:
        if release and not changes:
            self._holds.release(hold)
            return True
        writable = self._holds.writable(hold, changes)
        if writable:
            self._put(hold.key, what_is_written(changes, writable))
        if release:
            self._holds.release(hold)
        return writable is not None or self._stand(hold.key, changes)

    async def put_data(self, key: SessionKey, changes: Mapping[str, StoredData | None]) -> None:
        self._put(key, changes)
        self._holds.end(key, changes)

    async def close_data(self, key: SessionKey) -> None:
        there = self._data.get(key)
        if there:
            self._put(key, {name: None for name, stored in there.items() if not stored.outlives_close})
        self._holds.close(key)

    def is_held(self, key: SessionKey, *, after: datetime) -> bool:
        """Tell whether somebody holds data of a key until later than a time."""
        return self._holds.is_held(key, after=after)

    def keys_of(self, bot_id: int) -> list[SessionKey]:
        """Return the keys of a bot that have data, or of which somebody holds some."""
        return [*self._data.of_bot(bot_id), *self._holds.of_bot(bot_id)]

    async def drop_data(self, key: SessionKey) -> None:
        """Drop all data of a key, whoever holds it."""
        await self.put_data(key, dict.fromkeys({*(self._data.get(key) or ()), *self._holds.names(key)}))

    async def migrate_data(self, bot_id: int, old_chat_id: int, new_chat_id: int) -> None:
        if old_chat_id == new_chat_id:
            return
        for old in {*self._data.of_chat(bot_id, old_chat_id), *self._holds.of_chat(bot_id, old_chat_id)}:
            self._move(old, old.in_chat(new_chat_id))

    async def sweep_data(self, bot_id: int, *, now: datetime, limit: int) -> int:
        self._holds.forget(bot_id, now=now)
        expiries = self._expiries.get(bot_id)
        if expiries is None:
            return 0
        expired = expiries.expired(now, limit=limit, unless=lambda place: place[1] in self._holds.names(place[0]))
        for key, name in expired:
            self._put(key, {name: None})
        if not len(expiries):
            self._expiries.pop(bot_id, None)
        return len(expired)

    def _move(self, old: SessionKey, new: SessionKey) -> None:
        there, target = {**(self._data.get(old) or {})}, self._data.get(new) or {}
        moving = {name: stored for name, stored in there.items() if name not in target}
        self._holds.follow(old, new, moved=moving, there={*target})
        self._put(new, moving)
        self._put(old, dict.fromkeys(there))

    def _living(self, key: SessionKey, names: Iterable[str] | None, now: datetime) -> dict[str, StoredData]:
        there = self._data.get(key)
        if not there:
            return {}
        wanted = there if names is None else names
        return {
            name: it
            for name in wanted
            if (it := there.get(name)) is not None and (it.expires_at is None or it.expires_at > now)
        }

    def _stand(self, key: SessionKey, changes: Mapping[str, StoredData | None]) -> bool:
        there = self._data.get(key) or {}
        return all(there.get(name) == stored for name, stored in changes.items())

    def _put(self, key: SessionKey, changes: Mapping[str, StoredData | None]) -> None:
        there = self._data.get(key) or {}
        for name, stored in changes.items():
            if stored is None:
                there.pop(name, None)
            else:
                there[name] = stored
            self._set_expiry((key, name), None if stored is None else stored.expires_at)
        if there:
            self._data.put(key, there)
        else:
            self._data.pop(key)

    def _set_expiry(self, place: Place, at: datetime | None) -> None:
        bot_id = place[0].bot_id
        expiries = self._expiries.get(bot_id)
        if expiries is None:
            if at is None:
                return
            expiries = self._expiries[bot_id] = Expiries()
        expiries.set(place, at)
        if not len(expiries):
            del self._expiries[bot_id]


def what_is_written(
    changes: Mapping[str, StoredData | None], writable: Mapping[str, bool]
) -> dict[str, StoredData | None]:
    """Return what of changes is written: after a close only what outlives it, and what is dropped."""
    return {
        name: stored
        for name, stored in changes.items()
        if stored is None or stored.outlives_close or writable.get(name, False)
    }
