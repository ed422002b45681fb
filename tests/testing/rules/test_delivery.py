"""What reaches a bot."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tgslices.testing.rules import delivery

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


@pytest.mark.parametrize(
    ("outgoing", "kind", "age", "business_chat", "other_bot", "delivered"),
    [
        (False, "text", MINUTE, False, False, True),
        (True, "text", MINUTE, False, False, False),
        (True, "pinned_message", MINUTE, False, False, True),
        (True, "forum_topic_created", MINUTE, False, False, True),
        (True, "left_chat_member", MINUTE, False, False, True),
        (True, "new_chat_members", MINUTE, False, False, False),
        (True, "migrate_to_chat_id", MINUTE, False, False, False),
        (True, "text", MINUTE, True, False, True),
        (False, "text", DAY, False, False, False),
        (False, "text", DAY - timedelta(seconds=1), False, False, True),
        (False, "text", MINUTE, False, True, False),
    ],
)
def test_what_reaches_a_bot(
    *, outgoing: bool, kind: str, age: timedelta, business_chat: bool, other_bot: bool, delivered: bool
) -> None:
    """`need_skip_update_message`, Client.cpp:17402-17450: own service messages of some kinds are echoed."""
    assert (
        delivery.is_delivered(
            outgoing=outgoing, kind=kind, age=age, in_business_chat=business_chat, from_other_bot=other_bot
        )
        is delivered
    )
