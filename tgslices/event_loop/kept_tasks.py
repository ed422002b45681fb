"""Tasks that go on when nobody waits for them."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class KeptTasks:
    """Tasks that are kept until they are done: the event loop keeps only weak references.

    Source: https://docs.python.org/3/library/asyncio-task.html#asyncio.create_task
    """

    __slots__ = ("_tasks",)

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[Any]] = set()

    def start(self, work: Coroutine[Any, Any, T], *, name: str | None = None) -> asyncio.Task[T]:
        """Begin work in a task of its own, in the running event loop."""
        task = asyncio.get_running_loop().create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def running(self) -> list[asyncio.Task[Any]]:
        """Return the tasks that are not done."""
        return list(self._tasks)

    async def wait(self) -> None:
        """Wait until every task is done, those included that begin meanwhile."""
        while self._tasks:
            await asyncio.wait(self.running())

    def forget(self) -> None:
        """Forget the tasks of an event loop that is closed."""
        self._tasks.clear()
