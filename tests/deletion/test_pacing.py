from __future__ import annotations

from datetime import UTC, datetime, timedelta

from tgslices.deletion.pacing import Pacing, Patience

SECOND = timedelta(seconds=1)


def test_patience_is_used_up() -> None:
    patience = Patience(3 * SECOND)
    with patience.losing(2 * SECOND) as first:
        assert first
    with patience.losing(2 * SECOND) as second:
        assert not second
    with patience.losing(SECOND) as third:
        assert third


def test_time_that_is_lost_together_counts_once() -> None:
    patience = Patience(3 * SECOND)
    with patience.losing(2 * SECOND), patience.losing(2 * SECOND) as together, patience.losing(3 * SECOND) as longer:
        assert together
        assert longer
    with patience.losing(SECOND) as more:
        assert not more


class Clocks:
    """A clock that can be put back, a monotonic one that cannot, and waits that move both."""

    def __init__(self) -> None:
        self.now = datetime(2026, 5, 1, 12, tzinfo=UTC)
        self.seconds = 1000.0
        self.naps: list[float] = []

    async def sleep(self, seconds: float) -> None:
        self.naps.append(seconds)
        self.now += seconds * SECOND
        self.seconds += seconds

    def pacing(self) -> Pacing:
        return Pacing(1, clock=lambda: self.now, monotonic=lambda: self.seconds, sleep=self.sleep)


async def test_a_clock_that_is_put_back_makes_no_pause_longer() -> None:
    clocks = Clocks()
    pacing = clocks.pacing()
    pacing.pause(20 * SECOND)
    clocks.now -= timedelta(hours=5)
    assert pacing.paused_until == clocks.now + 20 * SECOND, "by the clock as it is now"
    async with pacing.slot(Patience(30 * SECOND)) as is_free:
        assert is_free
    assert clocks.naps == [20]


async def test_a_pause_ends_when_either_clock_says_so() -> None:
    clocks = Clocks()
    pacing = clocks.pacing()
    pacing.pause(20 * SECOND)
    clocks.now += 20 * SECOND
    assert pacing.paused_until is None
    pacing.pause(20 * SECOND)
    clocks.seconds += 20
    assert pacing.paused_until is None


def test_the_longest_pause_wins_and_only_a_longer_one_is_news() -> None:
    clocks = Clocks()
    pacing = clocks.pacing()
    waits = (20, 20, 5, 60, 60.5)
    assert [pacing.pause(wait * SECOND) for wait in waits] == [True, False, False, True, False]
    assert pacing.paused_until == clocks.now + 60.5 * SECOND
