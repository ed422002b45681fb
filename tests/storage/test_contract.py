"""The contract on every storage that ships with the library, and on a plugin of four methods behind the adapter."""

from __future__ import annotations

import gc
from array import array
from asyncio import AbstractEventLoop
from collections import deque
from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from pathlib import Path
from struct import Struct
from types import FunctionType, MethodType, ModuleType
from typing import Any

from tgslices.model import Direction, SessionKey, TrackedMessage
from tgslices.storage.adapter import PluginStorage
from tgslices.storage.inprocess.data import DataInProcess
from tgslices.storage.memory import MemorySessionStorage
from tgslices.telegram_facts.message_kind import MessageKind
from tgslices.testing.contract import DataStorageContract, DurableStorageContract, SessionStorageContract


def weight(root: object) -> int:
    """Return how many items all containers hold that can be reached from an object, whatever they are called."""
    seen: dict[int, object] = {}
    waiting = [root]
    while waiting:
        found = waiting.pop()
        if id(found) not in seen and not isinstance(
            found, type | ModuleType | FunctionType | MethodType | AbstractEventLoop
        ):
            seen[id(found)] = found
            waiting += gc.get_referents(found)
    containers = (list, dict, set, deque, bytearray, array)
    return sum(len(found) for found in seen.values() if isinstance(found, containers))


def message_of(row: tuple[int, ...], place: tuple[Any, ...], albums: dict[int, str]) -> TrackedMessage:
    """Read a row of the memory storage as anyone would who has its documentation."""
    message_id, _, marks, user_id, thread_id, days, seconds, microseconds, *at, kind = row
    chat_id, business_connection_id, ephemeral_message_id, receiver_user_id = place
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    return TrackedMessage(
        message_id=message_id,
        chat_id=chat_id,
        user_id=None if marks & 1 else user_id,
        kind=[None, *MessageKind][kind],
        direction=Direction.OUTGOING if marks & 8 else Direction.INCOMING,
        date=None if marks & 4 else epoch + timedelta(days, seconds % 2**17, microseconds),
        at=epoch + timedelta(at[0], at[1] % 2**17, at[2]),
        business_connection_id=business_connection_id,
        thread_id=None if marks & 2 else thread_id,
        ephemeral_message_id=ephemeral_message_id,
        receiver_user_id=receiver_user_id,
        has_buttons=marks & 64 > 0,
        media_group_id=albums.get(seconds // 2**17 + at[1] // 2**17 * 2**15),
    )


def data_count(data: object) -> int:
    """Count the fragments that a process keeps or merely has a holder of."""
    assert isinstance(data, DataInProcess)
    keys = {key for bot in (42, 43) for key in (*data._data.of_bot(bot), *data._holds.of_bot(bot))}
    return sum(len({*(data._data.get(key) or ()), *data._holds.names(key)}) for key in keys)


class DictionaryStorage:
    """Four methods, as short as they can be written."""

    def __init__(self) -> None:
        self.entries: dict[SessionKey, dict[TrackedMessage, TrackedMessage]] = {}

    async def add(self, key: SessionKey, message: TrackedMessage) -> None:
        self.entries.setdefault(key, {}).setdefault(message, message)

    async def remove(self, key: SessionKey, messages: Collection[TrackedMessage]) -> int:
        there = self.entries.get(key, {})
        removed = sum(there.pop(message, None) is not None for message in set(messages))
        if not there:
            await self.clear(key)
        return removed

    async def clear(self, key: SessionKey) -> None:
        self.entries.pop(key, None)

    async def list(self, key: SessionKey) -> list[TrackedMessage]:
        return [*self.entries.get(key, {}).values()]


class TestMemory(DurableStorageContract):
    survives_reopening = False

    async def open_storage(self, place: Path) -> MemorySessionStorage:
        return MemorySessionStorage()

    async def raw_list(self, storage: MemorySessionStorage, key: SessionKey) -> list[TrackedMessage]:
        rows: bytearray = storage._open.get(key) or storage._closed.get(key) or bytearray()
        places = {0: (key.chat_id, key.business_connection_id, None, None), **storage._slices._places._values}
        albums = storage._slices._albums._values
        every = [row for row in Struct("<qIBqqiIIiIIH").iter_unpack(rows) if not row[2] & 128]
        return [message_of(row, places[row[1]], albums) for row in every]

    async def raw_count(self, storage: MemorySessionStorage) -> int:
        # Without the slices, which keep the numbers of places to use them again, and the chats that migrated.
        kept = {"_slices", "_migrated"}
        return sum(weight(part) - weight(type(part)()) for name, part in vars(storage).items() if name not in kept)

    async def raw_data_count(self, storage: MemorySessionStorage) -> int:
        return data_count(storage._data)


class TestPlugin(SessionStorageContract):
    survives_reopening = False

    async def open_storage(self, place: Path) -> DictionaryStorage:
        return DictionaryStorage()

    async def raw_list(self, storage: DictionaryStorage, key: SessionKey) -> list[TrackedMessage]:
        return [*storage.entries.get(key, {}).values()]

    async def raw_count(self, storage: DictionaryStorage) -> int:
        return len(storage.entries)


class TestAdapter(DurableStorageContract):
    survives_reopening = False
    changes_entries = False

    async def open_storage(self, place: Path) -> PluginStorage:
        return PluginStorage(DictionaryStorage())

    async def raw_list(self, storage: PluginStorage, key: SessionKey) -> list[TrackedMessage]:
        plugin: Any = storage.plugin
        return [*plugin.entries.get(key, {}).values()]

    async def raw_count(self, storage: PluginStorage) -> int:
        return weight(storage) - len(storage._migrated) - weight(PluginStorage(DictionaryStorage()))

    async def raw_data_count(self, storage: PluginStorage) -> int:
        return data_count(storage._data)


class DictionaryStorageWithData(DictionaryStorage, DataInProcess):
    """The same with data methods of its own."""

    def __init__(self) -> None:
        DictionaryStorage.__init__(self)
        DataInProcess.__init__(self)


class TestPluginData(DataStorageContract):
    survives_reopening = False

    async def open_storage(self, place: Path) -> DictionaryStorageWithData:
        return DictionaryStorageWithData()

    async def raw_data_count(self, storage: DictionaryStorageWithData) -> int:
        return data_count(storage)


class TestAdapterOfData(DurableStorageContract):
    survives_reopening = False
    changes_entries = False

    async def open_storage(self, place: Path) -> PluginStorage:
        return PluginStorage(DictionaryStorageWithData())

    async def raw_list(self, storage: PluginStorage, key: SessionKey) -> list[TrackedMessage]:
        plugin: Any = storage.plugin
        return [*plugin.entries.get(key, {}).values()]

    async def raw_count(self, storage: PluginStorage) -> int:
        return weight(storage) - len(storage._migrated) - weight(PluginStorage(DictionaryStorageWithData()))

    async def raw_data_count(self, storage: PluginStorage) -> int:
        return data_count(storage.plugin)
