"""What a failed expectation prints: every kind of message in one line that says what is in it."""

from __future__ import annotations

from typing import Any

import pytest
from aiogram import Bot
from aiogram.types import BufferedInputFile, InputPaidMediaPhoto, LabeledPrice, ReactionTypeEmoji

from tests.testing.methods.scene import FILE
from tgslices.testing import BotAccount, BotApi, ChatView, Person
from tgslices.testing.content.flattened import flattened
from tgslices.testing.content.wording import preview
from tgslices.testing.people.seeing import seen
from tgslices.testing.rules.kinds import SERVICE_KINDS
from tgslices.testing.wire.arguments import Arguments


def line(chat: ChatView) -> str:
    """The last line, without its number."""
    return str(chat).rsplit("\n", 1)[-1][7:]


PRICES = [LabeledPrice(label="a", amount=4)]
SENT: list[tuple[str, dict[str, Any], str]] = [
    ("message", {"text": "Tea?"}, "Tea?"),
    ("photo", {"photo": FILE, "caption": "Tea"}, "<photo> Tea"),
    ("document", {"document": BufferedInputFile(b"x", "menu.pdf")}, "<document> menu.pdf"),
    ("audio", {"audio": FILE, "caption": "a song"}, "<audio> picture.png a song"),
    ("voice", {"voice": FILE}, "<voice>"),
    ("sticker", {"sticker": FILE, "emoji": "🍵"}, "<sticker> 🍵"),
    ("poll", {"question": "Tea?", "options": ["yes", "no"]}, "<poll> Tea? · yes: 0 · no: 0"),
    (
        "poll",
        {"question": "2+2?", "options": ["4", "5"], "type": "quiz", "correct_option_id": 0, "is_closed": True},
        "<poll> 2+2? · 4: 0 · 5: 0 · (quiz closed)",
    ),
    ("contact", {"phone_number": "+1000", "first_name": "Bob", "last_name": "Ash"}, "<contact> Bob Ash · +1000"),
    (
        "location",
        {"latitude": 1.5, "longitude": -2, "live_period": 60},
        "<location> Location · 1.5, -2.0 · live for 60 s",
    ),
    ("venue", {"latitude": 1, "longitude": 2, "title": "Café", "address": "Quay 1"}, "<venue> Café · Quay 1"),
    ("game", {"game_short_name": "chess"}, "<game> chess  [Play chess]"),
    (
        "invoice",
        {"title": "Tea", "description": "hot", "payload": "x", "currency": "XTR", "prices": PRICES},
        "<invoice> Tea · hot · 4 XTR  [Pay 4 XTR]",
    ),
    (
        "paid_media",
        {"star_count": 5, "media": [InputPaidMediaPhoto(media=FILE)], "caption": "mine"},
        "<paid_media> 5 ⭐ · photo mine",
    ),
]


@pytest.mark.parametrize(("kind", "arguments", "said"), SENT, ids=[f"{kind}{n}" for n, (kind, _, _) in enumerate(SENT)])
async def test_what_is_sent_stands_in_one_line(
    bot: Bot, chat: ChatView, kind: str, arguments: dict[str, Any], said: str
) -> None:
    await getattr(bot, f"send_{kind}")(chat.id, **arguments)
    assert str(chat) == f"--- order_bot, as Ann sees it ---\n    1  order_bot: {said}"


async def test_a_dice_shows_its_value(bot: Bot, chat: ChatView) -> None:
    sent = await bot.send_dice(chat.id)
    assert sent.dice is not None
    assert line(chat) == f"order_bot: <dice> 🎲 {sent.dice.value}"


async def test_a_business_chat_is_called_one(api: BotApi, account: BotAccount, bot: Bot, ann: Person) -> None:
    bob = api.add_person("Bob")
    connection = api.connect_business(bob, account)
    chat = ann.business_chat(bob)
    await bot.send_message(chat.id, "Tea?", business_connection_id=connection)
    assert str(chat).splitlines() == ["--- Bob (business), as Ann sees it ---", "    1  Bob: Tea?"]


