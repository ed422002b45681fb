"""Identifiers of messages, alone and in lists."""

from __future__ import annotations

import pytest

from tgslices.testing.errors import ApiError
from tgslices.testing.wire import identifiers


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("", "message identifiers are not specified"),
        ("[1", "can't parse message_ids JSON object"),
        ("7", "expected an Array of message identifiers"),
        ('{"a":1}', "expected an Array of message identifiers"),
        (str(list(range(1, 102))), "too many message identifiers specified"),
        ("[1,null]", "message identifier must be a Number"),
        ("[true]", "message identifier must be a Number"),
        ("[[1]]", "message identifier must be a Number"),
        ('["x"]', "can't parse message identifier as a Number"),
        ("[1.5]", "can't parse message identifier as a Number"),
        ("[2147483648]", "can't parse message identifier as a Number"),
        ("[1,0]", "invalid message identifier specified"),
        ("[-5]", "invalid message identifier specified"),
    ],
)
def test_lists_of_identifiers_are_refused_as_a_whole(text: str, error: str) -> None:
    """`get_message_ids`, Client.cpp:12403-12441."""
    with pytest.raises(ApiError) as caught:
        identifiers.message_ids(text)
    assert caught.value.description == f"Bad Request: {error}"


def test_lists_of_identifiers_keep_order_and_duplicates() -> None:
    assert identifiers.message_ids('[3,"1",3,2147483647]') == [3, 1, 3, 2147483647]
    assert identifiers.message_ids("[]") == []
    assert identifiers.message_ids(str(list(range(1, 101)))) == list(range(1, 101))


@pytest.mark.parametrize(("text", "number"), [("", 0), ("x", 0), ("-1", 0), ("0", 0), ("7", 7), ("2147483648", 0)])
def test_single_identifiers_are_read_leniently(text: str, number: int) -> None:
    """`get_message_id`, Client.cpp:12390: anything missing, negative or unparsable is 0."""
    assert identifiers.message_id(text) == number
