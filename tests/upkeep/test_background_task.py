"""The task that finishes pending deletions by itself: when it looks, when it ends, and that nothing stops it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from tgslices.upkeep.background_task import UpkeepTask

NOW = datetime(2026, 1, 1, tzinfo=UTC)
LONG = timedelta(hours=1)


class Work:
    """Something to settle, due at one time or never."""

    def __init__(self) -> None:
        self.due: datetime | None = None
        self.settled = 0
        self.looks = 0
        self.failures: list[BaseException] = []
        self.looked = asyncio.Event()
        self.now = NOW
        self.upkeep = UpkeepTask(self.settle, self.next_due, clock=lambda: self.now, look_every=LONG)

    async def settle(self) -> None:
        if self.failures:
            raise self.failures.pop()
        self.settled += 1
        self.due = None

    async def next_due(self) -> datetime | None:
        self.looks += 1
        self.looked.set()
        return self.due

    async def look(self) -> None:
        """Wake the upkeep and wait until it has looked."""
        self.looked.clear()
        self.upkeep.wake()
        await asyncio.wait_for(self.looked.wait(), 30)

    @property
    def tasks(self) -> list[asyncio.Task[object]]:
        return [task for task in asyncio.all_tasks() if task.get_name() == "tgslices-upkeep"]

    async def ended(self) -> None:
        await asyncio.wait_for(asyncio.gather(*self.tasks), 30)


@pytest.fixture
async def work() -> AsyncIterator[Work]:
    work = Work()
    yield work
    await work.upkeep.stop()


async def test_merely_woken_it_ends_as_soon_as_nothing_is_pending(work: Work) -> None:
    await work.look()
    await work.ended()
    assert (work.looks, work.settled) == (1, 0)


async def test_what_is_due_is_settled_at_once(work: Work) -> None:
    work.due = NOW
    await work.look()
    await work.ended()
    assert (work.settled, work.tasks) == (1, [])


async def test_what_is_not_due_yet_is_waited_for(work: Work) -> None:
    work.due = NOW + timedelta(minutes=1)
    await work.look()
    assert (work.settled, len(work.tasks)) == (0, 1)
    work.now = work.due
    await work.look()
    await work.ended()
    assert work.settled == 1


async def test_started_it_stays_and_looks_again(work: Work) -> None:
    work.upkeep.start()
    await asyncio.wait_for(work.looked.wait(), 30)
    assert len(work.tasks) == 1
    work.due = NOW
    await work.look()
    await work.look()
    assert (work.settled, len(work.tasks)) == (1, 1)
    await work.upkeep.stop()
    await work.upkeep.stop()
    assert work.tasks == []


async def test_it_is_one_task_however_often_it_is_woken(work: Work) -> None:
    work.due = NOW + LONG
    for _ in range(5):
        work.upkeep.start()
        work.upkeep.wake()
    await work.look()
    assert len(work.tasks) == 1


async def test_what_is_left_while_it_looks_for_the_last_time_is_settled_too(work: Work) -> None:
    async def next_due() -> datetime | None:
        due, work.looks = work.due, work.looks + 1
        if work.looks == 1:
            work.due = NOW
            work.upkeep.wake()
        return due

    work.upkeep = UpkeepTask(work.settle, next_due, clock=lambda: work.now, look_every=LONG)
    work.upkeep.wake()
    await work.ended()
    assert (work.settled, work.looks) == (1, 3)


async def test_a_failure_is_logged_and_it_goes_on(work: Work, caplog: pytest.LogCaptureFixture) -> None:
    work.due, work.failures = NOW, [RuntimeError("second"), RuntimeError("first")]
    await work.look()
    await work.look()
    assert (work.settled, len(work.tasks)) == (0, 1)
    await work.look()
    await work.ended()
    assert work.settled == 1
    assert caplog.messages == [
        "What is due could not be done and will be tried again: RuntimeError",
        "What is due could not be done and will be tried again: RuntimeError",
    ]


async def test_a_cancellation_that_is_not_its_own_is_a_failure_like_any_other(
    work: Work, caplog: pytest.LogCaptureFixture
) -> None:
    work.due, work.failures = NOW, [asyncio.CancelledError()]
    await work.look()
    await work.look()
    await work.ended()
    assert work.settled == 1
    assert caplog.messages == ["What is due could not be done and will be tried again: CancelledError"]


async def test_it_can_be_started_again_after_it_was_stopped(work: Work) -> None:
    work.upkeep.start()
    await work.upkeep.stop()
    work.due = NOW
    await work.look()
    await work.ended()
    assert work.settled == 1
