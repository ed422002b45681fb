"""What storages do alike that leave data to another object."""

# ruff: noqa: D102 - the methods are documented once, on the protocol

from __future__ import annotations

from collections.abc import Collection, Coroutine, Mapping
from datetime import datetime
from typing import Any

from tgslices.model import SessionKey
from tgslices.storage.data_protocol import DataHold, DataStorage, StoredData


class DelegatesData:
    """The methods of a data storage, handed on to ``_data`` without a coroutine of their own."""

    _data: DataStorage

    def read_data(
        self, key: SessionKey, names: Collection[str] | None = None, *, now: datetime
    ) -> Coroutine[Any, Any, dict[str, StoredData]]:
        return self._data.read_data(key, names, now=now)

    def hold_data(
        self, hold: DataHold, *, now: datetime, until: datetime
    ) -> Coroutine[Any, Any, dict[str, StoredData] | None]:
        return self._data.hold_data(hold, now=now, until=until)

    def renew_data(self, holds: Collection[DataHold], *, until: datetime) -> Coroutine[Any, Any, None]:
        return self._data.renew_data(holds, until=until)

    def write_data(
        self, hold: DataHold, changes: Mapping[str, StoredData | None], *, release: bool = True
    ) -> Coroutine[Any, Any, bool]:
        return self._data.write_data(hold, changes, release=release)

    def put_data(self, key: SessionKey, changes: Mapping[str, StoredData | None]) -> Coroutine[Any, Any, None]:
        return self._data.put_data(key, changes)

    def close_data(self, key: SessionKey) -> Coroutine[Any, Any, None]:
        return self._data.close_data(key)

    def migrate_data(self, bot_id: int, old_chat_id: int, new_chat_id: int) -> Coroutine[Any, Any, None]:
        return self._data.migrate_data(bot_id, old_chat_id, new_chat_id)

    def sweep_data(self, bot_id: int, *, now: datetime, limit: int) -> Coroutine[Any, Any, int]:
        return self._data.sweep_data(bot_id, now=now, limit=limit)
