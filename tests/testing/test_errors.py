"""Texts of errors, as the server makes them."""

from __future__ import annotations

import pytest

from tgslices.testing.errors import described


@pytest.mark.parametrize(
    ("code", "cause", "text"),
    [
        (400, "Message can't be deleted", "Bad Request: message can't be deleted"),
        (400, "MESSAGE_ID_INVALID", "Bad Request: MESSAGE_ID_INVALID"),
        (400, "BUTTON_DATA_INVALID", "Bad Request: BUTTON_DATA_INVALID"),
        (400, "Bad Request: chat not found", "Bad Request: chat not found"),
        (403, "Forbidden: user is deactivated", "Forbidden: user is deactivated"),
        (401, "", "Unauthorized"),
        (404, "method not found", "Not Found: method not found"),
        (500, "", "Internal Server Error"),
    ],
)
def test_texts_are_made_as_the_server_makes_them(code: int, cause: str, text: str) -> None:
    """`fail_query_with_error`, Client.cpp:71-205: a prefix, and a small first letter but for upper-case codes."""
    assert described(code, cause) == text
