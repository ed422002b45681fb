"""What can be sent for the eyes of one, and for how long."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.testing.refusals import text_of
from tests.testing.rules.chat_types import CHANNEL, GROUP, PRIVATE, SUPERGROUP
from tgslices.testing.rules import ephemeral


@pytest.mark.parametrize(
    ("chat_type", "kind", "member", "text"),
    [
        (GROUP, "text", True, None),
        (SUPERGROUP, "photo", True, None),
        (PRIVATE, "text", True, "Bad Request: BOT_NOT_ADMIN"),
        (CHANNEL, "text", True, "Bad Request: BOT_NOT_ADMIN"),
        (GROUP, "text", False, "Bad Request: USER_NOT_PARTICIPANT"),
        (GROUP, "dice", True, "Bad Request: MEDIA_INVALID"),
        (GROUP, "poll", True, "Bad Request: MEDIA_INVALID"),
    ],
)
def test_ephemeral_messages(*, chat_type: str, kind: str, member: bool, text: str | None) -> None:
    """Groups only; not dice, poll, checklist, game, invoice, paid media (DOC)."""
    assert text_of(ephemeral.sending_refusal(chat_type, kind, receiver_is_member=member)) == text


def test_ephemeral_lifetimes() -> None:
    """`ttl_period = 7*86400` (MessagesManager.cpp:11467); a reply comes within 15 s; identifiers come back."""
    assert not ephemeral.is_expired(timedelta(days=7) - timedelta(seconds=1))
    assert ephemeral.is_expired(timedelta(days=7))
    assert ephemeral.reply_refusal(timedelta(seconds=15), is_ephemeral=True) is None
    missing = "Bad Request: message to be replied not found"
    assert text_of(ephemeral.reply_refusal(timedelta(seconds=16), is_ephemeral=True)) == missing
    assert text_of(ephemeral.reply_refusal(timedelta(), is_ephemeral=False)) == missing
    assert ephemeral.free_identifier(set()) == 1
    assert ephemeral.free_identifier({1, 2, 4}) == 3