@pytest.mark.parametrize(
    ("kind", "field", "said"),
    [
        ("story", {"id": 7, "chat": {"id": 1, "type": "private", "first_name": "Bob"}}, "<story> of Bob · number 7"),
        ("giveaway", {"winner_count": 3, "prize_description": "tea"}, "<giveaway> Giveaway · 3 winners · tea"),
        ("something_new", {"x": 1}, "<something_new>"),
        ("poll", {}, "<poll>"),
        ("rich_message", {"blocks": [{"type": "heading", "text": "Tea", "size": 1}]}, "<rich_message> Tea"),
        ("checklist", {"title": "T", "tasks": [{"text": "a", "completion_date": 5}]}, "<checklist> T · ☑ a"),
        ("new_chat_title", "Crew", "<new_chat_title> Ann named the chat “Crew”"),
        ("video_chat_started", {}, "<video_chat_started> Ann started a video chat"),
        ("refunded_payment", {"total_amount": 4, "currency": "XTR"}, "<refunded_payment> Ann gave back 4 XTR"),
        ("boost_added", {"boost_count": 1}, "<boost_added> Ann: boost added"),
    ],
)
def test_what_was_planted_stands_in_one_line(
    api: BotApi, ann: Person, chat: ChatView, kind: str, field: object, said: str
) -> None:
    api.plant_message(chat, ann, kind=kind, content={kind: field})
    assert line(chat) == f"Ann: {said}"


@pytest.mark.parametrize("kind", sorted(SERVICE_KINDS))
def test_every_service_message_can_be_read_whatever_is_missing(
    api: BotApi, ann: Person, chat: ChatView, kind: str
) -> None:
    planted = api.plant_message(chat, ann, kind=kind)
    assert preview(planted).startswith(("Ann ", "Ann: ", "The group", "This supergroup"))
    assert f"<{kind}> " in str(seen(planted))


async def test_topics_reactions_and_drafts_show(api: BotApi, account: BotAccount, bot: Bot, ann: Person) -> None:
    team = ann.view(api.add_supergroup("Team", members=[ann], admins=[account], is_forum=True))
    news = api.add_topic(team, "News", by=ann)
    message = await bot.send_message(team.id, "hello", message_thread_id=news.thread_id)
    await bot.set_message_reaction(team.id, message.message_id, [ReactionTypeEmoji(emoji="👍")])
    assert str(team).splitlines() == [
        "--- Team, as Ann sees it ---",
        "    2  #News Ann: <forum_topic_created> Ann opened the topic “News”",
        "    3  #News order_bot: hello  👍",
    ]
    chat = ann.private_chat(account)
    draft = Arguments({"chat_id": str(chat.id), "draft_id": "1", "text": "I am thin"})
    await api.calls.perform(account, "sendMessageDraft", draft)
    assert str(chat).splitlines()[1:] == ["       (nothing is visible)", "    …  (draft) I am thin"]
    assert chat.drafts() == ["I am thin"]
    await bot.send_message(chat.id, "I am thinking.")
    assert (chat.texts(), chat.drafts()) == (["I am thinking."], [])


LINK = {"type": "url", "text": " hot", "url": "http://x.y"}
POURED = {"label": "•", "has_checkbox": True, "is_checked": True, "blocks": [{"type": "paragraph", "text": "pour"}]}
CELLS = [[{"text": "a", "is_header": True}, {"text": "b"}], [{}, {"text": "c"}]]
BLOCKS = [
    {"type": "heading", "text": "Tea", "size": 1},
    {"type": "paragraph", "text": ["is ", {"type": "bold", "text": "very"}, LINK]},
    {"type": "list", "items": [{"label": "1.", "blocks": [{"type": "paragraph", "text": "boil 😀"}]}, POURED]},
    {"type": "divider"},
    {"type": "table", "cells": CELLS, "caption": "sizes"},
    {"type": "photo", "photo": [], "caption": {"text": "a cup"}},
    {"type": "blockquote", "blocks": [{"type": "paragraph", "text": "so she said"}], "credit": "Ann"},
    {"type": "details", "summary": "more", "blocks": [{"type": "pre", "text": "x = 1"}]},
    {"type": "mathematical_expression", "expression": "a+b"},
    {"type": "buttons", "buttons": [{"text": "Go"}, {"text": "Stop"}]},
]
PLAIN = """Tea
is very hot
1. boil 😀
• ☑ pour
———
a | b
 | c
sizes
[photo]
a cup
so she said
Ann
more
x = 1
a+b
[Go] [Stop]"""


def test_a_rich_message_is_read_line_by_line() -> None:
    text, entities = flattened({"blocks": BLOCKS})
    assert text == PLAIN
    wide = text.encode("utf-16-le")
    named = [
        (entity["type"], wide[entity["offset"] * 2 : (entity["offset"] + entity["length"]) * 2].decode("utf-16-le"))
        for entity in entities
    ]
    assert named == [
        ("bold", "Tea"),
        ("bold", "very"),
        ("text_link", " hot"),
        ("bold", "a"),
        ("blockquote", "so she said\n"),
        ("pre", "x = 1"),
    ]


@pytest.mark.parametrize("rich", [None, {}, [], {"blocks": 1}, {"blocks": [1, {}]}, {"blocks": [{"type": "list"}]}])
def test_what_is_no_rich_message_reads_as_nothing(rich: object) -> None:
    assert flattened(rich) == ("", [])
