"""Which of a bot's commands a person is shown."""

from __future__ import annotations

import pytest

from tgslices.testing.rules.command_scopes import commands_for, scope_key

GROUP, ANN, BOB = -100, 1, 2


def named(name: str) -> list[dict[str, str]]:
    return [{"command": name, "description": "…"}]


GIVEN = {
    (scope_key("default"), ""): named("help"),
    (scope_key("default"), "de"): named("hilfe"),
    (scope_key("all_private_chats"), ""): named("order"),
    (scope_key("all_group_chats"), ""): named("menu"),
    (scope_key("all_chat_administrators"), ""): named("ban"),
    (scope_key("chat", chat_id=-200), ""): named("vote"),
    (scope_key("chat_member", chat_id=-200, user_id=BOB), ""): named("bob"),
    (scope_key("chat", chat_id=ANN), "de"): named("bestellen"),
}


@pytest.mark.parametrize(
    ("chat_type", "chat_id", "user_id", "is_administrator", "language", "shown"),
    [
        ("private", BOB, BOB, False, "en", "order"),
        ("private", ANN, ANN, False, "de", "bestellen"),
        ("private", ANN, ANN, False, "en", "order"),
        ("group", GROUP, ANN, False, "en", "menu"),
        ("supergroup", GROUP, ANN, True, "en", "ban"),
        ("supergroup", -200, ANN, False, "en", "vote"),
        ("supergroup", -200, ANN, True, "en", "vote"),
        ("supergroup", -200, BOB, False, "en", "bob"),
    ],
)
def test_the_narrowest_scope_with_commands_counts(
    chat_type: str, chat_id: int, user_id: int, is_administrator: bool, language: str, shown: str
) -> None:
    """DOC, "Determining list of commands"."""
    found = commands_for(
        GIVEN,
        chat_type=chat_type,
        chat_id=chat_id,
        user_id=user_id,
        is_administrator=is_administrator,
        language=language,
    )
    assert found == named(shown)


def test_without_commands_nothing_is_shown() -> None:
    place = {"chat_type": "private", "chat_id": ANN, "user_id": ANN, "is_administrator": False}
    assert commands_for({}, **place, language="en") == []  # type: ignore[arg-type]
