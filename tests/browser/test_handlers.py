"""What goes wrong in a bot's handlers is seen on the page."""

from __future__ import annotations

import pytest
from aiogram import Dispatcher
from aiogram.filters import Command
from aiogram.types import CallbackQuery, InlineKeyboardButton, InlineKeyboardMarkup, Message
from playwright.async_api import expect

from tests.browser.cafe import Cafe
from tgslices.testing.running import running

pytestmark = pytest.mark.asyncio(loop_scope="session")


class KitchenOnFireError(Exception):
    """What a handler of these tests raises."""


def handlers() -> Dispatcher:
    dispatcher = Dispatcher()

    @dispatcher.message(Command("crash"))
    async def crash(message: Message) -> None:
        raise KitchenOnFireError("the soup burns")

    @dispatcher.callback_query()
    async def forget(tap: CallbackQuery) -> None:
        """The tap is never answered."""

    return dispatcher


async def test_a_handler_that_failed_is_seen_with_its_traceback(cafe: Cafe) -> None:
    dispatcher = handlers()
    cafe.api.watch(dispatcher)
    cafe.api.watch(dispatcher)
    tab = await cafe.tab()
    other = await cafe.desk.tab(f"#{cafe.bob.id}/p{cafe.account.id}-{cafe.bob.id}")
    told = "KitchenOnFireError: the soup burns"
    with pytest.raises(KitchenOnFireError):
        async with running(dispatcher, cafe.bot):
            await tab.types("/crash")
            await expect(tab.page.locator("#notice")).to_contain_text(told)
    await expect(tab.page.locator("#messages .report")).to_have_text(["A handler failed"])
    await expect(other.page.locator("#notice")).to_have_text("")
    rows = tab.page.locator(".call", has_text="the soup burns")
    await expect(rows).to_have_count(1)
    await rows.locator("summary").click()
    await expect(rows.locator("pre")).to_contain_text('raise KitchenOnFireError("the soup burns")')
    await tab.page.get_by_role("button", name="Clear the log").click()
    await expect(tab.page.locator("#messages .report")).to_have_count(0)


async def test_an_update_that_no_handler_took_is_seen(cafe: Cafe) -> None:
    dispatcher = handlers()
    cafe.api.watch(dispatcher)
    tab = await cafe.tab()
    async with running(dispatcher, cafe.bot):
        await tab.types("hm")
        await expect(tab.page.locator("#messages .report")).to_have_text(["No handler took it"])
    await expect(tab.page.locator(".call .gist").first).to_have_text("No handler took this update.")


async def test_a_tap_that_the_bot_leaves_unanswered_is_seen(cafe: Cafe) -> None:
    button = InlineKeyboardButton(text="Open?", callback_data="open")
    await cafe.bot.send_message(cafe.chat.id, "Soup?", reply_markup=InlineKeyboardMarkup(inline_keyboard=[[button]]))
    tab = await cafe.tab()
    async with running(handlers(), cafe.bot):
        await tab.taps("Open?")
        await expect(tab.page.locator(".unanswered")).to_have_text("Not answered by the bot: Open?")
    [tap] = cafe.api.world.taps.values()
    await cafe.bot.answer_callback_query(tap.id)
    await expect(tab.page.locator(".unanswered")).to_have_count(0)
