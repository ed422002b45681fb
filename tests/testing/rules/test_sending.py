"""Who may write what."""

from __future__ import annotations

import pytest

from tests.testing.refusals import text_of
from tests.testing.rules.chat_types import CHANNEL, PRIVATE, SUPERGROUP
from tgslices.testing.rules import sending


@pytest.mark.parametrize(
    ("chat_type", "kind", "status", "rights", "blocked", "text"),
    [
        (PRIVATE, "text", "member", frozenset[str](), False, None),
        (PRIVATE, "text", "member", frozenset[str](), True, "Forbidden: bot was blocked by the user"),
        (
            CHANNEL,
            "text",
            "administrator",
            frozenset[str](),
            False,
            "Bad Request: need administrator rights in the channel chat",
        ),
        (CHANNEL, "text", "administrator", frozenset({"can_post_messages"}), False, None),
        (
            SUPERGROUP,
            "text",
            "restricted",
            frozenset[str](),
            False,
            "Bad Request: not enough rights to send text messages to the chat",
        ),
        (
            SUPERGROUP,
            "photo",
            "restricted",
            frozenset({"can_send_messages"}),
            False,
            "Bad Request: not enough rights to send photos to the chat",
        ),
        (SUPERGROUP, "photo", "restricted", frozenset({"can_send_photos"}), False, None),
    ],
)
def test_who_may_write(
    *, chat_type: str, kind: str, status: str, rights: frozenset[str], blocked: bool, text: str | None
) -> None:
    """`can_send_message_to_dialog`, DialogManager.cpp:1509-1535; `USER_IS_BLOCKED`, Client.cpp:133-136."""
    refusal = sending.sending_refusal(chat_type, kind, status=status, rights=rights, is_blocked=blocked)
    assert text_of(refusal) == text
