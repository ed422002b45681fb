"""What a person does beside writing: reactions, votes, inline queries, payments, asking to be let in."""

from __future__ import annotations

from typing import Any

import pytest
from aiogram import Bot, Dispatcher
from aiogram.types import (
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InlineQuery,
    InlineQueryResultArticle,
    InlineQueryResultContact,
    InlineQueryResultPhoto,
    InlineQueryResultVenue,
    InputTextMessageContent,
    LabeledPrice,
    Message,
    PreCheckoutQuery,
)

from tests.testing.refusals import refusal
from tgslices.testing import ApiError, BotAccount, BotApi, ChatView, Person
from tgslices.testing.actions.inquiries import settle_payment
from tgslices.testing.running import running

PRICES = [LabeledPrice(label="Tea with milk", amount=4)]


async def invoice(bot: Bot, chat: ChatView) -> Message:
    return await bot.send_invoice(chat.id, "Tea", "hot", "order-1", "XTR", PRICES)


def cashier(*, agrees: bool) -> Dispatcher:
    dispatcher = Dispatcher()

    @dispatcher.pre_checkout_query()
    async def check(query: PreCheckoutQuery) -> None:
        await query.answer(ok=agrees, error_message=None if agrees else "We are out of tea.")

    @dispatcher.message()
    async def thank(message: Message) -> None:
        paid = message.successful_payment
        assert paid is not None
        await message.answer(f"{paid.total_amount} {paid.currency} for {paid.invoice_payload}: thank you")

    return dispatcher


async def test_paying_an_invoice_from_the_button_to_the_receipt(bot: Bot, chat: ChatView) -> None:
    sent = await invoice(bot, chat)
    assert sent.invoice is not None
    assert sent.invoice.total_amount == 4
    async with running(cashier(agrees=True), bot):
        receipt = await chat.pays()
        assert receipt.kind == "successful_payment"
        await chat.until(lambda seen: seen.texts()[-1] == "4 XTR for order-1: thank you")
    assert "<successful_payment> Ann paid 4 XTR" in str(chat)


async def test_a_refused_payment_says_why(bot: Bot, chat: ChatView) -> None:
    await invoice(bot, chat)
    async with running(cashier(agrees=False), bot):
        with pytest.raises(AssertionError, match=r"the bot refused the payment: We are out of tea\."):
            await chat.pays()


async def test_a_bot_that_does_not_answer_is_waited_for_in_vain(bot: Bot, chat: ChatView) -> None:
    with pytest.raises(AssertionError, match="there is no invoice of a bot to pay:\n--- order_bot"):
        await chat.pays()
    await invoice(bot, chat)
    with pytest.raises(AssertionError, match=r"not so within 0\.01 s"):
        await chat.pays(timeout=0.01)


async def test_nothing_is_paid_before_the_bot_agreed(api: BotApi, bot: Bot, chat: ChatView) -> None:
    await invoice(bot, chat)
    inquiry = await chat.checks_out(chat.visible()[0])
    assert (inquiry.is_answered, inquiry.is_agreed, inquiry.results) == (False, False, [])
    with pytest.raises(ValueError, match="the bot has not agreed"):
        settle_payment(api.world, inquiry)
    query = (await bot.get_updates())[0].pre_checkout_query
    assert query is not None
    await query.answer(ok=True).as_(bot)
    assert inquiry.is_agreed


ARTICLE = InlineQueryResultArticle(
    id="tea",
    title="Tea",
    input_message_content=InputTextMessageContent(message_text="*Tea*, please", parse_mode="MarkdownV2"),
    reply_markup=InlineKeyboardMarkup(inline_keyboard=[[InlineKeyboardButton(text="More", callback_data="more")]]),
)
PHOTO = InlineQueryResultPhoto(
    id="cup", photo_url="https://example.org/cup.jpg", thumbnail_url="https://example.org/c.jpg", caption="a cup"
)
VENUE = InlineQueryResultVenue(id="bar", latitude=1, longitude=2, title="Bar", address="Quay 1")
CONTACT = InlineQueryResultContact(id="bob", phone_number="+1000", first_name="Bob")


async def asked(api: BotApi, bot: Bot, account: BotAccount, chat: ChatView, *results: Any) -> Any:
    inquiry = await chat.asks_inline(account, "tea", offset="20")
    query = (await bot.get_updates())[-1].inline_query
    assert isinstance(query, InlineQuery)
    assert (query.query, query.offset) == ("tea", "20")
    await query.answer(list(results)).as_(bot)
    return inquiry


async def test_picking_an_inline_result_sends_it(api: BotApi, account: BotAccount, bot: Bot, ann: Person) -> None:
    bob = api.add_person("Bob")
    group = ann.view(api.add_group("Team", members=[ann, bob, account]))
    inquiry = await asked(api, bot, account, group, ARTICLE, PHOTO, VENUE, CONTACT)
    assert [result["id"] for result in inquiry.results] == ["tea", "cup", "bar", "bob"]
    for name in ("tea", "cup", "bar", "bob"):
        await group.picks(inquiry, name)
    assert str(bob.view(group.chat)).splitlines()[1:] == [
        "    1  Ann: Tea, please  [More]",
        "    2  Ann: <photo> a cup",
        "    3  Ann: <venue> Bar · Quay 1",
        "    4  Ann: <contact> Bob · +1000",
    ]
    updates = await bot.get_updates(offset=2)
    assert [update.chosen_inline_result.result_id for update in updates if update.chosen_inline_result] == [
        *("tea", "cup", "bar", "bob")
    ]
    first = updates[0].message
    assert first is not None
    assert first.via_bot is not None
    assert (first.via_bot.id, first.text) == (account.id, "Tea, please")


