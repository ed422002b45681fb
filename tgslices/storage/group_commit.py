"""Group commit: writes that arrive together are committed together, and a lone one is not kept waiting.

Nothing runs while nothing is to be written. The first write starts a lane. The lane takes whatever is waiting by the
time it gets to work, and commits it as one group. Then it takes what has arrived meanwhile, and ends when nothing is
left. The more writers there are, the larger the groups become by themselves.
"""

from __future__ import annotations

import asyncio
import math
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from enum import Enum
from typing import Final, Generic, TypeAlias, TypeVar

from tgslices.errors import StorageError

Item = TypeVar("Item")
Result = TypeVar("Result")

WriteGroup: TypeAlias = Callable[[Sequence[Item]], Awaitable[Sequence[Result]]]
"""Writes a group whole or, when it raises, not at all; returns one result for each item, in their order."""

PATIENCE: Final = 3
"""How many turns of the event loop an idle lane waits for more before it gives its connection back: those who were
just answered often write again at once."""


def other_loop() -> StorageError:
    """Return what is said to a caller in another event loop than the one in which the storage is open."""
    return StorageError(
        "The storage is open in another event loop, which its connections belong to.",
        "Await its aclose() before that loop ends, or make a storage for each loop.",
    )


class Verdict(Enum):
    """What to do with a group whose writing failed."""

    AGAIN = "again"
    """The same again on a new connection: the failure has nothing to do with what was written."""
    ALONE = "alone"
    """One by one, because the cause may be a single item of them."""
    FAIL = "fail"
    """Tell everyone: it would be the same for each of them."""


class _Waiting(Generic[Item, Result]):
    """One item and whoever waits for it."""

    __slots__ = ("answer", "deadline", "item")

    def __init__(self, item: Item, answer: asyncio.Future[Result], deadline: float) -> None:
        self.item = item
        self.answer = answer
        self.deadline = deadline


_Group: TypeAlias = list[_Waiting[Item, Result]]


