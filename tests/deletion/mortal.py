"""A process that is killed at a chosen step: before or after it reaches the storage or Telegram."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, cast

from tgslices.storage.protocol import DurableSessionStorage


class Killed(BaseException):
    """The process is dead; nothing that it does has an effect any more."""


class Life:
    """Counts steps, and ends after so many of them; None means that it goes on."""

    def __init__(self, steps: int | None = None) -> None:
        self.left = steps
        self.is_over = False

    def step(self) -> None:
        """Go one step further, or die."""
        if self.left == 0 or self.is_over:
            self.is_over = True
            raise Killed
        if self.left is not None:
            self.left -= 1

    def storage(self, storage: DurableSessionStorage) -> DurableSessionStorage:
        """Return a storage that is reached in steps: one before its work and one after."""
        return cast(DurableSessionStorage, _Reached(storage, self))

    async def request(self, make_request: Any, bot: Any, method: Any) -> Any:
        """Reach Telegram in steps, too; a request middleware."""
        self.step()
        result = await make_request(bot, method)
        self.step()
        return result


class _Reached:
    def __init__(self, storage: DurableSessionStorage, life: Life) -> None:
        self._storage = storage
        self._life = life

    def __getattr__(self, name: str) -> Any:
        method: Callable[..., Any] = getattr(self._storage, name)
        if not inspect.iscoroutinefunction(method):
            return method

        async def reach(*args: Any, **options: Any) -> Any:
            self._life.step()
            result = await method(*args, **options)
            self._life.step()
            return result

        return reach
