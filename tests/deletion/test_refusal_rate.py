from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from tgslices.deletion.refusal_rate import RefusalRate

counts = st.integers(0, 200)


@given(counts, counts, st.integers(1, 100))
def test_a_longer_group_is_less_likely_to_be_accepted(accepted: int, refused: int, size: int) -> None:
    rate = RefusalRate()
    rate.note(None, accepted=accepted, refused=refused)
    chances = rate.chances([None] * size)
    assert len(chances) == size
    assert all(0 < later < earlier <= 1 for earlier, later in pairwise(chances))


@given(counts)
def test_every_answer_counts(accepted: int) -> None:
    rate, doubtful = RefusalRate(), RefusalRate()
    rate.note(None, accepted=accepted)
    doubtful.note(None, accepted=accepted)
    doubtful.note(None, refused=1)
    assert doubtful.chances([None]) < rate.chances([None])
    assert rate.chances([None], presumed=[None]) < rate.chances([None])


def test_recent_answers_count_more() -> None:
    turned_bad, turned_good = RefusalRate(), RefusalRate()
    turned_bad.note(None, accepted=50)
    turned_bad.note(None, refused=20)
    turned_good.note(None, refused=20)
    turned_good.note(None, accepted=50)
    assert turned_bad.chances([None]) < turned_good.chances([None])


def test_strata_are_judged_apart() -> None:
    rate = RefusalRate()
    rate.note("foreign", refused=30)
    assert rate.chances(["own"]) > rate.chances(["foreign"])
    assert rate.chances(["own"]) == RefusalRate().chances(["own"])
