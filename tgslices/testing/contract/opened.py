"""How a contract comes by the storage that it tests."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any, ClassVar, TypeAlias

import pytest
import pytest_asyncio

Opener: TypeAlias = Callable[[], Awaitable[Any]]


class OpensStorages:
    """What every contract asks of its subclass: a storage at a place."""

    pytestmark: ClassVar[Any] = pytest.mark.asyncio

    survives_reopening: ClassVar[bool] = True
    """Whether what was written is there when the storage is opened anew at the same place."""

    shared: ClassVar[bool] = False
    """Whether storages that are open at one place at the same time see each other's work."""

    examples: ClassVar[int] = 30
    """How many random programs of calls are run."""

    async def open_storage(self, place: Path) -> Any:
        """Return a storage that keeps its data at a place: a directory that exists and is empty at first."""
        raise NotImplementedError("Override open_storage(place) and return a storage.")

    async def close_storage(self, storage: Any) -> None:
        """Close a storage; by default with its ``aclose``, if it has one."""
        if hasattr(storage, "aclose"):
            await storage.aclose()

    @pytest_asyncio.fixture
    async def opened(self, tmp_path: Path) -> AsyncIterator[Opener]:
        """Open the storage at the test's place; whatever was opened is closed at the end."""
        storages = []

        async def opened() -> Any:
            storage = await self.open_storage(tmp_path)
            storages.append(storage)
            return storage

        yield opened
        for storage in storages:
            await self.close_storage(storage)

    @pytest_asyncio.fixture
    async def storage(self, opened: Opener) -> Any:
        """An empty storage."""
        return await opened()
