"""Nobody waits for a large run: planning and bookkeeping give way to other tasks all the time."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Awaitable, Iterator
from datetime import timedelta
from time import thread_time
from typing import Any

import pytest

from tests.deletion.records import GROUP, claimed, record
from tests.deletion.scene import Scene
from tgslices.model import PendingDeletion
from tgslices.results import ClearResult, Outcome
from tgslices.telegram_facts.message_kind import MessageKind

ENTRIES = 30_000
MAX_TURN = 0.02
"""Seconds of the processor, three times what a step takes; a pass over all entries takes longer."""


@pytest.fixture(autouse=True)
def without_collector() -> Iterator[None]:
    gc.disable()
    yield
    gc.enable()


def pending_of(scene: Scene, chat_id: int, **more: Any) -> list[PendingDeletion]:
    records = [
        record(number, chat_id, date=scene.now - timedelta(milliseconds=number), **more)
        for number in range(1, ENTRIES + 1)
    ]
    return claimed(*records, at=scene.now)


async def longest_step(work: Awaitable[ClearResult]) -> tuple[ClearResult, float]:
    """Return what some work returns, and the longest time that other tasks waited for their turn."""
    longest, last = 0.0, thread_time()

    async def tick() -> None:
        nonlocal longest, last
        while True:
            await asyncio.sleep(0)
            now = thread_time()
            longest, last = max(longest, now - last), now

    ticking = asyncio.create_task(tick())
    await asyncio.sleep(0)
    last = thread_time()
    result = await work
    await asyncio.sleep(0)
    ticking.cancel()
    return result, longest


@pytest.mark.parametrize(
    ("case", "outcome"),
    [
        ("accepted", Outcome.ACCEPTED),
        ("left behind", Outcome.UNREACHABLE),
        ("too old", Outcome.EXPIRED),
        ("dice", Outcome.DEFERRED),
        ("flood", Outcome.PENDING),
    ],
)
async def test_no_step_of_a_large_run_is_long(scene: Scene, case: str, outcome: Outcome) -> None:
    chat_id = GROUP if case == "left behind" else scene.ann.id
    pending = pending_of(scene, chat_id, **({"kind": MessageKind.DICE} if case == "dice" else {}))
    if case == "too old":
        scene.api.clock.move(timedelta(hours=49))
    if case == "accepted":
        scene.bot.session.middleware(_accept)
    executor = scene.executor(patience=timedelta())
    if case == "flood":
        executor.pacing.pause(timedelta(minutes=1))
    migrated = {GROUP} if case == "left behind" else set()
    result, longest = await longest_step(executor.run(scene.bot, pending, migrated=migrated))
    assert len(getattr(result, outcome.value)) == ENTRIES
    assert longest < MAX_TURN


async def _accept(make_request: Any, bot: Any, method: Any) -> Any:
    await asyncio.sleep(0)
    return True