@pytest.mark.parametrize(("in_group", "chat_type"), [(False, "sender"), (True, "supergroup")])
async def test_a_bot_learns_where_it_is_asked(
    api: BotApi, account: BotAccount, bot: Bot, ann: Person, in_group: bool, chat_type: str
) -> None:
    view = ann.view(api.add_supergroup("Team", members=[ann])) if in_group else ann.private_chat(account)
    await view.asks_inline(account)
    query = (await bot.get_updates())[0].inline_query
    assert query is not None
    assert (query.chat_type, query.query, query.offset) == (chat_type, "", "")


async def test_what_was_not_offered_cannot_be_picked(
    api: BotApi, account: BotAccount, bot: Bot, chat: ChatView
) -> None:
    unanswered = await chat.asks_inline(account, "x")
    with pytest.raises(AssertionError, match=r"no result to pick among \[\] of the bot's:\n--- order_bot"):
        await chat.picks(unanswered)
    inquiry = await asked(api, bot, account, chat, ARTICLE)
    with pytest.raises(AssertionError, match=r"no result 'milk' to pick among \['tea'\]"):
        await chat.picks(inquiry, "milk")
    inquiry.answer["results"] = '[{"type": "article", "id": "1"}]'
    with pytest.raises(ApiError, match="MESSAGE_EMPTY"):
        await chat.picks(inquiry)


async def test_an_inline_query_is_answered_once(api: BotApi, account: BotAccount, bot: Bot, chat: ChatView) -> None:
    await chat.asks_inline(account, "tea")
    query = (await bot.get_updates())[0].inline_query
    assert query is not None
    answer = query.answer([ARTICLE]).as_(bot)
    await answer
    assert await refusal(bot, answer) == (
        "Bad Request: query is too old and response timeout expired or query ID is invalid"
    )


async def test_votes_are_counted_and_told(api: BotApi, account: BotAccount, bot: Bot, ann: Person) -> None:
    bob = api.add_person("Bob")
    team = ann.view(api.add_group("Team", members=[ann, bob, account]))
    poll = await bot.send_poll(team.id, "Tea?", ["yes", "no"], is_anonymous=False)
    shown = team.visible()[0]
    await team.votes(shown, "no")
    await bob.view(team.chat).votes(shown, 0)
    await team.votes(shown, "yes")
    assert str(team).endswith("order_bot: <poll> Tea? · yes: 2 · no: 0")
    updates = await bot.get_updates()
    told = [update.poll_answer for update in updates if update.poll_answer]
    assert [(answer.user.id, answer.option_ids) for answer in told if answer.user] == [
        *((ann.id, [1]), (bob.id, [0]), (ann.id, [0]))
    ]
    await team.votes(shown)
    assert [u.poll.total_voter_count for u in await bot.get_updates() if u.poll] == [1, 2, 2, 1]
    closed = await bot.stop_poll(team.id, poll.message_id)
    assert [option.voter_count for option in closed.options] == [1, 0]
    with pytest.raises(ValueError, match="this is no open poll"):
        await team.votes(shown, 0)


async def test_votes_that_cannot_be_cast(bot: Bot, chat: ChatView) -> None:
    await bot.send_poll(chat.id, "Tea?", ["yes", "no"])
    poll = await chat.sees("Tea?")
    assert (poll.kind, chat.texts()) == ("poll", ["Tea?"])
    with pytest.raises(AssertionError, match=r"no option 'maybe' among \['yes', 'no'\]:\n--- order_bot"):
        await chat.votes(poll, "maybe")
    with pytest.raises(ValueError, match="this poll has 2 options, numbered from 0 on"):
        await chat.votes(poll, 2)
    with pytest.raises(ValueError, match="this poll takes one answer"):
        await chat.votes(poll, 0, 1)
    with pytest.raises(ValueError, match="this is no open poll"):
        await chat.votes(await chat.types("x"), 0)
    await chat.votes(poll, "yes")
    assert [update.poll_answer for update in await bot.get_updates() if update.poll] == [None]


async def test_several_answers_where_they_are_allowed(bot: Bot, chat: ChatView) -> None:
    await bot.send_poll(chat.id, "Tea?", ["green", "black"], allows_multiple_answers=True)
    await chat.votes(chat.visible()[0], "black", "green")
    assert str(chat).endswith("green: 1 · black: 1")


async def test_reactions_come_and_go(api: BotApi, bot: Bot, ann: Person, chat: ChatView) -> None:
    sent = await bot.send_message(chat.id, "Tea?")
    await bot.get_updates(allowed_updates=["message_reaction"])
    await chat.reacts(chat.visible()[0], "👍")
    await chat.reacts(chat.visible()[0], "🔥")
    assert chat.visible()[0].reactions == ("🔥",)
    await chat.reacts(chat.visible()[0])
    assert chat.visible()[0].reactions == ()
    told = [update.message_reaction for update in await bot.get_updates()]
    assert [(len(r.old_reaction), len(r.new_reaction), r.message_id) for r in told if r] == [
        *((0, 1, sent.message_id), (1, 1, sent.message_id), (1, 0, sent.message_id))
    ]


async def test_asking_to_be_let_in(api: BotApi, account: BotAccount, bot: Bot, ann: Person) -> None:
    team = ann.view(api.add_supergroup("Team", admins=[account]))
    await team.asks_to_join()
    [update] = await bot.get_updates()
    assert update.chat_join_request is not None
    assert await update.chat_join_request.approve().as_(bot)
    assert "<new_chat_members> Ann joined" in str(team)
