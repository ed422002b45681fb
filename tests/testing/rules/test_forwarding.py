"""What can be copied and forwarded."""

from __future__ import annotations

import pytest

from tests.testing.refusals import text_of
from tgslices.testing.rules import forwarding


@pytest.mark.parametrize(
    ("message", "copied", "forwarded"),
    [
        (forwarding.Source("text"), True, True),
        (forwarding.Source("pinned_message"), False, False),
        (forwarding.Source("paid_media"), False, True),
        (forwarding.Source("invoice"), False, True),
        (forwarding.Source("giveaway"), False, True),
        (forwarding.Source("giveaway_winners"), False, True),
        (forwarding.Source("poll"), True, True),
        (forwarding.Source("poll", is_unknown_quiz=True), False, True),
        (forwarding.Source("text", is_protected=True), True, False),
    ],
)
def test_what_goes_along(*, message: forwarding.Source, copied: bool, forwarded: bool) -> None:
    """`can_forward_message_content`, MessageContent.cpp:6425-6453, and MessagesManager.cpp:8228-8235."""
    assert forwarding.can_forward(message, is_copy=True) is copied
    assert forwarding.can_forward(message, is_copy=False) is forwarded


@pytest.mark.parametrize(
    ("found", "taken", "protected", "copy", "text"),
    [
        ([1, 2], 2, False, True, None),
        ([1, 5, 9], 1, False, False, None),
        ([], 0, False, True, "Bad Request: there are no messages to forward"),
        ([1], 1, True, False, "Bad Request: message has protected content and can't be forwarded"),
        ([1], 1, True, True, None),
        ([2, 1], 2, False, True, "Bad Request: message identifiers must be in a strictly increasing order"),
        ([1, 1], 2, False, True, "Bad Request: message identifiers must be in a strictly increasing order"),
        ([1], 0, False, True, "Bad Request: messages can't be forwarded"),
    ],
)
def test_calls_about_several_messages(
    *, found: list[int], taken: int, protected: bool, copy: bool, text: str | None
) -> None:
    """`get_forwarded_messages`, MessagesManager.cpp:24505-24560; checked on identifiers that were found."""
    refusal = forwarding.batch_refusal(found, taken=taken, is_chat_protected=protected, is_copy=copy)
    assert text_of(refusal) == text


def test_one_failed_item_fails_the_call() -> None:
    """`on_message_send_failed`, Client.cpp:12588-12612."""
    assert forwarding.partial_failure(2, "MEDIA_EMPTY").description == (
        'Bad Request: failed to send message #2 with the error message "MEDIA_EMPTY"'
    )
