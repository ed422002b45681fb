"""Promise: sessions that come due together end in time and once, on any worker, whichever of them die."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from benchmarks.lifetimes import KILLED, Plan, run, url_on
from tests.storage.conftest import postgres, postgres_url
from tgslices.ending.due_sessions import AT_ONCE

__all__ = ["postgres", "postgres_url"]

PLAN = Plan(
    sessions=240,
    messages=20,
    within=timedelta(seconds=6),
    left=timedelta(minutes=4),
    lease=timedelta(seconds=6),
)
"""A fortieth of what ``benchmarks/lifetimes.py`` measures."""


@pytest.fixture(params=["sqlite", "postgresql", "valkey"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "postgresql":
        yield request.getfixturevalue("postgres_url")
        return
    with url_on(request.param, tmp_path) as found:
        yield found


@pytest.mark.timeout(300)
async def test_sessions_that_come_due_together_end_once_though_two_of_four_workers_die(
    url: str, tmp_path: Path
) -> None:
    outcome = await run(url, PLAN, tmp_path)
    assert outcome.past_limit == 0
    assert outcome.left_over == 0
    assert len(outcome.told) == PLAN.sessions
    again = [chat for chat, times in outcome.told.items() if times > 1]
    assert len(again) <= KILLED * AT_ONCE, "only what a dead worker was telling is told again"
    assert outcome.requests <= 1.05 * PLAN.sessions
