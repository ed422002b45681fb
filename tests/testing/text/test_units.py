"""Lengths and places in UTF-16 units."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tgslices.testing.text.units import places_of, units_in

TEXTS = st.text(alphabet="ab😀й\ud83d", max_size=12)


@pytest.mark.parametrize(
    ("text", "length"), [("", 0), ("tea", 3), ("чай", 3), ("😀", 2), ("\ud83d", 1), ("e\u0301", 2)]
)
def test_the_length_of_a_text(text: str, length: int) -> None:
    """https://core.telegram.org/bots/api#messageentity"""
    assert units_in(text) == length


@given(TEXTS, TEXTS)
def test_lengths_add_up(first: str, second: str) -> None:
    assert units_in(first) + units_in(second) == units_in(first + second)


@given(TEXTS, TEXTS.filter(bool))
def test_places_are_offsets_at_which_the_part_can_be_cut_out(text: str, part: str) -> None:
    whole, wanted = (value.encode("utf-16-le", "surrogatepass") for value in (text, part))
    expected = [i // 2 for i in range(0, len(whole), 2) if whole[i : i + len(wanted)] == wanted]
    assert list(places_of(part, text)) == expected


def test_nothing_stands_nowhere() -> None:
    assert list(places_of("", "tea")) == []
