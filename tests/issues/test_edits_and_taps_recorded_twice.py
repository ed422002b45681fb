"""Others take every update that carries a message for a message: edits and taps are then recorded again, and a menu
that is tapped ten times stands ten times in the list of what is to be deleted."""

from __future__ import annotations

from aiogram.types import CallbackQuery, InlineKeyboardButton, InlineKeyboardMarkup

from tests.promises.fed_bot import FedBot, texts_of

MENU = InlineKeyboardMarkup(inline_keyboard=[[InlineKeyboardButton(text="more", callback_data="more")]])


async def test_a_menu_that_is_tapped_and_edited_ten_times_is_one_entry(stage: FedBot) -> None:
    @stage.dispatcher.callback_query()
    async def more(tap: CallbackQuery) -> None:
        await tap.answer()
        async with stage.session():
            await tap.message.edit_text(f"{tap.message.text}!", reply_markup=MENU)  # type: ignore[union-attr]

    async with stage.session() as session:
        await session.send_message("Size", reply_markup=MENU)
    await stage.says("small")
    for _ in range(10):
        await stage.chat.taps("more")
        await stage.settled()
        await stage.chat.edits(stage.chat.visible()[1], f"{stage.chat.visible()[1].text}er")
        await stage.settled()
    assert await texts_of(session, stage.chat) == ["Size!!!!!!!!!!", "small" + "er" * 10]
    assert await session.clear() == 2
    assert stage.chat.texts() == []


async def test_a_tap_on_a_menu_of_another_session_adds_nothing_to_this_one(stage: FedBot) -> None:
    async with stage.session("support") as support:
        await support.send_message("Help?", reply_markup=MENU)
    order = stage.session("order")
    await stage.chat.taps("more")
    await stage.settled()
    assert await order.messages() == []
