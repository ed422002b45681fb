"""Who may pin what."""

from __future__ import annotations

import pytest

from tests.testing.refusals import text_of
from tests.testing.rules.chat_types import CHANNEL, GROUP, PRIVATE, SUPERGROUP
from tgslices.testing.rules import pinning
from tgslices.testing.rules.deletion import Standing

PINNER = Standing(True, frozenset({"can_pin_messages"}))


@pytest.mark.parametrize(
    ("chat_type", "kind", "bot", "text"),
    [
        (PRIVATE, "text", Standing(), None),
        (PRIVATE, "pinned_message", Standing(), "Bad Request: service messages can't be pinned"),
        (GROUP, "text", PINNER, None),
        (GROUP, "text", Standing(), "Bad Request: not enough rights to manage pinned messages in the chat"),
        (SUPERGROUP, "text", PINNER, None),
        (CHANNEL, "text", PINNER, "Bad Request: not enough rights to manage pinned messages in the chat"),
        (CHANNEL, "text", Standing(True, frozenset({"can_edit_messages"})), None),
    ],
)
def test_pins(chat_type: str, kind: str, bot: Standing, text: str | None) -> None:
    """`can_pin_messages`, DialogManager.cpp:2899-2924, and `can_pin_message`, MessagesManager.cpp:23205-23221."""
    assert text_of(pinning.pin_refusal(chat_type, kind, bot)) == text
