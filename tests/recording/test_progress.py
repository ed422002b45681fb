"""What an update asks before it looks at anything: whether something may wait."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from tgslices.recording.progress import Progress


def test_what_was_found_empty_is_not_asked_again_until_something_waits() -> None:
    progress, waiting, asked = Progress(), [1], []
    progress.watched = (lambda: asked.append(1), waiting.__len__)
    assert progress.waits()
    waiting.clear()
    assert not progress.waits()
    assert not progress.waits()
    assert len(asked) == 2
    waiting.append(1)
    progress.let_wait()
    assert progress.waits()


async def test_whoever_waits_for_the_end_is_told_by_the_last_update() -> None:
    progress = Progress()
    assert not progress.waits()
    progress.in_progress = 1
    waiter = asyncio.create_task(progress.outlast(timedelta(minutes=1)))
    await asyncio.sleep(0)
    assert not progress.waits()
    assert progress.may_wait, "the last update must still look whether somebody waits"
    progress.in_progress = 0
    progress.end_work()
    assert await waiter
    assert not progress.waits()
    assert not progress.may_wait
