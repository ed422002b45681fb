"""What is JSON to the server, and what is not."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tgslices.testing.wire.json_text import MAX_DEPTH, depth, read_json, write_json

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(VALUES, st.booleans())
def test_what_json_says_is_read(value: Any, ascii_only: bool) -> None:
    assert read_json(json.dumps(value, ensure_ascii=ascii_only)) == value


@pytest.mark.parametrize(
    "text",
    [
        "", "{", "nonsense", "NaN", "[Infinity]", '{"a": -Infinity}', "1e400", "9" * 5000, "\ufeff1", "1 2",
        "[" * 100_000, "[" * 100_000 + "]" * 100_000, '{"a":' * 5000 + "1" + "}" * 5000,
    ],
    ids=range(13),
)  # fmt: skip
def test_what_python_takes_for_json_or_stumbles_over_is_none(text: str) -> None:
    with pytest.raises(ValueError, match=r"^"):
        read_json(text)


@pytest.mark.parametrize("text", [r'"\ud800"', r'{"\udc00": 1}', r'[["\ud83d", "\ude00"]]', '"\ud800"'])
def test_half_a_character_is_an_error_of_its_own(text: str) -> None:
    with pytest.raises(UnicodeError):
        read_json(text)


def test_a_whole_character_in_two_halves_is_read() -> None:
    assert read_json(r'"\ud83d\ude00"') == "😀"


@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"a":', "}")])
def test_a_value_may_lie_in_a_hundred_others(opening: str, closing: str) -> None:
    """JsonBuilder.cpp, ``do_json_decode``: ``max_depth < 0``."""
    fitting = read_json(opening * MAX_DEPTH + "1" + closing * MAX_DEPTH)
    assert depth(fitting) == MAX_DEPTH
    with pytest.raises(ValueError, match="nests deeper than 100 levels"):
        read_json(opening * (MAX_DEPTH + 1) + "1" + closing * (MAX_DEPTH + 1))


def test_many_brackets_are_not_deep() -> None:
    assert read_json("[" + "[]," * 500 + "[]]") == [[]] * 501


def test_of_fields_of_one_name_the_first_counts_and_the_order_stays() -> None:
    assert list(read_json('{"b": 1, "a": 2, "b": 3}').items()) == [("b", 1), ("a", 2)]


def test_line_breaks_in_strings_are_taken_as_they_are() -> None:
    assert read_json('"a\nb"') == "a\nb"


@given(VALUES)
def test_what_is_written_can_be_read(value: Any) -> None:
    assert read_json(write_json(value).decode()) == value


def test_what_no_client_reads_is_not_written() -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        write_json({"latitude": float("nan")})
