"""What a business account lets a bot do."""

from __future__ import annotations

import pytest

from tests.testing.refusals import text_of
from tgslices.testing.rules import business

OWN, ALL = frozenset({"can_delete_sent_messages"}), frozenset({"can_delete_all_messages"})


@pytest.mark.parametrize(
    ("rights", "sent_by_bot", "chats", "enabled", "text"),
    [
        (ALL, [True, False], 1, True, None),
        (OWN, [True, True], 1, True, None),
        (OWN, [True, False], 1, True, "Bad Request: BOT_ACCESS_FORBIDDEN"),
        (frozenset[str](), [True], 1, True, "Bad Request: BOT_ACCESS_FORBIDDEN"),
        (ALL, [True, True], 2, True, "Bad Request: MESSAGE_ID_INVALID"),
        (ALL, [True], 1, False, "Bad Request: BUSINESS_CONNECTION_INVALID"),
    ],
)
def test_business_deletions(
    *, rights: frozenset[str], sent_by_bot: list[bool], chats: int, enabled: bool, text: str | None
) -> None:
    """ "Parameter can_delete_sent_messages for the bot's own, can_delete_all_messages for any" (DOC)."""
    refusal = business.deletion_refusal(is_enabled=enabled, rights=rights, sent_by_bot=sent_by_bot, chats=chats)
    assert text_of(refusal) == text


def test_business_chats_are_private() -> None:
    """`check_business_connection`, BusinessConnectionManager.cpp:973-984."""
    assert business.peer_refusal(chat_id=5, owner_id=7) is None
    assert text_of(business.peer_refusal(chat_id=-5, owner_id=7)) == "Bad Request: chat must be a private chat"
    assert text_of(business.peer_refusal(chat_id=7, owner_id=7)) == "Bad Request: messages must not be sent to self"
