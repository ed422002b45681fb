"""Buttons as the server takes them. Source: tdlib/td ``ReplyMarkup.cpp``."""

from datetime import timedelta
from typing import Any

import pytest
from aiogram import Bot
from aiogram.exceptions import TelegramBadRequest
from aiogram.methods import SendMessage
from aiogram.types import (
    ForceReply,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    KeyboardButton,
    KeyboardButtonPollType,
    KeyboardButtonRequestChat,
    LoginUrl,
    ReplyKeyboardMarkup,
    ReplyKeyboardRemove,
    WebAppInfo,
)

from tests.testing.refusals import answer_to, refusal
from tgslices.testing import BotAccount, BotApi, ChatView, Person


def inline(**action: Any) -> InlineKeyboardMarkup:
    return InlineKeyboardMarkup(inline_keyboard=[[InlineKeyboardButton(text="A", **action)]])


def keyboard(**action: Any) -> ReplyKeyboardMarkup:
    return ReplyKeyboardMarkup(keyboard=[[KeyboardButton(text="A", **action)]])


@pytest.mark.parametrize(
    ("action", "error"),
    [
        (
            {"url": "http://localhost:3000/"},
            "inline keyboard button URL 'http://localhost:3000/' is invalid: Wrong HTTP URL",
        ),
        ({"url": "profile"}, "inline keyboard button URL 'profile' is invalid: Wrong HTTP URL"),
        (
            {"web_app": WebAppInfo(url="http://example.com")},
            "inline keyboard button Web App URL 'http://example.com' is invalid: Only HTTPS links are allowed",
        ),
        (
            {"login_url": LoginUrl(url="example.com")},
            "inline keyboard button login URL 'example.com' is invalid: Only HTTPS links are allowed",
        ),
        ({"web_app": WebAppInfo(url="tg://user?id=1")}, "link to a user can't be used in Web App URL buttons"),
    ],
)
async def test_links_of_buttons_are_checked(bot: Bot, chat: ChatView, action: dict[str, Any], error: str) -> None:
    text = await refusal(bot, SendMessage(chat_id=chat.id, text="x", reply_markup=inline(**action)))
    assert text == f"Bad Request: {error}"


@pytest.mark.parametrize(
    ("url", "kept"), [("example.com", "http://example.com/"), ("tg://user?id=7", "tg://user?id=7")]
)
async def test_links_of_buttons_are_written_out(bot: Bot, chat: ChatView, url: str, kept: str) -> None:
    sent = await bot.send_message(chat.id, "x", reply_markup=inline(url=url))
    assert sent.reply_markup is not None
    assert sent.reply_markup.inline_keyboard[0][0].url == kept


async def test_buttons_without_a_text_and_those_too_many_are_left_out(bot: Bot, chat: ChatView) -> None:
    row = [InlineKeyboardButton(text=str(number), callback_data="x") for number in range(13)]
    empty = [InlineKeyboardButton(text="", callback_data="x")]
    sent = await bot.send_message(chat.id, "x", reply_markup=InlineKeyboardMarkup(inline_keyboard=[empty, row]))
    assert sent.reply_markup is not None
    assert [len(buttons) for buttons in sent.reply_markup.inline_keyboard] == [12]
    bare = await bot.send_message(chat.id, "x", reply_markup=InlineKeyboardMarkup(inline_keyboard=[empty]))
    assert bare.reply_markup is None
    many = await bot.send_message(chat.id, "x", reply_markup=InlineKeyboardMarkup(inline_keyboard=[row[:12]] * 26))
    assert many.reply_markup is not None
    assert sum(map(len, many.reply_markup.inline_keyboard)) == 300


@pytest.mark.parametrize(
    "markup", [keyboard(), ReplyKeyboardRemove(remove_keyboard=True), ForceReply(force_reply=True)]
)
async def test_a_channel_has_inline_keyboards_only(api: BotApi, account: BotAccount, bot: Bot, markup: Any) -> None:
    channel = api.add_channel("News", admins=[account])
    text = await refusal(bot, SendMessage(chat_id=channel.id, text="x", reply_markup=markup))
    assert text == "Bad Request: inline keyboard expected"


@pytest.mark.parametrize("name", ["switch_inline_query", "switch_inline_query_current_chat"])
async def test_a_channel_hides_whose_results_are_meant(api: BotApi, account: BotAccount, bot: Bot, name: str) -> None:
    channel = api.add_channel("News", admins=[account])
    text = await refusal(bot, SendMessage(chat_id=channel.id, text="x", reply_markup=inline(**{name: ""})))
    assert text == (
        f"Bad Request: can't use {name} button in a channel chat, because users will not be able to use the button "
        "without knowing bot's username"
    )


@pytest.mark.parametrize(
    ("action", "error"),
    [
        ({"request_contact": True}, "phone number can be requested in private chats only"),
        ({"request_location": True}, "location can be requested in private chats only"),
        ({"request_poll": KeyboardButtonPollType()}, "poll can be requested in private chats only"),
        ({"web_app": WebAppInfo(url="https://example.com")}, "web App buttons can be used in private chats only"),
        (
            {"request_chat": KeyboardButtonRequestChat(request_id=1, chat_is_channel=True)},
            "chats can be requested in private chats only",
        ),
    ],
)
async def test_a_group_is_not_asked_for_what_is_private(
    api: BotApi, account: BotAccount, bot: Bot, chat: ChatView, action: dict[str, Any], error: str
) -> None:
    group = api.add_supergroup("Group", members=[account])
    assert (
        await refusal(bot, SendMessage(chat_id=group.id, text="x", reply_markup=keyboard(**action)))
        == f"Bad Request: {error}"
    )
    await bot.send_message(chat.id, "x", reply_markup=keyboard(**action))


