from __future__ import annotations

from datetime import timedelta

from tgslices.deletion.pacing import Patience

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
