"""Storages for tests: the smallest plugin that there can be, and a line to any storage that can be cut."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable, Collection
from typing import Any

from tgslices import SessionKey, SessionStorage, TrackedMessage


class ListStorage:
    """Four methods and nothing else, as the author of a plugin would write them first."""

    def __init__(self) -> None:
        self.entries: dict[SessionKey, list[TrackedMessage]] = {}

    async def add(self, key: SessionKey, message: TrackedMessage) -> None:
        entries = self.entries.setdefault(key, [])
        if message not in entries:
            entries.append(message)

    async def remove(self, key: SessionKey, messages: Collection[TrackedMessage]) -> int:
        before = self.entries.get(key, [])
        left = [entry for entry in before if entry not in messages]
        if left:
            self.entries[key] = left
        else:
            self.entries.pop(key, None)
        return len(before) - len(left)

    async def clear(self, key: SessionKey) -> None:
        self.entries.pop(key, None)

    async def list(self, key: SessionKey) -> list[TrackedMessage]:
        return list(self.entries.get(key, ()))


class Line:
    """A storage behind a line that can be cut: then every call but those that begin and end its life raises.

    While ``held`` is an event that is not set, calls wait for it first. ``calls`` holds the names of what was asked.
    """

    def __init__(self, storage: SessionStorage) -> None:
        self._storage = storage
        self.is_down = False
        self.failure: Exception = ConnectionError("the line is cut")
        self.held: asyncio.Event | None = None
        self.waiting = asyncio.Event()
        self.calls: list[str] = []

    def __getattr__(self, name: str) -> Callable[..., Any]:
        method: Callable[..., Any] = getattr(self._storage, name)
        if not inspect.iscoroutinefunction(method) or name in {"start", "aclose"}:
            return method

        async def call(*args: Any, **kwargs: Any) -> Any:
            self.calls.append(name)
            if self.held is not None:
                self.waiting.set()
                await self.held.wait()
            if self.is_down:
                raise self.failure
            return await method(*args, **kwargs)

        return call


class Stepwise:
    """A storage whose every call takes a turn of the loop before it has done its work, and one after it."""

    def __init__(self, storage: SessionStorage) -> None:
        self._storage = storage

    def __getattr__(self, name: str) -> Callable[..., Any]:
        method: Callable[..., Any] = getattr(self._storage, name)
        if not inspect.iscoroutinefunction(method):
            return method

        async def call(*args: Any, **kwargs: Any) -> Any:
            await asyncio.sleep(0)
            result = await method(*args, **kwargs)
            await asyncio.sleep(0)
            return result

        return call
