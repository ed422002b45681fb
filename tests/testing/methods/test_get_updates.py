"""getUpdates: offsets, limits, waiting, and which updates are queued at all."""

import asyncio

import pytest
from aiogram import Bot, Dispatcher
from aiogram.exceptions import TelegramConflictError
from aiogram.filters import Command
from aiogram.types import CallbackQuery, InlineKeyboardButton, InlineKeyboardMarkup, Message

from tgslices.testing import BotAccount, BotApi, ChatView, Person


async def test_updates_stay_until_a_higher_offset_confirms_them(bot: Bot, chat: ChatView) -> None:
    """https://core.telegram.org/bots/api#getupdates"""
    for text in "abc":
        await chat.types(text)
    updates = await bot.get_updates()
    assert [update.message and update.message.text for update in updates] == ["a", "b", "c"]
    assert await bot.get_updates() == updates
    assert await bot.get_updates(offset=updates[1].update_id, limit=1) == [updates[1]]
    assert await bot.get_updates(offset=updates[2].update_id + 1) == []


async def test_a_negative_offset_keeps_the_last_ones(bot: Bot, chat: ChatView) -> None:
    for text in "abc":
        await chat.types(text)
    for _ in range(2):
        updates = await bot.get_updates(offset=-1)
        assert [update.message and update.message.text for update in updates] == ["c"]
    assert len(await bot.get_updates()) == 1


async def test_an_empty_queue_is_waited_for(api: BotApi, bot: Bot, chat: ChatView) -> None:
    poll = asyncio.create_task(bot.get_updates(timeout=30))
    await chat.until(lambda view: api.count("getUpdates") == 1)
    await chat.types("at last")
    assert len(await asyncio.wait_for(poll, 20)) == 1


async def test_a_second_poll_ends_the_first(api: BotApi, bot: Bot, chat: ChatView) -> None:
    first = asyncio.create_task(bot.get_updates(timeout=30))
    await chat.until(lambda view: api.count("getUpdates") == 1)
    second = asyncio.create_task(bot.get_updates(timeout=30))
    with pytest.raises(TelegramConflictError) as caught:
        await asyncio.wait_for(first, 20)
    assert caught.value.message == (
        "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running"
    )
    await chat.types("for the second")
    assert len(await asyncio.wait_for(second, 20)) == 1


async def test_allowed_updates_last_until_they_are_named_again(
    api: BotApi, account: BotAccount, bot: Bot, ann: Person, chat: ChatView
) -> None:
    """Not named: the previous choice stays. An empty list: all but chat_member and reactions. It counts at creation."""
    group = api.add_group("Team", members=[ann], admins=[account])
    bob = api.add_person("Bob")
    await bot.get_updates(allowed_updates=["chat_member"])
    await chat.types("unheard")
    await bot.get_updates()
    api.join(group, bob)
    assert [update.event_type for update in await bot.get_updates()] == ["chat_member"]
    await bot.get_updates(offset=-1, allowed_updates=[])
    await chat.types("heard")
    api.kick(group, bob, by=ann)
    kinds = [update.event_type for update in await bot.get_updates()]
    assert kinds == ["chat_member", "message", "message"]


async def test_a_bot_that_hears_guests_alone_is_told_of_nothing_else(bot: Bot, chat: ChatView) -> None:
    await bot.get_updates(allowed_updates=["guest_message"])
    await chat.types("unheard")
    assert await bot.get_updates() == []


@pytest.mark.parametrize("names", [[], ["no_such_update"]], ids=["nothing", "nothing known"])
async def test_a_list_without_a_known_type_asks_for_the_default_ones(
    bot: Bot, chat: ChatView, names: list[str]
) -> None:
    """Source: tdlib/telegram-bot-api ``Client.cpp:16925-16928``: both leave no bit set, and are not told apart."""
    await bot.get_updates(allowed_updates=["chat_member"])
    await bot.get_updates(allowed_updates=names)
    await chat.types("heard")
    assert [update.event_type for update in await bot.get_updates()] == ["message"]


async def test_a_whole_conversation_over_a_real_dispatcher(api: BotApi, bot: Bot, chat: ChatView) -> None:
    dispatcher = Dispatcher()

    @dispatcher.message(Command("order"))
    async def order(message: Message) -> None:
        button = InlineKeyboardButton(text="Large", callback_data="size:L")
        await message.answer("Size?", reply_markup=InlineKeyboardMarkup(inline_keyboard=[[button]]))

    @dispatcher.callback_query()
    async def chosen(query: CallbackQuery) -> None:
        assert isinstance(query.message, Message)
        await query.message.edit_text(f"You took {query.data}")
        await query.answer("Noted", show_alert=True)

    polling = asyncio.create_task(dispatcher.start_polling(bot, handle_signals=False, close_bot_session=False))
    await chat.types("/order")
    await chat.until(lambda view: view.visible()[-1].buttons == (("Large",),))
    tap = await chat.taps("Large")
    await chat.until(lambda view: tap.is_answered)
    assert (tap.answer, tap.is_alert) == ("Noted", True)
    assert chat.texts() == ["/order", "You took size:L"]
    await api.idle()
    await dispatcher.stop_polling()
    await polling


async def test_several_bots_have_queues_of_their_own(api: BotApi, account: BotAccount, ann: Person) -> None:
    other = api.add_bot("support_bot")
    await ann.private_chat(account).types("for the first")
    await ann.private_chat(other).types("for the second")
    seen = []
    for token in (account.token, other.token):
        async with Bot(token, session=api.client_session()) as bot:
            [update] = await bot.get_updates()
            assert update.message is not None
            seen.append((update.message.text, update.message.message_id))
    assert seen == [("for the first", 1), ("for the second", 1)]


async def test_waiting_in_vain_shows_the_chat(api: BotApi, account: BotAccount, ann: Person, chat: ChatView) -> None:
    await chat.types("hello?")
    seen = (
        "--- order_bot, as Ann sees it ---\n    1  Ann: hello?\n"
        "order_bot fetches no updates; waiting: 1. Start its dispatcher: await run(dispatcher)."
    )
    with pytest.raises(AssertionError) as caught:
        await chat.until(lambda view: "done" in view.texts()[-1], timeout=0.01)
    assert str(caught.value) == f"not so within 0.01 s:\n{seen}"
    with pytest.raises(AssertionError) as caught:
        await chat.taps("Yes")
    assert str(caught.value) == f"no visible button 'Yes':\n{seen}"
    with pytest.raises(AssertionError) as caught:
        await api.idle(timeout=0.01)
    assert str(caught.value) == (
        "not idle within 0.01 s: unconfirmed updates {'order_bot': 1}, handlers at work on [], calls in work 0"
    )
