"""Values that rows refer to by number."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tgslices.storage.inprocess.numbered_values import NOBODY, Numbered


def test_a_value_keeps_its_number_as_long_as_a_row_is_there() -> None:
    albums: Numbered[str] = Numbered()
    first, second = albums.take("a"), albums.take("b")
    assert NOBODY not in {first, second}
    assert albums.take("a") == first != second
    albums.leave(first)
    assert albums.find("a") == first
    assert albums[first] == "a"
    albums.leave(first)
    assert albums.find("a") is None
    assert albums.find("b") == second
    assert len(albums) == 1


def test_the_number_of_nobody_can_be_left_at_any_time() -> None:
    albums: Numbered[str] = Numbered()
    albums.leave(NOBODY)
    assert len(albums) == 0


@given(st.lists(st.tuples(st.booleans(), st.sampled_from("abcdef"))))
def test_numbers_stay_as_small_as_there_were_values_at_once(program: list[tuple[bool, str]]) -> None:
    albums: Numbered[str] = Numbered()
    taken: list[str] = []
    most = 0
    for takes, value in program:
        if takes:
            taken.append(value)
            most = max(most, len(set(taken)))
            assert 0 < albums.take(value) <= most
        elif value in taken:
            taken.remove(value)
            number = albums.find(value)
            assert number is not None
            albums.leave(number)
        assert {value: albums.find(value) is not None for value in "abcdef"} == {v: v in taken for v in "abcdef"}
        assert len({albums.find(value) for value in set(taken)}) == len(albums) == len(set(taken))
    for value in taken:
        albums.leave(albums.take(value))
        albums.leave(albums.find(value) or NOBODY)
    assert not any(getattr(albums, name) for name in Numbered.__slots__)
