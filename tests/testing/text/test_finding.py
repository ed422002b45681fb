"""What is found in a text without being marked. Source: tdlib/td ``MessageEntity.cpp``, ``find_entities``."""

from __future__ import annotations

import pytest
from aiogram import Bot

from tgslices.testing import ChatView
from tgslices.testing.text.finding import found_entities


def found(text: str) -> list[tuple[str, str]]:
    encoded = text.encode("utf-16-le")
    return [
        (entity["type"], encoded[2 * entity["offset"] : 2 * (entity["offset"] + entity["length"])].decode("utf-16-le"))
        for entity in found_entities(text)
    ]


def texts(kind: str, text: str) -> list[str]:
    return [part for name, part in found(text) if name == kind]


@pytest.mark.parametrize(
    ("text", "entities"),
    [
        ("nothing here. Really, 3.5 of 7", []),
        ("😀 see https://example.com/a?b=c#d.", [("url", "https://example.com/a?b=c#d")]),
        ("(t.me/joinchat) and EXAMPLE.com!", [("url", "t.me/joinchat"), ("url", "EXAMPLE.com")]),
        ("example.com:8080/x, file.txt", [("url", "example.com:8080/x")]),
        ("tg://user?id=1", [("url", "tg://user?id=1")]),
        ("ann_lee+tea@mail.example.org please", [("email", "ann_lee+tea@mail.example.org")]),
        ("@anna, ask @bob_2 and not me@ or @x", [("mention", "@anna"), ("mention", "@bob_2")]),
        ("#чай #1 #t34 a#b", [("hashtag", "#чай"), ("hashtag", "#t34")]),
        ("$USD or $usd", [("cashtag", "$USD")]),
        ("/go@order_bot on, not a/b", [("bot_command", "/go@order_bot")]),
        ("/ban @evee for https://x.io/@y", [("bot_command", "/ban"), ("mention", "@evee"), ("url", "https://x.io/@y")]),
        ("pay 4111 1111-1111 1111 now", [("bank_card_number", "4111 1111-1111 1111")]),
    ],
)
def test_what_is_found(text: str, entities: list[tuple[str, str]]) -> None:
    assert found(text) == entities


@pytest.mark.parametrize(
    ("text", "mentions"),
    [
        ("@pic @Gif @abc @abcd", ["@pic", "@Gif", "@abcd"]),
        ("x@name ж@name _@name", []),
        ("(@name)@name!", ["@name", "@name"]),
        ("@" + "n" * 32 + " @" + "n" * 33, ["@" + "n" * 32]),
    ],
)
def test_mentions(text: str, mentions: list[str]) -> None:
    assert texts("mention", text) == mentions


@pytest.mark.parametrize(
    ("text", "commands"),
    [
        ("/a /go_on! /1", ["/a", "/go_on", "/1"]),
        ("/a@ab /a@abc@", ["/a@abc"]),
        ("</a> //b c/d /e/", []),
        ("/" + "c" * 64 + " /" + "c" * 65, ["/" + "c" * 64]),
    ],
)
def test_commands(text: str, commands: list[str]) -> None:
    assert texts("bot_command", text) == commands


@pytest.mark.parametrize(
    ("text", "tags"),
    [
        ("#1 #1a #_ #_a", ["#1a", "#_a"]),
        ("#a#b ##c #d", ["#c", "#d"]),
        ("#tag@name #tag@na #tag@" + "n" * 40, ["#tag@name", "#tag", "#tag@" + "n" * 32]),
        ("#a" + "1" * 300, ["#a" + "1" * 255]),
        ("#a\u200cb·c #aก฿", ["#a\u200cb·c", "#aก"]),
    ],
)
def test_hashtags(text: str, tags: list[str]) -> None:
    assert texts("hashtag", text) == tags


@pytest.mark.parametrize(
    ("text", "tags"),
    [
        ("$A $ABCDEFGH $ABCDEFGHI $Ab", ["$A", "$ABCDEFGH"]),
        ("$1INCH $1INC a$EUR $$EUR $EUR$", ["$1INCH"]),
        ("$EUR@name $EUR@na $EUR.", ["$EUR@name", "$EUR", "$EUR"]),
    ],
)
def test_cashtags(text: str, tags: list[str]) -> None:
    assert texts("cashtag", text) == tags


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("4111111111111111 4111111111111112", ["4111111111111111"]),
        ("378282246310005; 5555555555554444", ["378282246310005", "5555555555554444"]),
        ("+4111111111111111 x4111111111111111 4111111111111111_", []),
        ("4 - - 1 1 1 1 1 1 1 1 1 1 1 - - - - - - - - 1 1 1 1", []),
        ("2200000000000004 220000000000000004", ["2200000000000004"]),
    ],
)
def test_bank_cards(text: str, numbers: list[str]) -> None:
    assert texts("bank_card_number", text) == numbers


@pytest.mark.parametrize(
    ("text", "urls"),
    [
        ("http://user:pw@example.com:80/x", ["http://user:pw@example.com:80/x"]),
        ("example.com:0 example.com:70000/x", ["example.com", "example.com"]),
        ("10.0.0.1 10.0.0.256 10.0.0.01", ["10.0.0.1"]),
        ("a_.com a_.b.com -a.com a-.com", ["a_.b.com", "-a.com"]),
        ("example.Com example.COM Example.com", ["example.COM", "Example.com"]),
        ("http://example.none example.none", ["http://example.none"]),
        ("xn--80afpi2a3c.xn--p1ai a.xn--p", ["xn--80afpi2a3c.xn--p1ai"]),
        ("почта.рф", ["почта.рф"]),
        ("http://example.com/(a)_[b]) {example.com/c}", ["http://example.com/(a)_[b]", "example.com/c"]),
        ("sftp://example.com tftp://example.com ftp://example.com", ["ftp://example.com"]),
        ("#example.com @example.com /example.com «example.com»", ["example.com"]),
        ("example.com? example.com# example.com/?", ["example.com", "example.com", "example.com/"]),
        ("TG://resolve?domain=x. ton://a#b", ["TG://resolve?domain=x", "ton://a#b"]),
        ("teiegram.org", []),
    ],
)
def test_links(text: str, urls: list[str]) -> None:
    assert texts("url", text) == urls


@pytest.mark.parametrize(
    ("text", "emails"),
    [
        ("a@example.com, A.B@x-y.example.org", ["a@example.com", "A.B@x-y.example.org"]),
        ("mailto:a@example.com", ["a@example.com"]),
        ("a@b@example.com a@example .@example.com", []),
        (
            ".".join("a" * 11) + "@example.com " + ".".join("a" * 12) + "@example.com",
            [".".join("a" * 11) + "@example.com"],
        ),
        ("a@b.c.d.e.f.g.hi a@b.c.d.e.f.g.h.ij a@x.toolongend", ["a@b.c.d.e.f.g.hi"]),
    ],
)
def test_emails(text: str, emails: list[str]) -> None:
    assert texts("email", text) == emails


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


async def test_what_a_bot_writes_gets_its_entities_too(bot: Bot, chat: ChatView) -> None:
    sent = await bot.send_message(chat.id, "see https://example.com #tag @someone /go a@b.com")
    kinds = [entity.type for entity in sent.entities or ()]
    assert kinds == ["url", "hashtag", "mention", "bot_command", "email"]
    edited = await sent.edit_text("<b>at</b> example.com", parse_mode="HTML")
    assert not isinstance(edited, bool)
    assert [entity.type for entity in edited.entities or ()] == ["bold", "url"]
