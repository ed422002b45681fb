"""What Telegram finds in what a person types."""

from __future__ import annotations

import pytest
from aiogram import Bot

from tgslices.testing import ChatView
from tgslices.testing.text.typed import typed_entities


def found(text: str) -> list[tuple[str, str]]:
    encoded = text.encode("utf-16-le")
    return [
        (entity["type"], encoded[2 * entity["offset"] : 2 * (entity["offset"] + entity["length"])].decode("utf-16-le"))
        for entity in typed_entities(text)
    ]


@pytest.mark.parametrize(
    ("text", "entities"),
    [
        ("nothing here. Really, 3.5 of 7", []),
        ("😀 see https://example.com/a?b=c#d.", [("url", "https://example.com/a?b=c#d")]),
        ("(t.me/joinchat) and EXAMPLE.com!", [("url", "t.me/joinchat"), ("url", "EXAMPLE.com")]),
        ("example.com:8080/x, file.txt", [("url", "example.com:8080/x")]),
        ("tg://user?id=1", [("url", "tg://user?id=1")]),
        ("ann.lee+tea@mail.example.org please", [("email", "ann.lee+tea@mail.example.org")]),
        ("@ann, ask @bob_2 and not me@ or @x", [("mention", "@ann"), ("mention", "@bob_2")]),
        ("#чай #1 #t34 a#b", [("hashtag", "#чай"), ("hashtag", "#t34")]),
        ("$USD or $usd", [("cashtag", "$USD")]),
        ("/go@order_bot on, not a/b", [("bot_command", "/go@order_bot")]),
        ("/ban @eve for https://x.io/@y", [("bot_command", "/ban"), ("mention", "@eve"), ("url", "https://x.io/@y")]),
    ],
)
def test_what_is_found(text: str, entities: list[tuple[str, str]]) -> None:
    """tdlib/td ``MessageEntity.cpp``, ``find_entities``"""
    assert found(text) == entities


async def test_an_anti_link_bot_sees_links_in_texts_edits_and_captions(bot: Bot, chat: ChatView) -> None:
    message = await chat.types("harmless")
    await chat.edits(message, "buy at example.com")
    await chat.sends_file(caption="and at https://example.org")
    first, edit, file = await bot.get_updates()
    assert first.message is not None
    assert first.message.entities is None
    assert edit.edited_message is not None
    assert [entity.type for entity in edit.edited_message.entities or ()] == ["url"]
    assert file.message is not None
    assert [entity.type for entity in file.message.caption_entities or ()] == ["url"]
