"""Whom a bot may not promote, restrict or ban."""

import pytest

from tests.testing.refusals import text_of
from tgslices.testing.rules.members import promotion_refusal, restriction_refusal

SOME = frozenset({"can_pin_messages"})


@pytest.mark.parametrize(
    ("chat_type", "is_self", "rights", "text"),
    [
        ("private", False, SOME, "Bad Request: method is available for supergroup and channel chats only"),
        ("group", False, SOME, "Bad Request: method is available for supergroup and channel chats only"),
        ("supergroup", True, SOME, "Bad Request: can't promote self"),
        ("supergroup", True, frozenset(), None),
        ("supergroup", False, SOME, None),
    ],
)
def test_promotion(chat_type: str, is_self: bool, rights: frozenset[str], text: str | None) -> None:
    """`Client.cpp:15207` and `DialogParticipantManager.cpp:2948`"""
    assert text_of(promotion_refusal(chat_type, is_self=is_self, rights=rights)) == text


@pytest.mark.parametrize(
    ("chat_type", "is_self", "text"),
    [
        ("private", False, "Bad Request: can't ban members in private chats"),
        ("supergroup", True, "Bad Request: can't restrict self"),
        ("group", False, None),
    ],
)
def test_restriction(chat_type: str, is_self: bool, text: str | None) -> None:
    """`DialogParticipantManager.cpp:2395, 2998`"""
    assert text_of(restriction_refusal(chat_type, is_self=is_self)) == text
