"""The search for refused messages, against a model of a server that answers for a group as a whole."""

from __future__ import annotations

from math import comb, log2
from random import Random
from statistics import mean

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tgslices.deletion.group_testing import Group, GroupTest

BOUNDS = {0: 1, 1: 10, 5: 35, 10: 55, 20: 82, 50: 108, 100: 108}
"""How many requests 100 messages may take, of which so many are refused at unpredictable places."""


def carry_out(test: GroupTest[int], refused: set[int], *, in_flight: int = 1, order: Random | None = None) -> int:
    """Ask until all is known, check what is learnt, and return how many requests it took."""
    under_way: list[Group[int]] = []
    accepted: list[int] = []
    convicted: list[int] = []
    requests = 0
    while not test.is_done:
        while len(under_way) < in_flight and (group := test.ask()) is not None:
            under_way.append(group)
        group = under_way.pop(order.randrange(len(under_way)) if order else 0)
        requests += 1
        if refused.isdisjoint(group.items):
            accepted += group.items
            convicted += test.accepted(group)
        else:
            convicted += test.refused(group)
    assert not under_way
    assert test.ask() is None
    assert len(accepted) == len(set(accepted)), "a message that was accepted is asked for once"
    assert sorted(convicted) == sorted(refused), "every culprit is found, once"
    return requests


@given(
    size=st.integers(0, 130),
    limit=st.integers(1, 100),
    in_flight=st.integers(1, 6),
    rate=st.sampled_from([0.0, 0.02, 0.2, 0.6, 1.0]),
    seed=st.integers(0, 2**32),
)
def test_every_message_is_accepted_or_found_to_be_refused(
    size: int, limit: int, in_flight: int, rate: float, seed: int
) -> None:
    random = Random(seed)
    refused = {item for item in range(size) if random.random() < rate}
    test = GroupTest(range(size), limit=limit, stratum=lambda item: item % 3)
    requests = carry_out(test, refused, in_flight=in_flight, order=random)
    assert requests <= 3 * size + 1, "however unlucky, and however many strata have to be learnt"


@pytest.mark.parametrize("in_flight", [1, 4])
@pytest.mark.parametrize(("culprits", "bound"), BOUNDS.items())
def test_a_hundred_messages_keep_to_the_bound_on_average(culprits: int, bound: int, in_flight: int) -> None:
    worlds = (set(Random(f"{culprits}/{seed}").sample(range(100), culprits)) for seed in range(150))
    assert mean(carry_out(GroupTest(range(100), limit=100), world, in_flight=in_flight) for world in worlds) <= bound


@pytest.mark.parametrize("culprits", [1, 5, 10, 20])
def test_no_bound_undercuts_what_information_theory_allows(culprits: int) -> None:
    assert BOUNDS[culprits] >= log2(comb(100, culprits))


def test_a_thousand_healthy_messages_take_ten_requests() -> None:
    assert carry_out(GroupTest(range(1000), limit=100), set(), in_flight=4) == 10


def test_ten_whole_batches_may_be_under_way_at_once() -> None:
    test = GroupTest(range(1000), limit=100)
    groups = [test.ask() for _ in range(11)]
    assert [len(group.items) for group in groups if group] == [100] * 10


def test_what_was_learnt_about_one_batch_spares_the_next() -> None:
    requests = carry_out(GroupTest(range(1000), limit=100), set(range(1000)), in_flight=4)
    assert requests <= 1020, "plain halving takes 1990"


def test_neighbours_that_share_their_fate_take_fewer_requests() -> None:
    scattered = mean(
        carry_out(GroupTest(range(100), limit=100), set(Random(seed).sample(range(100), 20))) for seed in range(50)
    )
    starts = [Random(seed).randrange(81) for seed in range(50)]
    in_one_run = mean(carry_out(GroupTest(range(100), limit=100), set(range(s, s + 20))) for s in starts)
    assert in_one_run < 0.8 * scattered


def test_a_stratum_that_is_refused_throughout_does_not_slow_down_the_others() -> None:
    foreign = set(range(50))
    told = carry_out(GroupTest(range(150), limit=100, stratum=lambda item: item in foreign), foreign)
    untold = carry_out(GroupTest(range(150), limit=100), foreign)
    assert told < untold
    assert told <= 50 + 10


def test_the_rest_is_not_asked_for_again_as_a_whole_when_the_first_part_is_accepted() -> None:
    test = GroupTest("ab", limit=2)
    both = test.ask()
    assert both is not None
    assert test.refused(both) == ()
    first = test.ask()
    assert first is not None
    assert first.items == ("a",)
    assert test.accepted(first) == ("b",), "b is the culprit, without having been asked for alone"
    assert test.is_done


def test_left_overs_wait_while_little_is_known() -> None:
    test = GroupTest(range(100), limit=100)
    whole = test.ask()
    assert whole is not None
    test.refused(whole)
    assert test.ask() is not None
    assert test.ask() is None, "another group would be a guess"


def test_a_returned_group_is_asked_for_again_without_what_was_taken_out() -> None:
    test = GroupTest(range(6), limit=100)
    whole = test.ask()
    assert whole is not None
    test.refused(whole)
    part = test.ask()
    assert part is not None
    test.returned(part, without=part.items[:1])
    assert carry_out(test, {5}) > 0


def test_a_restricted_search_asks_for_single_messages() -> None:
    test = GroupTest(range(5), limit=100)
    whole = test.ask()
    assert whole is not None
    test.restrict(1)
    test.returned(whole)
    assert carry_out(test, {2}) == 5


def test_a_server_that_changes_its_mind_does_not_stop_the_search() -> None:
    test = GroupTest(range(2), limit=100)
    whole = test.ask()
    assert whole is not None
    test.refused(whole)
    part = test.ask()
    assert part is not None
    test.returned(part)
    assert carry_out(test, set()) == 1
