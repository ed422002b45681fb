"""The server's limits."""

from __future__ import annotations

import pytest

from tests.testing.refusals import text_of
from tgslices.testing.rules import flood


@pytest.mark.parametrize(
    ("text", "code", "parameters"),
    [
        ("Too Many Requests: retry after 7", 429, {"retry_after": 7}),
        ("Too Many Requests: retry after 0", 500, {}),
        ("Too Many Requests: retry after 1.5", 500, {}),
        ("FLOOD", 500, {}),
    ],
)
def test_floods_that_do_not_say_how_long(text: str, code: int, parameters: dict[str, int]) -> None:
    """Client.cpp:73-80: "429 without a parsable N becomes 500"."""
    answer = flood.flood_answer(text)
    assert (answer.code, answer.parameters) == (code, parameters)


@pytest.mark.parametrize(("unsent", "refused"), [(0, False), (309, False), (310, True), (409, True)])
def test_messages_on_their_way_into_a_chat(*, unsent: int, refused: bool) -> None:
    """`yet_unsent_message_count_ ... >= MAX_CONCURRENTLY_SENT_CHAT_MESSAGES`, Client.cpp:16172."""
    refusal = flood.unsent_refusal(unsent)
    assert text_of(refusal) == ("Too Many Requests: retry after 60" if refused else None)
    assert refusal is None or refusal.parameters == {"retry_after": 60}


@pytest.mark.parametrize(
    ("method", "active", "updates", "refused"),
    [
        ("sendmessage", 1000, 0, False),
        ("sendmessage", 1001, 0, True),
        ("deletemessages", 1001, 1, False),
        ("deletemessages", 1002, 1, True),
        ("getme", 5000, 0, False),
        ("getupdates", 5000, 0, False),
        ("setwebhook", 5000, 0, False),
        ("getmycommands", 5000, 0, True),
    ],
)
def test_requests_of_a_bot_at_once(*, method: str, active: int, updates: int, refused: bool) -> None:
    """`get_active_request_count() > 1000 + update_per_minute`, but for `is_local_method`; Client.cpp:399, 7970."""
    refusal = flood.active_refusal(method, active=active, recent_updates=updates)
    assert text_of(refusal) == ("Too Many Requests: retry after 60" if refused else None)
