"""What one does with messages on the page: vote, react, pay, read an alert, choose a topic."""

from __future__ import annotations

import pytest
from aiogram import Dispatcher
from aiogram.types import (
    CallbackQuery,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    LabeledPrice,
    Message,
    PreCheckoutQuery,
)
from playwright.async_api import expect

from tests.browser.cafe import Cafe
from tgslices.testing.running import running

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_vote_is_counted_and_taken_back(cafe: Cafe) -> None:
    await cafe.bot.send_poll(cafe.chat.id, "Soup?", ["yes", "no"])
    tab = await cafe.tab()
    yes = tab.page.locator(".option", has_text="yes")
    await yes.click()
    await expect(yes).to_have_attribute("aria-pressed", "true")
    await expect(yes.locator(".number")).to_have_text("1")
    await tab.page.locator(".option", has_text="no").click()
    await expect(yes.locator(".number")).to_have_text("0")
    await tab.page.locator(".option", has_text="no").click()
    await expect(tab.page.locator(".option .number")).to_have_text(["0", "0"])
    await cafe.bot.stop_poll(cafe.chat.id, cafe.chat.visible()[0].message_id)
    await expect(yes).to_be_disabled()


async def test_reactions_are_chosen_from_the_menu_and_taken_back_by_a_click(cafe: Cafe) -> None:
    await cafe.bot.send_message(cafe.chat.id, "The soup is ready.")
    tab = await cafe.tab()
    await tab.bubbles.last.hover()
    await tab.page.get_by_role("button", name="Actions for: The soup is ready.").click()
    await tab.page.get_by_role("menuitem", name="👍").click()
    await expect(tab.page.locator(".reaction")).to_have_attribute("aria-pressed", "true")
    assert cafe.chat.visible()[0].reactions == ("👍",)
    await tab.page.locator(".reaction").click()
    await expect(tab.page.locator(".reaction")).to_have_count(0)


def handlers(*, agrees: bool) -> Dispatcher:
    dispatcher = Dispatcher()

    @dispatcher.pre_checkout_query()
    async def check(query: PreCheckoutQuery) -> None:
        await query.answer(ok=agrees, error_message=None if agrees else "Sold out.")

    @dispatcher.callback_query()
    async def warn(tap: CallbackQuery) -> None:
        await tap.answer("The kitchen closes in ten minutes.", show_alert=True)

    @dispatcher.message()
    async def ignore(message: Message) -> None:
        """Nothing is to be done."""

    return dispatcher


@pytest.mark.parametrize("agrees", [True, False])
async def test_an_invoice_is_paid_with_its_button_if_the_bot_agrees(cafe: Cafe, agrees: bool) -> None:
    await cafe.bot.send_invoice(cafe.chat.id, "Soup", "Hot", "x", "XTR", [LabeledPrice(label="Bowl", amount=7)])
    tab = await cafe.tab()
    async with running(handlers(agrees=agrees), cafe.bot):
        await tab.taps("Pay 7 XTR")
        if agrees:
            await expect(tab.page.locator(".service")).to_have_text("Ann paid 7 XTR")
        else:
            await expect(tab.page.locator("#notice")).to_have_text("The bot refused the payment: Sold out.")
            tab.complaints = [complaint for complaint in tab.complaints if "400" not in complaint]


async def test_an_alert_wants_to_be_read(cafe: Cafe) -> None:
    buttons = [[InlineKeyboardButton(text="Open?", callback_data="open")]]
    await cafe.bot.send_message(cafe.chat.id, "Soup?", reply_markup=InlineKeyboardMarkup(inline_keyboard=buttons))
    tab, other = await cafe.tab(), await cafe.desk.tab(f"#{cafe.bob.id}/p{cafe.account.id}-{cafe.bob.id}")
    async with running(handlers(agrees=True), cafe.bot):
        await tab.taps("Open?")
        await expect(tab.page.get_by_role("dialog")).to_contain_text("The kitchen closes in ten minutes.")
        await expect(tab.page.get_by_role("button", name="OK")).to_be_focused()
        await tab.page.keyboard.press("Enter")
        await expect(tab.page.get_by_role("dialog")).to_be_hidden()
    await expect(other.page.get_by_role("dialog")).to_be_hidden()


