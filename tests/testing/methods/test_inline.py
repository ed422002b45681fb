"""What a person sends of a bot's inline results: taps on it, and edits by ``inline_message_id``."""

from __future__ import annotations

from typing import Any

import pytest
from aiogram import Bot, Dispatcher
from aiogram.methods import (
    EditMessageCaption,
    EditMessageMedia,
    EditMessageReplyMarkup,
    EditMessageText,
    SetGameScore,
    TelegramMethod,
)
from aiogram.types import (
    BufferedInputFile,
    CallbackQuery,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InlineQuery,
    InlineQueryResultArticle,
    InlineQueryResultGame,
    InlineQueryResultLocation,
    InlineQueryResultPhoto,
    InputInvoiceMessageContent,
    InputMediaPhoto,
    InputTextMessageContent,
    LabeledPrice,
    LinkPreviewOptions,
)

from tests.testing.refusals import answer_to, refusal
from tgslices.testing import BotAccount, BotApi, ChatView, Person
from tgslices.testing.running import running

MORE = InlineKeyboardMarkup(inline_keyboard=[[InlineKeyboardButton(text="More", callback_data="more")]])
LESS = InlineKeyboardMarkup(inline_keyboard=[[InlineKeyboardButton(text="Less", callback_data="less")]])
TEA = InputTextMessageContent(
    message_text="tea", link_preview_options=LinkPreviewOptions(is_disabled=True, prefer_small_media=None)
)
ARTICLE = InlineQueryResultArticle(id="tea", title="Tea", input_message_content=TEA, reply_markup=MORE)
PLAIN = InlineQueryResultArticle(id="plain", title="Plain", input_message_content=TEA)
PHOTO = InlineQueryResultPhoto(
    id="cup",
    photo_url="https://example.org/cup.jpg",
    thumbnail_url="https://example.org/c.jpg",
    caption="cup",
    reply_markup=MORE,
)
PLACE = InlineQueryResultLocation(id="bar", latitude=1, longitude=2, title="Bar", live_period=900, reply_markup=MORE)
TEXT: dict[str, Any] = {"type": "article", "id": "1", "title": "A", "input_message_content": {"message_text": "x"}}
GAME = InlineQueryResultGame(id="game", game_short_name="chess")


@pytest.fixture
def team(api: BotApi, ann: Person) -> ChatView:
    """A group without the bot: it learns of nothing that happens there but what is told by name."""
    return ann.view(api.add_supergroup("Team", members=[ann, api.add_person("Bob")]))


async def picked(bot: Bot, account: BotAccount, team: ChatView, result: Any) -> str:
    """Send this result; returns its ``inline_message_id``, or ``""``."""
    inquiry = await team.asks_inline(account, "tea")
    query = (await bot.get_updates())[-1].inline_query
    assert isinstance(query, InlineQuery)
    await query.answer([result]).as_(bot)
    await team.picks(inquiry)
    chosen = (await bot.get_updates())[-1].chosen_inline_result
    assert chosen is not None
    return chosen.inline_message_id or ""


async def test_only_what_has_buttons_can_be_named(bot: Bot, account: BotAccount, team: ChatView) -> None:
    first = await picked(bot, account, team, ARTICLE)
    second = await picked(bot, account, team, PHOTO)
    assert "" != first != second != ""
    assert await picked(bot, account, team, PLAIN) == ""
    assert team.stored()[0].content["link_preview_options"] == {"is_disabled": True}


async def test_a_tap_on_it_reaches_the_bot_of_the_result_and_is_answered_by_an_edit(
    bot: Bot, account: BotAccount, ann: Person, team: ChatView
) -> None:
    dispatcher = Dispatcher()
    name = await picked(bot, account, team, ARTICLE)

    @dispatcher.callback_query()
    async def more(tap: CallbackQuery) -> None:
        assert (tap.message, tap.inline_message_id, tap.from_user.id) == (None, name, ann.id)
        assert await bot.edit_message_text("green tea", inline_message_id=name, reply_markup=LESS) is True
        await tap.answer("Noted")

    async with running(dispatcher, bot):
        tap = await team.taps("More")
        await team.until(lambda view: tap.is_answered)
    assert str(team).splitlines()[1:] == ["    2  Ann: green tea  [Less]"]


@pytest.mark.parametrize(
    ("result", "method", "shown"),
    [
        (ARTICLE, EditMessageText(text="milk", reply_markup=LESS), "milk  [Less]"),
        (ARTICLE, EditMessageText(text="milk"), "milk"),
        (ARTICLE, EditMessageReplyMarkup(reply_markup=LESS), "tea  [Less]"),
        (PHOTO, EditMessageCaption(caption="pot"), "<photo> pot"),
        (
            PHOTO,
            EditMessageMedia(media=InputMediaPhoto(media="https://example.org/pot.jpg", caption="pot")),
            "<photo> pot",
        ),
        (GAME, SetGameScore(user_id=1001, score=7), "<game> chess  [Play chess]"),
    ],
)
async def test_every_edit_by_its_name_answers_true(
    bot: Bot, account: BotAccount, ann: Person, team: ChatView, result: Any, method: TelegramMethod[Any], shown: str
) -> None:
    assert ann.id == 1001
    name = await picked(bot, account, team, result)
    assert await bot(method.model_copy(update={"inline_message_id": name})) is True
    assert str(team).splitlines()[1:] == [f"    2  Ann: {shown}"]


