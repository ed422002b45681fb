"""When things expire, in memory: earliest first, as it is now, and without a trace of what was."""

from __future__ import annotations

from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from tgslices.storage.inprocess.expiries import SLACK, Expiries
from tgslices.testing.contract.samples import MINUTE, NOW


def never(_: object) -> bool:
    return False


def test_what_expires_is_taken_out_earliest_first_and_once() -> None:
    expiries: Expiries[str] = Expiries()
    for thing, minutes in (("late", 3), ("early", 1), ("middle", 2)):
        expiries.set(thing, NOW + minutes * MINUTE)
    assert expiries.expired(NOW, limit=9, unless=never) == []
    assert expiries.expired(NOW + 3 * MINUTE, limit=2, unless=never) == ["early", "middle"]
    assert expiries.expired(NOW + 3 * MINUTE, limit=2, unless=never) == ["late"]
    assert len(expiries) == 0


def test_what_is_kept_for_now_comes_up_again() -> None:
    expiries: Expiries[str] = Expiries()
    for thing in ("held", "free"):
        expiries.set(thing, NOW)
    assert expiries.expired(NOW, limit=9, unless=lambda thing: thing == "held") == ["free"]
    assert expiries.expired(NOW, limit=9, unless=never) == ["held"]


@given(st.lists(st.tuples(st.sampled_from("abc"), st.none() | st.integers(0, 5)), max_size=40), st.integers(0, 6))
def test_only_the_last_time_of_a_thing_counts(calls: list[tuple[str, int | None]], at: int) -> None:
    expiries: Expiries[str] = Expiries()
    model: dict[str, datetime] = {}
    for thing, minutes in calls:
        expiries.set(thing, None if minutes is None else NOW + minutes * MINUTE)
        model.pop(thing, None)
        if minutes is not None:
            model[thing] = NOW + minutes * MINUTE
    now = NOW + at * MINUTE
    assert sorted(expiries.expired(now, limit=9, unless=never)) == sorted(it for it in model if model[it] <= now)
    assert len(expiries) == sum(time > now for time in model.values())


def test_times_that_move_or_go_leave_little_behind() -> None:
    expiries: Expiries[int] = Expiries()
    for number in range(10_000):
        expiries.set(0, NOW + timedelta(seconds=number))
        expiries.set(number + 1, NOW)
        expiries.set(number + 1, None)
    assert len(expiries) == 1
    assert len(expiries._heap) <= 2 * len(expiries) + SLACK
