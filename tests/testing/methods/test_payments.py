"""Giving back what was paid, giving Premium, and what a Web App sends."""

from datetime import timedelta
from typing import Any

import pytest
from aiogram import Bot, methods
from aiogram.methods import AnswerWebAppQuery, GiftPremiumSubscription, RefundStarPayment
from aiogram.types import (
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InlineQueryResultArticle,
    InputTextMessageContent,
    TransactionPartnerUser,
    WebAppInfo,
)
from aiogram.utils.web_app import safe_parse_webapp_init_data

from tests.needs import needs
from tests.testing.refusals import refusal
from tgslices.testing import BotAccount, BotApi, ChatView, Person
from tgslices.testing.actions.inquiries import ask, settle_payment


async def paid(api: BotApi, bot: Bot, account: BotAccount, person: Person, **fields: Any) -> str:
    inquiry = ask(api.world, person, account, "pre_checkout_query", **fields)
    await bot.answer_pre_checkout_query(inquiry.id, ok=True)
    receipt = settle_payment(api.world, inquiry)
    return str(receipt.content["successful_payment"]["telegram_payment_charge_id"])


async def test_a_refund_is_written_into_the_chat_and_told(
    api: BotApi, bot: Bot, account: BotAccount, ann: Person, chat: ChatView
) -> None:
    charge_id = await paid(api, bot, account, ann, total_amount=4, invoice_payload="order-1")
    await chat.deletes(*chat.stored())
    await bot.get_updates(offset=3)
    assert await bot.refund_star_payment(ann.id, charge_id)
    assert [message.kind for message in chat.visible()] == ["refunded_payment"]
    told = (await bot.get_updates())[-1].message
    assert told is not None
    assert told.refunded_payment is not None
    refund = told.refunded_payment
    assert (refund.total_amount, refund.invoice_payload, refund.telegram_payment_charge_id) == (4, "order-1", charge_id)
    assert told.from_user is not None
    assert told.from_user.id == account.id
    again = RefundStarPayment(user_id=ann.id, telegram_payment_charge_id=charge_id)
    assert await refusal(bot, again) == "Bad Request: CHARGE_ALREADY_REFUNDED"


@needs(methods, "GetMyStarBalance")
async def test_a_bot_sees_the_stars_that_it_was_paid_and_gave_back(
    api: BotApi, bot: Bot, account: BotAccount, ann: Person, chat: ChatView
) -> None:
    kept = await paid(api, bot, account, ann, total_amount=4, invoice_payload="order-1")
    api.clock.move(timedelta(seconds=10))
    returned = await paid(api, bot, account, ann, total_amount=7, invoice_payload="order-2")
    await paid(api, bot, account, ann, total_amount=900, currency="EUR")
    assert (await bot.get_my_star_balance()).amount == 11
    api.clock.move(timedelta(seconds=10))
    await bot.refund_star_payment(ann.id, returned)
    assert (await bot.get_my_star_balance()).amount == 4
    first, second, back = (await bot.get_star_transactions()).transactions
    assert [(found.id, found.amount) for found in (first, second, back)] == [(kept, 4), (returned, 7), (returned, 7)]
    assert isinstance(first.source, TransactionPartnerUser)
    assert (first.source.user.id, first.source.invoice_payload, first.receiver) == (ann.id, "order-1", None)
    assert isinstance(back.receiver, TransactionPartnerUser)
    assert (back.receiver.user.id, back.source) == (ann.id, None)
    page = (await bot.get_star_transactions(offset=1, limit=1)).transactions
    assert [(found.id, found.receiver) for found in page] == [(returned, None)]


async def test_charges_that_cannot_be_refunded(
    api: BotApi, bot: Bot, account: BotAccount, ann: Person, chat: ChatView
) -> None:
    bob = api.add_person("Bob")
    in_stars = await paid(api, bot, account, ann)
    in_euros = await paid(api, bot, account, ann, currency="EUR")
    for user_id, charge_id in ((ann.id, "nonsense"), (bob.id, in_stars), (77, in_stars), (ann.id, in_euros)):
        method = RefundStarPayment(user_id=user_id, telegram_payment_charge_id=charge_id)
        assert await refusal(bot, method) == "Bad Request: CHARGE_ID_INVALID"
    nobody = RefundStarPayment(user_id=0, telegram_payment_charge_id=in_stars)
    assert await refusal(bot, nobody) == "Bad Request: invalid user_id specified"
    assert "refunded_payment" not in [message.kind for message in chat.visible()]