async def test_a_live_location_moves_and_stops(bot: Bot, account: BotAccount, team: ChatView) -> None:
    name = await picked(bot, account, team, PLACE)
    assert await bot.edit_message_live_location(3, 4, inline_message_id=name, reply_markup=MORE) is True
    assert team.stored()[0].content["location"] == {"latitude": 3, "longitude": 4, "live_period": 900}
    assert await bot.stop_message_live_location(inline_message_id=name) is True
    assert team.stored()[0].content["location"] == {"latitude": 3, "longitude": 4}


async def test_scores_of_a_picked_game(bot: Bot, account: BotAccount, ann: Person, team: ChatView) -> None:
    name = await picked(bot, account, team, GAME)
    assert await bot.set_game_score(ann.id, 7, inline_message_id=name) is True
    [best] = await bot.get_game_high_scores(ann.id, inline_message_id=name)
    assert (best.score, best.user.id) == (7, ann.id)
    again = SetGameScore(user_id=ann.id, score=3, inline_message_id=name)
    assert await refusal(bot, again) == "Bad Request: BOT_SCORE_NOT_MODIFIED"


async def test_edits_that_are_refused(api: BotApi, bot: Bot, account: BotAccount, team: ChatView) -> None:
    name = await picked(bot, account, team, PHOTO)
    [message] = team.stored()
    file = BufferedInputFile(b"data", "pot.jpg")
    upload = EditMessageMedia(media=InputMediaPhoto(media=file), inline_message_id=name)
    assert await refusal(bot, upload) == "Bad Request: invalid message content specified"
    text = EditMessageText(text="x", inline_message_id=name)
    assert await refusal(bot, text) == "Bad Request: there is no text in the message to edit"
    same = EditMessageCaption(caption="cup", inline_message_id=name, reply_markup=MORE)
    assert "message is not modified" in await refusal(bot, same)
    nameless = EditMessageCaption(caption="x")
    assert await refusal(bot, nameless) == "Bad Request: message identifier is not specified"
    by_number = EditMessageCaption(caption="x", chat_id=team.id, message_id=message.message_id)
    assert await refusal(bot, by_number) == "Bad Request: chat not found"
    caption = EditMessageCaption(caption="x", inline_message_id=name)
    second = api.add_bot("second_bot")
    async with Bot(second.token, session=api.client_session()) as other:
        assert await refusal(other, caption) == "Bad Request: MESSAGE_ID_INVALID"
    await team.deletes(message)
    assert await refusal(bot, caption) == "Bad Request: MESSAGE_ID_INVALID"


async def test_a_message_of_a_channel_or_a_private_chat_is_edited_as_well(
    api: BotApi, bot: Bot, account: BotAccount, ann: Person, chat: ChatView
) -> None:
    channel = ann.view(api.add_channel("News", admins=[ann]))
    for view in (channel, chat):
        name = await picked(bot, account, view, ARTICLE)
        assert await bot.edit_message_text("milk", inline_message_id=name) is True
        assert view.texts() == ["milk"]
    copied = await bot.copy_message(chat.id, chat.id, chat.stored()[0].message_id)
    shown = chat.stored()[-1]
    assert shown.message_id == copied.message_id
    assert "via_bot" not in shown.content


@pytest.mark.parametrize(
    ("arguments", "refused"),
    [
        ({"results": [{"type": "poll", "id": "1"}]}, 'can\'t parse inline query result: type "poll" is unsupported'),
        ({"results": [{**TEXT, "input_message_content": {"message_text": ""}}]}, "Message text is empty"),
        ({"results": [{**TEXT, "reply_markup": {"keyboard": [["A"]]}}]}, "inline keyboard expected"),
        ({"results": [{**TEXT, "id": str(number)} for number in range(51)]}, "too many inline query results"),
        ({"results": [TEXT, TEXT]}, "RESULT_ID_DUPLICATE"),
        ({"results": [], "next_offset": "x" * 65}, "NEXT_OFFSET_INVALID"),
        ({"results": [], "button": {"text": "A"}}, "must have exactly one optional field"),
        ({"results": [], "button": {"text": "A", "web_app": {"url": "http://a.org"}}}, "Only HTTPS links are allowed"),
    ],
)
async def test_an_answer_that_is_refused_leaves_the_query_open(
    api: BotApi, bot: Bot, account: BotAccount, team: ChatView, arguments: dict[str, Any], refused: str
) -> None:
    """`Client.cpp:10261-10285`."""
    inquiry = await team.asks_inline(account, "tea")
    assert refused in await answer_to(api, account, "answerInlineQuery", inline_query_id=inquiry.id, **arguments)
    assert not inquiry.is_answered
    assert await bot.answer_inline_query(inquiry.id, [PLAIN])


async def test_an_invoice_may_be_the_message_of_a_result(bot: Bot, account: BotAccount, team: ChatView) -> None:
    """https://core.telegram.org/bots/api#inputinvoicemessagecontent"""
    invoice = InputInvoiceMessageContent(
        title="Tea", description="Hot", payload="p", currency="XTR", prices=[LabeledPrice(label="Tea", amount=3)]
    )
    result = InlineQueryResultArticle(id="buy", title="Buy", input_message_content=invoice)
    await picked(bot, account, team, result)
    [message] = team.visible()
    assert (message.kind, message.buttons) == ("invoice", (("Pay 3 XTR",),))
