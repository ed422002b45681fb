"""Four-method storages to be wrapped: one that works, and one that fails on demand."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterator

from tgslices.model import SessionKey, TrackedMessage


class ListPlugin:
    """What a user writes: a list under each key. It gives other tasks a turn in every method."""

    def __init__(self) -> None:
        self.entries: dict[SessionKey, list[TrackedMessage]] = {}

    async def add(self, key: SessionKey, message: TrackedMessage) -> None:
        await asyncio.sleep(0)
        if message not in self.entries.get(key, []):
            self.entries.setdefault(key, []).append(message)

    async def remove(self, key: SessionKey, messages: Collection[TrackedMessage]) -> int:
        await asyncio.sleep(0)
        kept = [message for message in self.entries.get(key, []) if message not in messages]
        removed = len(self.entries.get(key, [])) - len(kept)
        self.entries[key] = kept
        if not kept:
            del self.entries[key]
        return removed

    async def clear(self, key: SessionKey) -> None:
        await asyncio.sleep(0)
        self.entries.pop(key, None)

    async def list(self, key: SessionKey) -> list[TrackedMessage]:
        await asyncio.sleep(0)
        return self.entries.get(key, [])


class PluginFailed(Exception):
    """What the plugin below raises."""


class FailingPlugin(ListPlugin):
    """Raises when told so: at ``"before"`` with nothing done, at ``"after"`` with the work done and the answer lost."""

    def __init__(self, faults: Iterator[str]) -> None:
        super().__init__()
        self.faults = faults
        self.calls: list[str] = []

    def _fail(self, call: str, moment: str) -> None:
        if moment == "before":
            self.calls.append(call)
            self.fault = next(self.faults, "")
        if self.fault == moment:
            raise PluginFailed(call)

    async def add(self, key: SessionKey, message: TrackedMessage) -> None:
        self._fail("add", "before")
        await super().add(key, message)
        self._fail("add", "after")

    async def remove(self, key: SessionKey, messages: Collection[TrackedMessage]) -> int:
        self._fail("remove", "before")
        removed = await super().remove(key, messages)
        self._fail("remove", "after")
        return removed

    async def clear(self, key: SessionKey) -> None:
        self._fail("clear", "before")
        await super().clear(key)
        self._fail("clear", "after")

    async def list(self, key: SessionKey) -> list[TrackedMessage]:
        self._fail("list", "before")
        return await super().list(key)
