"""What storages do alike that leave data to another object."""

# ruff: noqa: D102 - the methods are documented once, on the protocol

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime

from tgslices.model import SessionKey
from tgslices.storage.data_protocol import DataHold, DataStorage, StoredData


class DelegatesData:
    """The methods of a data storage, handed on to ``_data``."""

    _data: DataStorage

    async def read_data(
        self, key: SessionKey, names: Collection[str] | None = None, *, now: datetime
    ) -> dict[str, StoredData]:
        return await self._data.read_data(key, names, now=now)

    async def hold_data(self, hold: DataHold, *, now: datetime, until: datetime) -> dict[str, StoredData] | None:
        return await self._data.hold_data(hold, now=now, until=until)

    async def renew_data(self, holds: Collection[DataHold], *, until: datetime) -> None:
        await self._data.renew_data(holds, until=until)

    async def write_data(
        self, hold: DataHold, changes: Mapping[str, StoredData | None], *, release: bool = True
    ) -> bool:
        return await self._data.write_data(hold, changes, release=release)

    async def put_data(self, key: SessionKey, changes: Mapping[str, StoredData | None]) -> None:
        await self._data.put_data(key, changes)

    async def close_data(self, key: SessionKey) -> None:
        await self._data.close_data(key)

    async def migrate_data(self, bot_id: int, old_chat_id: int, new_chat_id: int) -> None:
        await self._data.migrate_data(bot_id, old_chat_id, new_chat_id)

    async def sweep_data(self, bot_id: int, *, now: datetime, limit: int) -> int:
        return await self._data.sweep_data(bot_id, now=now, limit=limit)