@pytest.mark.parametrize("markup", [{"keyboard": [["A"]]}, {"remove_keyboard": True}, {"force_reply": True}])
@pytest.mark.parametrize("method", ["editMessageText", "editMessageReplyMarkup"])
async def test_an_edit_takes_inline_keyboards_only(
    api: BotApi, account: BotAccount, bot: Bot, chat: ChatView, method: str, markup: Any
) -> None:
    sent = await bot.send_message(chat.id, "x", reply_markup=inline(callback_data="y"))
    place = {"chat_id": chat.id, "message_id": sent.message_id, "text": "z"}
    answer = await answer_to(api, account, method, **place, reply_markup=markup)
    assert answer == "Bad Request: inline keyboard expected"
    assert chat.texts() == ["x"]


PAY = {"pay": True}
PLAY: dict[str, Any] = {"callback_game": {}}
TAP = {"callback_data": "y"}
APP = {"web_app": {"url": "https://example.org"}}


@pytest.mark.parametrize(
    ("method", "actions", "refusal"),
    [
        ("sendMessage", [PAY], "BUTTON_TYPE_INVALID"),
        ("sendMessage", [TAP, PLAY], "BUTTON_TYPE_INVALID"),
        ("sendInvoice", [PAY, TAP], None),
        ("sendInvoice", [TAP, PAY], "BUTTON_POS_INVALID"),
        ("sendGame", [PLAY, TAP], None),
        ("sendGame", [TAP], "BUTTON_POS_INVALID"),
        ("sendGame", [PLAY, PAY], "BUTTON_TYPE_INVALID"),
    ],
)
async def test_buttons_that_pay_and_play_stand_first_under_invoices_and_games(
    api: BotApi, account: BotAccount, chat: ChatView, method: str, actions: list[dict[str, Any]], refusal: str | None
) -> None:
    """https://core.telegram.org/bots/api#inlinekeyboardbutton"""
    given: dict[str, Any] = {"chat_id": chat.id, "text": "x", "game_short_name": "g"}
    given |= {"title": "Tea", "description": "Hot", "payload": "p", "currency": "XTR"}
    given |= {"prices": [{"label": "Tea", "amount": 3}]}
    markup = {"inline_keyboard": [[{"text": "A", **action} for action in actions]]}
    answer = await answer_to(api, account, method, **given, reply_markup=markup)
    assert answer == f"Bad Request: {refusal}" if refusal else "message_id" in answer


async def test_inline_buttons_open_web_apps_in_private_chats_only(
    api: BotApi, account: BotAccount, bot: Bot, ann: Person, chat: ChatView
) -> None:
    """https://core.telegram.org/bots/api#inlinekeyboardbutton (``web_app``)"""
    team = api.add_supergroup("Team", members=[ann], admins=[account])
    markup = {"inline_keyboard": [[{"text": "A", **APP}]]}
    refused = "Bad Request: BUTTON_TYPE_INVALID"
    assert await answer_to(api, account, "sendMessage", chat_id=team.id, text="x", reply_markup=markup) == refused
    assert "message_id" in await answer_to(api, account, "sendMessage", chat_id=chat.id, text="x", reply_markup=markup)
    sent = await bot.send_message(team.id, "x")
    place = {"chat_id": team.id, "message_id": sent.message_id}
    assert await answer_to(api, account, "editMessageReplyMarkup", **place, reply_markup=markup) == refused


@pytest.mark.parametrize("length", [0, 257])
async def test_a_text_to_copy_has_1_to_256_characters(
    api: BotApi, account: BotAccount, chat: ChatView, length: int
) -> None:
    markup = {"inline_keyboard": [[{"text": "A", "copy_text": {"text": "x" * length}}]]}
    answer = await answer_to(api, account, "sendMessage", chat_id=chat.id, text="x", reply_markup=markup)
    assert answer == "Bad Request: BUTTON_COPY_TEXT_INVALID"


async def test_a_tap_may_be_answered_twice_and_shows_the_first(bot: Bot, chat: ChatView) -> None:
    await bot.send_message(chat.id, "x", reply_markup=inline(callback_data="y"))
    tap = await chat.taps("A")
    assert await bot.answer_callback_query(tap.id, "first")
    assert await bot.answer_callback_query(tap.id)
    assert tap.answer == "first"


async def test_a_tap_cannot_be_answered_an_hour_later(api: BotApi, bot: Bot, chat: ChatView) -> None:
    await bot.send_message(chat.id, "x", reply_markup=inline(callback_data="y"))
    tap = await chat.taps("A")
    api.clock.move(timedelta(hours=1))
    with pytest.raises(TelegramBadRequest, match="query is too old"):
        await bot.answer_callback_query(tap.id)
