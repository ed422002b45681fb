"""Whether a bot may do something in a chat at all."""

from __future__ import annotations

import pytest

from tests.testing.refusals import text_of
from tests.testing.rules.chat_types import CHANNEL, GROUP, PRIVATE, SUPERGROUP
from tgslices.testing.rules.access import Access, ChatFacts, access_refusal


@pytest.mark.parametrize(
    ("chat", "access", "text"),
    [
        (ChatFacts(PRIVATE), Access.WRITE, None),
        (ChatFacts(PRIVATE, user_deactivated=True), Access.EDIT, "Forbidden: user is deactivated"),
        (ChatFacts(PRIVATE, user_deactivated=True), Access.READ, None),
        (ChatFacts(GROUP), Access.WRITE, None),
        (ChatFacts(GROUP, "kicked"), Access.EDIT, "Forbidden: bot was kicked from the group chat"),
        (ChatFacts(GROUP, "kicked"), Access.READ, None),
        (ChatFacts(GROUP, "left"), Access.WRITE, "Forbidden: bot is not a member of the group chat"),
        (ChatFacts(GROUP, deleted=True), Access.WRITE, "Forbidden: the group chat was deleted"),
        (ChatFacts(GROUP, deleted=True), Access.EDIT, None),
        (
            ChatFacts(GROUP, migrated_to=-1),
            Access.WRITE,
            "Bad Request: group chat was upgraded to a supergroup chat",
        ),
        (ChatFacts(GROUP, migrated_to=-1), Access.EDIT, None),
        (ChatFacts(GROUP, "left", migrated_to=-1), Access.EDIT, None),
        (ChatFacts(SUPERGROUP, "kicked"), Access.READ, "Forbidden: bot was kicked from the supergroup chat"),
        (
            ChatFacts(SUPERGROUP, "kicked", is_public=True),
            Access.READ,
            "Forbidden: bot was kicked from the supergroup chat",
        ),
        (ChatFacts(SUPERGROUP, "left"), Access.READ, "Forbidden: bot is not a member of the supergroup chat"),
        (ChatFacts(SUPERGROUP, "left", is_public=True), Access.READ, None),
        (
            ChatFacts(SUPERGROUP, "left", is_public=True),
            Access.EDIT,
            "Forbidden: bot is not a member of the supergroup chat",
        ),
        (ChatFacts(SUPERGROUP, "restricted"), Access.WRITE, None),
        (ChatFacts(CHANNEL, "kicked"), Access.READ, "Forbidden: bot was kicked from the channel chat"),
        (ChatFacts(CHANNEL, "left"), Access.WRITE, "Forbidden: bot is not a member of the channel chat"),
        (ChatFacts(CHANNEL, "administrator"), Access.WRITE, None),
    ],
)
def test_access_is_decided_before_messages_are_looked_at(chat: ChatFacts, access: Access, text: str | None) -> None:
    """`check_chat_access`, Client.cpp:8127-8195; a migrated group refuses to send."""
    assert text_of(access_refusal(chat, access)) == text


def test_migration_names_the_new_chat() -> None:
    refusal = access_refusal(ChatFacts(GROUP, migrated_to=-1001), Access.WRITE)
    assert refusal is not None
    assert refusal.parameters == {"migrate_to_chat_id": -1001}