async def test_topics_are_told_apart_and_written_into(cafe: Cafe) -> None:
    team = cafe.ann.view(cafe.api.add_supergroup("Kitchen", members=[cafe.ann], admins=[cafe.account], is_forum=True))
    soups = cafe.api.add_topic(team, "Soups", by=cafe.ann)
    await cafe.bot.send_message(team.id, "Leek", message_thread_id=soups.thread_id)
    await cafe.bot.send_message(team.id, "Good morning")
    tab = await cafe.desk.tab(f"#{cafe.ann.id}/g{team.id}")
    await expect(tab.bubbles).to_have_text(["Leek", "Good morning"])
    await expect(tab.page.locator(".topic")).to_have_text(["# Soups"])
    await tab.picture("topics")
    bar = tab.page.get_by_role("group", name="Topics")
    await bar.get_by_role("button", name="Soups").click()
    await expect(tab.bubbles).to_have_text(["Leek"])
    await tab.types("Pumpkin")
    await expect(tab.bubbles).to_have_text(["Leek", "Pumpkin"])
    assert team.visible()[-1].topic == "Soups"
    await bar.get_by_role("button", name="General").click()
    await expect(tab.bubbles).to_have_text(["Good morning"])
    await bar.get_by_role("button", name="Add a topic").click()
    await tab.page.get_by_label("Name").fill("Breads")
    await tab.page.get_by_role("button", name="Add", exact=True).click()
    await expect(bar.get_by_role("button", name="Breads")).to_have_attribute("aria-pressed", "true")
    await tab.types("Rye")
    await expect(tab.bubbles).to_have_text(["Rye"])
    await bar.get_by_role("button", name="All").click()
    await expect(tab.bubbles).to_have_text(["Leek", "Good morning", "Pumpkin", "Rye"])
    await expect(tab.page.locator(".topic")).to_have_text(["# Soups", "# Soups", "# Breads"])


async def test_business_chats_are_called_so(cafe: Cafe) -> None:
    connection = cafe.api.connect_business(cafe.bob, cafe.account)
    chat = cafe.ann.business_chat(cafe.bob)
    await chat.types("Are you open?")
    await cafe.bot.send_message(chat.id, "Until ten.", business_connection_id=connection)
    tab = await cafe.tab()
    await tab.page.get_by_role("button", name="Bob (business), as Ann").click()
    await tab.reads("Until ten.")
    await expect(tab.page.locator("#chat-subtitle")).to_have_text("You are Ann · business chat with Bob")
    await expect(tab.page.locator(".forward")).to_have_text("via Café bot")
    await expect(tab.page.locator(".tag")).to_have_count(2)
    await tab.picture("business")


BAD_URLS = [
    "javascript:document.title='gone'",
    "JaVaScRiPt:document.title='gone'",
    " javascript:document.title='gone'",
    "data:text/html,gone",
]


@pytest.mark.parametrize("url", BAD_URLS)
async def test_a_url_that_is_a_program_is_not_followed(cafe: Cafe, url: str) -> None:
    """Telegram would refuse such a button; a test may plant it."""
    entities = [{"type": "text_link", "offset": 0, "length": 4, "url": url}]
    markup = {"inline_keyboard": [[{"text": "Menu", "url": url}, {"text": "Map", "url": "https://example.org"}]]}
    content = {"entities": entities, "reply_markup": markup}
    cafe.api.plant_message(cafe.chat, cafe.account, text="Here is the menu.", content=content)
    tab = await cafe.tab()
    before = tab.page.url
    await tab.bubbles.get_by_text("Here", exact=True).click()
    await tab.page.locator("a.key", has_text="Menu").click()
    await expect(tab.page.locator("#messages a[href]")).to_have_attribute("href", "https://example.org")
    assert (await tab.page.title(), tab.page.url) == ("tgslices · chat page", before)
    assert len(tab.page.context.pages) == 1