async def test_premium_leaves_a_service_message_that_the_bot_is_not_told_of(
    bot: Bot, ann: Person, chat: ChatView
) -> None:
    assert await bot.gift_premium_subscription(ann.id, 3, 1000, text="<b>yours</b>", text_parse_mode="HTML")
    [message] = chat.stored()
    assert message.kind == "gifted_premium"
    assert message.content["gifted_premium"]["text"] == "yours"
    assert await bot.get_updates() == []
    nobody = GiftPremiumSubscription(user_id=77, month_count=3, star_count=1000)
    assert await refusal(bot, nobody) == "Bad Request: user not found"


ORDER = InlineQueryResultArticle(
    id="1", title="Tea", input_message_content=InputTextMessageContent(message_text="I would like tea")
)


async def test_what_she_does_in_a_web_app_is_sent_in_her_name_once(
    bot: Bot, account: BotAccount, ann: Person, chat: ChatView
) -> None:
    menu = InlineKeyboardButton(text="Menu", web_app=WebAppInfo(url="https://example.org"))
    await bot.send_message(chat.id, "See:", reply_markup=InlineKeyboardMarkup(inline_keyboard=[[menu]]))
    opened = await chat.opens_web_app("Menu")
    assert await bot.get_updates() == []
    sent = await bot.answer_web_app_query(opened.id, ORDER)
    assert sent.inline_message_id is None
    told = (await bot.get_updates())[0].message
    assert told is not None
    assert told.from_user is not None
    assert told.via_bot is not None
    assert (told.text, told.from_user.id, told.via_bot.id) == ("I would like tea", ann.id, account.id)
    old = "Bad Request: query is too old and response timeout expired or query ID is invalid"
    for query_id in (opened.id, "77"):
        assert await refusal(bot, AnswerWebAppQuery(web_app_query_id=query_id, result=ORDER)) == old
    assert chat.texts() == ["See:", "I would like tea"]


async def test_what_a_web_app_sends_with_buttons_can_be_edited(bot: Bot, chat: ChatView) -> None:
    menu = InlineKeyboardButton(text="Menu", web_app=WebAppInfo(url="https://example.org"))
    buttons = InlineKeyboardMarkup(inline_keyboard=[[menu]])
    await bot.send_message(chat.id, "See:", reply_markup=buttons)
    opened = await chat.opens_web_app()
    sent = await bot.answer_web_app_query(opened.id, ORDER.model_copy(update={"reply_markup": buttons}))
    assert await bot.edit_message_text("tea, please", inline_message_id=sent.inline_message_id) is True
    assert chat.texts() == ["See:", "tea, please"]


async def test_a_web_app_gets_data_that_aiogram_finds_signed(bot: Bot, ann: Person, chat: ChatView) -> None:
    """https://core.telegram.org/bots/webapps#validating-data-received-via-the-mini-app"""
    menu = InlineKeyboardButton(text="Menu", web_app=WebAppInfo(url="https://example.org/menu"))
    await bot.send_message(chat.id, "See:", reply_markup=InlineKeyboardMarkup(inline_keyboard=[[menu]]))
    opened = await chat.opens_web_app("Menu")
    assert opened.url == "https://example.org/menu"
    data = safe_parse_webapp_init_data(bot.token, opened.init_data)
    assert data.query_id == opened.id
    assert data.user is not None
    assert (data.user.id, data.user.first_name) == (ann.id, ann.first_name)
    with pytest.raises(ValueError, match="Invalid init data signature"):
        safe_parse_webapp_init_data("42:other", opened.init_data)


async def test_a_web_app_that_no_button_opens(bot: Bot, chat: ChatView) -> None:
    with pytest.raises(AssertionError, match=r"^no visible button of a Web App 'Menu':\n--- order_bot"):
        await chat.opens_web_app("Menu")
