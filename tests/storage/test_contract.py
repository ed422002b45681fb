"""The contract on every storage that ships with the library, and on a plugin of four methods behind the adapter."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Any

from tgslices.model import SessionKey, TrackedMessage
from tgslices.storage.adapter import PluginStorage
from tgslices.storage.memory import MemorySessionStorage
from tgslices.testing.contract import DurableStorageContract, SessionStorageContract


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
        there = storage._open.get(key) or storage._closed.get(key)
        return [] if there is None else there.messages()

    async def raw_count(self, storage: MemorySessionStorage) -> int:
        return len(storage._open._bots) + len(storage._closed._bots) + len(storage._pendings._queues)


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

    async def open_storage(self, place: Path) -> PluginStorage:
        return PluginStorage(DictionaryStorage())

    async def raw_list(self, storage: PluginStorage, key: SessionKey) -> list[TrackedMessage]:
        plugin: Any = storage.plugin
        return [*plugin.entries.get(key, {}).values()]

    async def raw_count(self, storage: PluginStorage) -> int:
        plugin: Any = storage.plugin
        kept = (storage._open._index, storage._closed)
        return len(plugin.entries) + sum(len(index._bots) for index in kept) + len(storage._pendings._queues)
