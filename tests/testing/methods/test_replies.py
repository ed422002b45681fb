"""What a message answers, here or elsewhere, and what else it takes along: quotes, previews, effects."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from aiogram import Bot, methods, types
from aiogram.methods import SendMessage
from aiogram.types import LinkPreviewOptions, ReplyParameters

from tests.needs import needs
from tests.testing.refusals import refusal
from tgslices.testing import BotAccount, BotApi, ChatView, Person
from tgslices.testing.text.quoting import quote_position

BOLD = {"type": "bold", "offset": 6, "length": 5}
LINK = {"type": "text_link", "offset": 0, "length": 5, "url": "https://example.org"}


@pytest.fixture
def team(api: BotApi, account: BotAccount, ann: Person) -> ChatView:
    return ann.view(api.add_supergroup("Team", members=[ann], admins=[account]))


@pytest.fixture
def other(api: BotApi, account: BotAccount, ann: Person) -> ChatView:
    return ann.view(api.add_supergroup("Others", members=[ann], admins=[account]))


async def test_a_message_of_another_chat_is_replied_to_and_not_its_namesake_here(
    bot: Bot, ann: Person, team: ChatView, other: ChatView
) -> None:
    here = await team.types("here")
    there = await other.types("there")
    assert here.message_id == there.message_id
    sent = await bot.send_message(
        team.id, "x", reply_parameters=ReplyParameters(message_id=there.message_id, chat_id=other.id)
    )
    assert sent.reply_to_message is None
    external = sent.external_reply
    assert external is not None
    assert external.chat is not None
    assert isinstance(external.origin, types.MessageOriginUser)
    assert (external.chat.id, external.message_id) == (other.id, there.message_id)
    assert external.origin.sender_user.id == ann.id
    same = ReplyParameters(message_id=here.message_id, chat_id=team.id)
    inside = await bot.send_message(team.id, "y", reply_parameters=same)
    assert inside.external_reply is None
    assert inside.reply_to_message is not None
    assert inside.reply_to_message.text == "here"


async def test_a_reply_to_another_chat_repeats_a_file_and_hides_a_private_chat(
    bot: Bot, chat: ChatView, team: ChatView
) -> None:
    await chat.sends_file("photo", caption="look")
    sent = await bot.send_message(team.id, "x", reply_parameters=ReplyParameters(message_id=1, chat_id=chat.id))
    assert sent.external_reply is not None
    assert (sent.external_reply.chat, sent.external_reply.message_id) == (None, None)
    assert sent.external_reply.photo is not None
    copied = await bot.forward_message(team.id, team.id, sent.message_id)
    assert copied.external_reply is None


async def test_chats_and_messages_to_reply_to_that_are_not_there(
    api: BotApi, bot: Bot, team: ChatView, other: ChatView
) -> None:
    await team.types("one")

    def to(**parameters: Any) -> SendMessage:
        return SendMessage(chat_id=team.id, text="x", reply_parameters=ReplyParameters(**parameters))

    missing = "Bad Request: message to be replied not found"
    assert await refusal(bot, to(message_id=1, chat_id=-1_000_000_000_999)) == "Bad Request: chat not found"
    assert await refusal(bot, to(message_id=77, chat_id=other.id)) == missing
    assert await refusal(bot, to(message_id=77)) == missing
    sent = await bot(to(message_id=77, chat_id=other.id, allow_sending_without_reply=True))
    assert (sent.reply_to_message, sent.external_reply) == (None, None)


async def test_a_message_of_another_topic_is_an_external_one(
    api: BotApi, bot: Bot, account: BotAccount, ann: Person
) -> None:
    forum = ann.view(api.add_supergroup("Forum", members=[ann], admins=[account], is_forum=True))
    news, talk = (api.add_topic(forum, name, by=ann) for name in ("News", "Talk"))
    hers = await forum.types("news", topic=news)
    reply = ReplyParameters(message_id=hers.message_id)
    inside = await bot.send_message(forum.id, "x", message_thread_id=news.thread_id, reply_parameters=reply)
    outside = await bot.send_message(forum.id, "x", message_thread_id=talk.thread_id, reply_parameters=reply)
    assert (inside.reply_to_message is None, inside.external_reply is None) == (False, True)
    assert (outside.reply_to_message is None, outside.external_reply is None) == (True, False)


async def test_for_a_business_account_a_missing_message_is_no_error(
    api: BotApi, bot: Bot, account: BotAccount, ann: Person, team: ChatView
) -> None:
    owner = api.add_person("Owner")
    connection = api.connect_business(owner, account)
    customer = ann.business_chat(owner)
    hers = await customer.types("tea?")
    await team.types("other")

    async def send(**parameters: Any) -> types.Message:
        reply = ReplyParameters(**parameters)
        return await bot.send_message(customer.id, "x", business_connection_id=connection, reply_parameters=reply)

    answered = await send(message_id=hers.message_id)
    assert answered.reply_to_message is not None
    assert (await send(message_id=77)).reply_to_message is None
    elsewhere = await send(message_id=2, chat_id=team.id)
    assert (elsewhere.reply_to_message, elsewhere.external_reply) == (None, None)


@pytest.mark.parametrize(
    ("entities", "quote", "quote_entities", "near", "position"),
    [
        ([], "black", [], 0, 0),
        ([], "tea", [], 0, 12),
        ([], "black ", [], 20, 16),
        ([], "milk", [], 0, None),
        ([], "", [], 0, None),
        ([BOLD], "tea", [], 0, 12),
        ([BOLD], "green", [{"type": "bold", "offset": 0, "length": 5}], 0, 6),
        ([BOLD], "green", [], 0, None),
        ([BOLD], "green", [{"type": "italic", "offset": 0, "length": 5}], 0, None),
        ([BOLD], "k gr", [{"type": "bold", "offset": 2, "length": 2}], 0, 4),
        ([LINK], "black", [], 0, 0),
        ([], "black", [LINK], 0, 0),
    ],
)
def test_where_a_quote_stands(
    entities: list[Any], quote: str, quote_entities: list[Any], near: int, position: int | None
) -> None:
    """DOC: "an exact substring of the message to be replied to, including bold, italic, ... entities"."""
    assert quote_position("black green tea black tea", entities, quote, quote_entities, near) == position


def test_quotes_are_placed_and_measured_in_utf16_units() -> None:
    assert quote_position("🍵 tea", [], "tea", [], 0) == 3
    assert quote_position("x" * 1025, [], "x" * 1024, [], 0) == 0
    assert quote_position("x" * 1025, [], "x" * 1025, [], 0) is None


async def test_a_quote_comes_back_with_its_place(bot: Bot, chat: ChatView, other: ChatView) -> None:
    await bot.send_message(chat.id, "black <b>green</b> tea", parse_mode="HTML")
    await other.types("black green tea")
    reply = ReplyParameters(message_id=1, quote="<b>green</b> tea", quote_parse_mode="HTML")
    quote = (await bot.send_message(chat.id, "this", reply_parameters=reply)).quote
    assert quote is not None
    assert (quote.text, quote.position, quote.is_manual) == ("green tea", 6, True)
    assert [(entity.type, entity.length) for entity in quote.entities or ()] == [("bold", 5)]
    elsewhere = ReplyParameters(message_id=2, chat_id=other.id, quote="tea", quote_position=12)
    sent = await bot.send_photo(chat.id, "https://example.org/a.jpg", reply_parameters=elsewhere)
    assert sent.quote is not None
    assert sent.quote.position == 12
    wrong = ReplyParameters(message_id=1, quote="milk")
    method = SendMessage(chat_id=chat.id, text="x", reply_parameters=wrong)
    assert await refusal(bot, method) == "Bad Request: QUOTE_TEXT_INVALID"


async def test_how_links_are_shown_comes_back(bot: Bot, chat: ChatView) -> None:
    options = LinkPreviewOptions(url="https://example.org", show_above_text=True, is_disabled=False)
    sent = await bot.send_message(chat.id, "see", link_preview_options=options)
    shown = sent.link_preview_options
    assert shown is not None
    assert (shown.url, shown.show_above_text, shown.is_disabled is True) == ("https://example.org", True, False)
    assert (await bot.send_message(chat.id, "see", disable_web_page_preview=True)).link_preview_options is not None
    assert (await bot.send_message(chat.id, "see")).link_preview_options is None
    edited = await bot.edit_message_text("see", chat_id=chat.id, message_id=sent.message_id)
    assert isinstance(edited, types.Message)
    assert edited.link_preview_options is None
    answered = await bot.send_message(chat.id, "x", reply_parameters=ReplyParameters(message_id=2))
    assert answered.reply_to_message is not None
    assert answered.reply_to_message.link_preview_options is not None


async def test_effects_show_in_private_chats(bot: Bot, chat: ChatView, team: ChatView) -> None:
    effect = "5104841245755180586"
    sent = await bot.send_message(chat.id, "hooray", message_effect_id=effect)
    assert sent.effect_id == effect
    assert (await bot.send_message(team.id, "hooray", message_effect_id=effect)).effect_id is None
    assert (await bot.forward_message(chat.id, chat.id, sent.message_id)).effect_id is None


class TestEphemeral:
    """Replies to messages for one member's eyes, and such messages in answer to a tap."""

    pytestmark = needs(methods, "DeleteEphemeralMessage")

    async def test_a_reply_that_everybody_would_see_is_refused(
        self, bot: Bot, account: BotAccount, ann: Person, team: ChatView
    ) -> None:
        await team.sends_ephemeral(account, "psst")
        reply = ReplyParameters(ephemeral_message_id=1)
        method = SendMessage(chat_id=team.id, text="x", reply_parameters=reply)
        assert await refusal(bot, method) == "Bad Request: message to be replied not found"
        for_her = types.EphemeralMessageParameters(receiver_user_id=ann.id)
        await bot(method.model_copy(update={"ephemeral_message_parameters": for_her}))
        assert team.texts() == ["psst", "x"]

    async def test_it_is_shown_in_the_place_of_the_tapped_message_to_her_alone(
        self, api: BotApi, bot: Bot, ann: Person, team: ChatView
    ) -> None:
        bob = api.add_person("Bob")
        api.join(team, bob)
        buttons = types.InlineKeyboardMarkup(
            inline_keyboard=[[types.InlineKeyboardButton(text="More", callback_data="more")]]
        )
        await bot.send_message(team.id, "menu", reply_markup=buttons)
        await bot.send_message(team.id, "later")
        tap = await team.taps("More")

        async def send(text: str, **parameters: Any) -> types.Message:
            given = types.EphemeralMessageParameters(receiver_user_id=ann.id, **parameters)
            return await bot.send_message(team.id, text, reply_markup=buttons, ephemeral_message_parameters=given)

        sent = await send("yours", callback_query_id=tap.id, replace_callback_query_message=True)
        assert team.texts()[-2:] == ["yours", "later"]
        assert bob.view(team.chat).texts()[-2:] == ["menu", "later"]
        await bot.delete_ephemeral_message(team.id, ann.id, sent.ephemeral_message_id or 0)
        assert team.texts()[-2:] == ["menu", "later"]
        await send("beside", callback_query_id=tap.id)
        assert team.texts()[-3:] == ["menu", "later", "beside"]

    async def test_taps_that_it_cannot_answer(
        self, api: BotApi, bot: Bot, account: BotAccount, ann: Person, team: ChatView, chat: ChatView
    ) -> None:
        world = api.world
        bob = api.add_person("Bob")
        text = await bot.send_message(team.id, "menu")
        stored = team.chat.find(account.id, text.message_id)
        assert stored is not None
        whispered = world.store_ephemeral(team.chat, account, ann, "text", {"text": "psst"})
        elsewhere = api.plant_message(chat, account, text="x")
        old = "Bad Request: query is too old and response timeout expired or query ID is invalid"
        for tap_id, replaces, expected in (
            ("77", False, old),
            (world.tap(bob, stored, account, "x").id, False, old),
            (world.tap(ann, elsewhere, account, "x").id, False, old),
            (world.tap(ann, stored, api.add_bot("second_bot"), "x").id, False, old),
            (world.tap(ann, whispered, account, "x").id, True, "Bad Request: MESSAGE_ID_INVALID"),
            (None, True, "Bad Request: MESSAGE_ID_INVALID"),
        ):
            given = types.EphemeralMessageParameters(
                receiver_user_id=ann.id, callback_query_id=tap_id, replace_callback_query_message=replaces
            )
            method = SendMessage(chat_id=team.id, text="x", ephemeral_message_parameters=given)
            assert await refusal(bot, method) == expected
        api.clock.move(timedelta(days=8))
        deprecated = SendMessage(chat_id=team.id, text="x", receiver_user_id=ann.id, callback_query_id="77")
        assert await refusal(bot, deprecated) == old

    async def test_a_text_for_her_eyes_becomes_rich(self, bot: Bot, ann: Person, team: ChatView) -> None:
        for_her = types.EphemeralMessageParameters(receiver_user_id=ann.id)
        await bot.send_message(team.id, "psst", ephemeral_message_parameters=for_her)
        rich = types.InputRichMessage(html="<h1>Tea</h1>")
        assert await bot.edit_ephemeral_message_text(team.id, ann.id, 1, rich_message=rich)
        assert [message.kind for message in team.visible()] == ["rich_message"]
