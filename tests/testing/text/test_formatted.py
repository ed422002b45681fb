"""Cleaning, trimming and putting entities right. Source: tdlib/td ``MessageEntity.cpp``, ``fix_formatted_text``."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tgslices.testing import ApiError
from tgslices.testing.text.fixing import QUOTES, STYLES, fixed
from tgslices.testing.text.formatted import formatted
from tgslices.testing.text.spans import end_of, entity
from tgslices.testing.wire.json_text import Json

Marks = list[tuple[str, int, int]]

KINDS = (*STYLES, *sorted(QUOTES), "pre", "code", "date_time")


def made(marks: Marks) -> list[Json]:
    return [entity(kind, offset, length) for kind, offset, length in marks]


def marks(entities: list[Json]) -> Marks:
    return [(item["type"], item["offset"], item["length"]) for item in entities]


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("a\x00b\tc\r\nd", "a b c\nd"),
        ("\u00a0\u2003x\u3000", "\u00a0\u2003x\u3000"),
        (" \n x \n ", "x"),
        ("a\u2028\u202eb\u0333c", "abc"),
        ("a\u200e\u200f\u200eb", "a\u200c\u200c\u200eb"),
        ("👍 \r", "👍"),
    ],
)
def test_texts_are_cleaned_and_trimmed(text: str, kept: str) -> None:
    assert formatted(text, []) == (kept, [])


@pytest.mark.parametrize("text", ["", " \n ", "\r", "\u2800", "\u200b\u00a0\ufeff", "\U000e0020", "\u3000"])
def test_there_must_be_something_to_see(text: str) -> None:
    with pytest.raises(ApiError) as caught:
        formatted(text, [])
    assert str(caught.value) == "400 Bad Request: text must be non-empty"
    assert formatted(text, [], may_be_empty=True)[0] == text.strip(" \n\r")


@pytest.mark.parametrize(
    ("text", "mark", "error"),
    [
        ("abc", (5, 1), "entity begins after the end of the text at UTF-16 offset 5"),
        ("abc", (1, 9), "entity beginning at UTF-16 offset 1 ends after the end of the text at UTF-16 offset 10"),
        ("👍a", (1, 1), "entity begins in a middle of a UTF-16 symbol at byte offset 4"),
        ("a👍", (0, 2), "entity beginning at UTF-16 offset 0 ends in a middle of a UTF-16 symbol at byte offset 5"),
        ("abc", (-1, 1), "receive an entity with incorrect offset -1"),
        ("abc", (0, -2), "receive an entity with incorrect length -2"),
    ],
)
def test_entities_lie_inside_of_the_text(text: str, mark: tuple[int, int], error: str) -> None:
    with pytest.raises(ApiError) as caught:
        formatted(text, [entity("bold", *mark)])
    assert caught.value.description == f"Bad Request: {error}"


@pytest.mark.parametrize(
    ("text", "given_marks", "kept", "kept_marks"),
    [
        ("abc", [("italic", 0, 2), ("italic", 1, 2)], "abc", [("italic", 0, 3)]),
        ("abc", [("italic", 1, 1), ("italic", 0, 1)], "abc", [("italic", 0, 2)]),
        ("abc", [("italic", 0, 1), ("italic", 2, 1)], "abc", [("italic", 0, 1), ("italic", 2, 1)]),
        ("abc", [("italic", 0, 2), ("bold", 1, 2)], "abc", [("italic", 0, 1), ("bold", 1, 2), ("italic", 1, 1)]),
        ("xx", [("italic", 0, 1), ("bold", 0, 1), ("bold", 1, 1)], "xx", [("bold", 0, 2), ("italic", 0, 1)]),
        ("abc", [("pre", 1, 1), ("spoiler", 0, 3)], "abc", [("spoiler", 0, 1), ("pre", 1, 1), ("spoiler", 2, 1)]),
        ("abc", [("pre", 0, 3), ("bold", 1, 1)], "abc", [("pre", 0, 3)]),
        ("abc", [("pre", 0, 3), ("blockquote", 1, 1)], "abc", [("blockquote", 1, 1)]),
        ("abc", [("code", 0, 2), ("pre", 1, 2)], "abc", [("code", 0, 2)]),
        ("a\rbc\r", [("italic", 0, 1), ("bold", 0, 2), ("italic", 3, 2), ("bold", 3, 1)], "abc",
         [("bold", 0, 1), ("italic", 0, 1), ("bold", 2, 1), ("italic", 2, 1)]),
        ("  a ", [("bold", 0, 4)], "  a", [("bold", 0, 3)]),
        ("  a b ", [("bold", 4, 2)], "a b", [("bold", 2, 1)]),
        ("a  ", [("bold", 0, 1), ("italic", 2, 1)], "a", [("bold", 0, 1)]),
        ("abc", [("text_link", 0, 1), ("bold", 0, 0)], "abc", []),
        ("example.com a", [("italic", 0, 13)], "example.com a",
         [("url", 0, 11), ("italic", 0, 11), ("italic", 11, 2)]),
        ("example.com", [("pre", 0, 3)], "example.com", [("pre", 0, 3)]),
        ("example.com", [("blockquote", 0, 11)], "example.com", [("blockquote", 0, 11), ("url", 0, 11)]),
        ("example.com", [("blockquote", 0, 3)], "example.com", [("blockquote", 0, 3)]),
    ],
)  # fmt: skip
def test_entities_are_put_right(text: str, given_marks: Marks, kept: str, kept_marks: Marks) -> None:
    plain, entities = formatted(text, made(given_marks))
    assert (plain, marks(entities)) == (kept, kept_marks)


def looks(entities: list[Json], kinds: tuple[str, ...] | frozenset[str]) -> list[set[str]]:
    """The kinds of entities over each character."""
    shown: list[set[str]] = [set() for _ in range(20)]
    for item in entities:
        for place in range(item["offset"], end_of(item)):
            shown[place] |= {item["type"]} & set(kinds)
    return shown


@given(st.lists(st.builds(entity, st.sampled_from(KINDS), st.integers(0, 9), st.integers(1, 9)), max_size=12))
def test_put_right_they_nest_and_look_the_same(entities: list[Json]) -> None:
    right = fixed(entities)
    assert fixed(right) == right
    code = looks(right, ("pre", "code", "date_time"))
    wanted = [set() if inside else styles for styles, inside in zip(looks(entities, STYLES), code, strict=True)]
    assert looks(right, STYLES) == wanted
    for first, second in pairwise(right):
        assert (first["offset"], -first["length"]) <= (second["offset"], -second["length"])
    for number, first in enumerate(right):
        for second in right[number + 1 :]:
            meet = second["offset"] < end_of(first)
            assert not meet or end_of(second) <= end_of(first)
            assert not meet or second["type"] != first["type"]
