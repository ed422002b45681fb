from __future__ import annotations

from datetime import timedelta

import pytest

from tgslices.event_loop.growing_waits import Doubling

SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(("failures", "seconds"), [(1, 0.5), (2, 1), (3, 2), (4, 4), (5, 8), (6, 8), (10**6, 8)])
def test_waits_double_up_to_the_longest(failures: int, seconds: float) -> None:
    assert Doubling(first=SECOND / 2, most=8 * SECOND).after(failures) == seconds * SECOND


def test_no_wait_is_longer_than_the_longest_that_is_no_multiple_of_the_first() -> None:
    waits = Doubling(first=2 * SECOND, most=5 * SECOND)
    assert [waits.after(failures) for failures in (1, 2, 3)] == [2 * SECOND, 4 * SECOND, 5 * SECOND]
