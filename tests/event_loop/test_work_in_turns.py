from __future__ import annotations

import asyncio
from collections.abc import Generator
from time import perf_counter

import pytest

from tgslices.event_loop.work_in_turns import MAX_TURN, at_once, in_turns


def working(portions: int, seconds: float) -> Generator[None, None, str]:
    for _ in range(portions):
        end = perf_counter() + seconds
        while perf_counter() < end:
            pass
        yield
    return "done"


async def test_long_work_lets_others_run_and_short_work_does_not_wait() -> None:
    turns = 0

    async def others() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    task = asyncio.create_task(others())
    assert await in_turns(working(10, 0)) == "done"
    assert turns == 0, "ten short portions are no turn"
    assert await in_turns(working(3, MAX_TURN)) == "done"
    assert turns >= 3
    task.cancel()


async def test_what_the_work_raises_is_raised() -> None:
    def failing() -> Generator[None, None, None]:
        yield
        raise LookupError("gone")

    with pytest.raises(LookupError, match="gone"):
        await in_turns(failing())


def test_work_can_be_done_at_once() -> None:
    assert at_once(working(3, 0)) == "done"
