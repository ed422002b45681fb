"""One attempt is shared by those who want the same thing at the same time, and only by those."""

from __future__ import annotations

import asyncio

import pytest

from tgslices.event_loop.shared_attempt import SharedAttempt


class Work:
    """Something that takes until it is let go on, and may fail."""

    def __init__(self) -> None:
        self.begun = 0
        self.go = asyncio.Event()
        self.failure: Exception | None = None

    async def __call__(self) -> None:
        self.begun += 1
        await self.go.wait()
        if self.failure is not None:
            raise self.failure


async def begin(attempt: SharedAttempt, work: Work, *, callers: int) -> list[asyncio.Task[None]]:
    tasks = [asyncio.create_task(attempt(work)) for _ in range(callers)]
    while not work.begun:
        await asyncio.sleep(0)
    return tasks


async def test_all_who_come_meanwhile_share_the_success() -> None:
    attempt, work = SharedAttempt(), Work()
    tasks = await begin(attempt, work, callers=5)
    work.go.set()
    assert await asyncio.gather(*tasks) == [None] * 5
    assert work.begun == 1


async def test_all_who_come_meanwhile_share_the_failure_and_the_next_one_tries_anew() -> None:
    attempt, work = SharedAttempt(), Work()
    tasks = await begin(attempt, work, callers=5)
    work.failure = ConnectionError("away")
    work.go.set()
    assert [str(error) for error in await asyncio.gather(*tasks, return_exceptions=True)] == ["away"] * 5
    assert work.begun == 1
    with pytest.raises(ConnectionError, match=r"^away$"):
        await attempt(work)
    assert work.begun == 2


async def test_when_the_one_who_tries_is_cancelled_another_tries() -> None:
    attempt, work = SharedAttempt(), Work()
    first, *rest = await begin(attempt, work, callers=5)
    first.cancel()
    await asyncio.wait([first])
    while work.begun < 2:
        await asyncio.sleep(0)
    work.go.set()
    assert await asyncio.gather(*rest) == [None] * 4
    assert (first.cancelled(), work.begun) == (True, 2)


async def test_who_only_waits_and_is_cancelled_changes_nothing() -> None:
    attempt, work = SharedAttempt(), Work()
    *rest, last = await begin(attempt, work, callers=5)
    last.cancel()
    await asyncio.wait([last])
    work.go.set()
    assert await asyncio.gather(*rest) == [None] * 4
    assert (last.cancelled(), work.begun) == (True, 1)