class GroupCommit(Generic[Item, Result]):
    """Writes items in groups over a bounded number of connections ("lanes")."""

    def __init__(
        self,
        connect: Callable[[], AbstractAsyncContextManager[WriteGroup[Item, Result]]],
        *,
        verdict_on: Callable[[Exception, int], Verdict],
        explain: Callable[[Exception], Exception],
        lanes: int,
        max_group: int,
        timeout: float,
        may_join: Callable[[Item, Sequence[Item]], bool] = lambda item, group: True,
    ) -> None:
        """Write over what ``connect`` opens.

        ``verdict_on`` is told a failure and how often the group has failed; ``explain`` makes of it what callers get.
        ``may_join`` tells whether an item may be the next one of a group that is not empty.
        ``timeout`` is in seconds, from a call to its answer.
        """
        self._connect = connect
        self._verdict_on = verdict_on
        self._explain = explain
        self._lanes_allowed = lanes
        self._largest_group = max_group
        self._may_join = may_join
        self._timeout = timeout
        self._loop: asyncio.AbstractEventLoop | None = None
        self._waiting: deque[_Waiting[Item, Result]] = deque()
        self._lanes: dict[asyncio.Task[None], _Group[Item, Result]] = {}
        self._leaving: set[asyncio.Task[None]] = set()
        self._alarm: asyncio.TimerHandle | None = None

    def submit(self, item: Item) -> asyncio.Future[Result]:
        """Have an item written; the answer comes when it is committed.

        Who cancels the answer while its group is being written changes nothing for the others, nor whether it is.

        Raises:
            StorageError: something was written in another event loop, and the writer was not closed since.
        """
        loop = asyncio.get_running_loop()
        if loop is not self._loop:
            self._move_in(loop)
        waiting = _Waiting(item, loop.create_future(), loop.time() + self._timeout)
        self._waiting.append(waiting)
        if len(self._lanes) < self._lanes_allowed:
            self._start_lane()
        if self._alarm is None:
            self._alarm = loop.call_at(waiting.deadline, self._expire)
        return waiting.answer

    async def aclose(self) -> None:
        """Wait until what was accepted is written, or has failed; it fails when that takes longer than the timeout."""
        loop = asyncio.get_running_loop()
        if loop is self._loop:
            end = loop.time() + self._timeout
            while (lanes := [*self._lanes, *self._leaving]) and (left := end - loop.time()) > 0:
                await asyncio.wait(lanes, timeout=left)
            self._give_up(until=math.inf)
            if self._alarm is not None:
                self._alarm.cancel()
        self._loop = None

    def _move_in(self, loop: asyncio.AbstractEventLoop) -> None:
        """Begin anew in an event loop; what may be left is of one that was left."""
        if self._loop is not None:
            raise other_loop()
        self._loop = loop
        self._alarm = None
        self._waiting.clear()
        self._lanes.clear()
        self._leaving.clear()

    def _start_lane(self) -> None:
        lane = asyncio.create_task(self._run_lane(), name="tgslices-writer")
        self._lanes[lane] = []
        lane.add_done_callback(self._end_lane)

    def _end_lane(self, lane: asyncio.Task[None]) -> None:
        self._leaving.discard(lane)
        for waiting in self._lanes.pop(lane, ()):
            if not waiting.answer.done():  # only when the event loop itself is being shut down
                waiting.answer.cancel()
        if self._waiting and len(self._lanes) < self._lanes_allowed and not lane.cancelled():
            self._start_lane()

    async def _run_lane(self) -> None:
        failures = 0
        group = self._take(self._largest_group)
        while group:
            try:
                async with self._connect() as write:
                    while group:
                        await self._write(group, write)
                        failures = 0
                        group = await self._more()
            except Exception as error:  # noqa: BLE001 - whatever a driver raises goes to those who wait for it
                failures += 1
                group = await self._after_failure(group, error, failures)
                failures = failures if group else 0
                group = group or self._take(self._largest_group)

    async def _write(self, group: _Group[Item, Result], write: WriteGroup[Item, Result]) -> None:
        results = await write([waiting.item for waiting in group])
        for waiting, result in zip(group, results, strict=True):
            if not waiting.answer.done():
                waiting.answer.set_result(result)
        group.clear()

    async def _more(self) -> _Group[Item, Result]:
        for _ in range(PATIENCE):
            if self._waiting:
                break
            await asyncio.sleep(0)
        return self._take(self._largest_group)

    def _take(self, most: int) -> _Group[Item, Result]:
        group: _Group[Item, Result] = []
        items: list[Item] = []
        while self._waiting and len(group) < most:
            if items and not self._may_join(self._waiting[0].item, items):
                break
            waiting = self._waiting.popleft()
            if not waiting.answer.done():
                group.append(waiting)
                items.append(waiting.item)
        lane = asyncio.current_task()
        if lane in self._lanes:
            self._lanes[lane] = group
        return group

    async def _after_failure(
        self, group: _Group[Item, Result], error: Exception, failures: int
    ) -> _Group[Item, Result]:
        """Answer a failed group, or return it to be written again."""
        verdict = self._verdict_on(error, failures)
        if verdict is Verdict.AGAIN:
            return group
        if verdict is Verdict.ALONE and len(group) > 1:
            for waiting in group:
                await self._write_alone(waiting)
        for waiting in group:
            if not waiting.answer.done():
                waiting.answer.set_exception(self._explain(error))
        return []

    async def _write_alone(self, waiting: _Waiting[Item, Result]) -> None:
        try:
            async with self._connect() as write:
                await self._write([waiting], write)
        except Exception as error:  # noqa: BLE001 - whatever a driver raises goes to the one who waits for it
            if not waiting.answer.done():
                waiting.answer.set_exception(self._explain(error))

    def _expire(self) -> None:
        """Answer those who have waited too long, and wake up when the next one has."""
        loop = asyncio.get_running_loop()
        self._give_up(until=loop.time())
        self._alarm = None
        deadlines = [waiting.deadline for group in (self._waiting, *self._lanes.values()) for waiting in group]
        if deadlines:
            self._alarm = loop.call_at(min(deadlines), self._expire)
        if self._waiting and len(self._lanes) < self._lanes_allowed:
            self._start_lane()

    def _give_up(self, *, until: float) -> None:
        """Answer those whose deadline has come, and let go of the connections that keep them waiting."""
        late = TimeoutError()
        while self._waiting and (self._waiting[0].answer.done() or self._waiting[0].deadline <= until):
            waiting = self._waiting.popleft()
            if not waiting.answer.done():
                waiting.answer.set_exception(self._explain(late))
        for lane, group in list(self._lanes.items()):
            if until == math.inf or any(waiting.deadline <= until for waiting in group):
                for waiting in group:
                    if not waiting.answer.done():
                        waiting.answer.set_exception(self._explain(late))
                lane.cancel()
                self._leaving.add(lane)
                del self._lanes[lane]
