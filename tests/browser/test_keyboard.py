"""The page by keyboard alone: one tab stop for the conversation, arrow keys in it, and short ways out of it."""

from __future__ import annotations

import pytest
from aiogram.types import InlineKeyboardButton, InlineKeyboardMarkup
from playwright.async_api import expect

from tests.browser.cafe import Cafe
from tests.browser.desk import PHONE, Desk, Tab
from tests.browser.test_order import FAREWELL

pytestmark = pytest.mark.asyncio(loop_scope="session")

FOCUS = "document.activeElement?.closest('#messages > li')?.querySelector('.text')?.textContent ?? ''"


async def presses(tab: Tab, *keys: str) -> None:
    for key in keys:
        await tab.page.keyboard.press(key)


async def answers(tab: Tab, caption: str, *keys: str) -> None:
    """From the message field to the newest message, and along its buttons."""
    await tab.input.focus()
    await presses(tab, "Shift+Tab", "Shift+Tab", *keys)
    await expect(tab.page.get_by_role("button", name=caption, exact=True).last).to_be_focused()
    await presses(tab, "Enter")


async def test_an_order_is_placed_and_ended_with_the_keyboard_alone(desk: Desk) -> None:
    tab = await desk.tab()
    await tab.page.locator(".entry").wait_for()
    await presses(tab, "Tab")
    await expect(tab.page.get_by_role("link", name="Skip to the message field")).to_be_focused()
    await presses(tab, "Enter")
    await expect(tab.input).to_be_focused()
    await tab.page.keyboard.type("/order")
    await presses(tab, "Enter")
    await tab.reads("What would you like")
    await answers(tab, "Pizza", "ArrowRight")
    await tab.reads("Which size?")
    await answers(tab, "Large", "ArrowRight", "ArrowRight")
    await tab.reads("Where to?")
    await tab.input.focus()
    await tab.page.keyboard.type("12 Harbour Road")
    await presses(tab, "Enter")
    await tab.reads("Shall we?")
    await answers(tab, "Order it", "ArrowRight")
    await tab.reads("On its way")
    await answers(tab, "/done", "ArrowRight")
    await tab.reads(FAREWELL)
    await expect(tab.bubbles).to_have_text([FAREWELL])
    await expect(tab.input).to_be_focused()
    await tab.page.keyboard.type("/done")
    await presses(tab, "Enter")
    await tab.reads("There is no order to end.")


async def test_the_conversation_is_one_stop_and_arrow_keys_walk_it(cafe: Cafe) -> None:
    rows = [[InlineKeyboardButton(text=text, callback_data=text)] for text in ("Leek", "Beet")]
    await cafe.chat.types("first")
    await cafe.bot.send_message(cafe.chat.id, "Which?", reply_markup=InlineKeyboardMarkup(inline_keyboard=rows))
    await cafe.chat.types("see https://example.org")
    tab = await cafe.tab()
    await tab.reads("see")
    await expect(tab.page.locator("#messages").locator("[tabindex='0'], a:not([tabindex])")).to_have_count(1)
    await tab.input.focus()
    await presses(tab, "Shift+Tab", "Shift+Tab")
    assert await tab.page.evaluate(FOCUS) == "see https://example.org"
    await presses(tab, "ArrowUp", "ArrowRight")
    await expect(tab.page.get_by_role("button", name="Leek")).to_be_focused()
    await presses(tab, "ArrowDown")
    await expect(tab.page.get_by_role("button", name="Beet")).to_be_focused()
    await presses(tab, "ArrowRight")
    await expect(tab.page.get_by_role("button", name="Actions for: Which?")).to_be_focused()
    await presses(tab, "Escape", "Home")
    assert await tab.page.evaluate(FOCUS) == "first"
    await presses(tab, "ArrowUp", "End")
    assert await tab.page.evaluate(FOCUS) == "see https://example.org"
    await presses(tab, "Escape")
    await expect(tab.input).to_be_focused()


async def test_a_message_that_goes_gives_the_focus_to_the_field(cafe: Cafe) -> None:
    await cafe.chat.types("first")
    last = await cafe.chat.types("second")
    tab = await cafe.tab(reduced_motion="reduce")
    await tab.reads("second")
    await tab.input.focus()
    await presses(tab, "Shift+Tab", "Shift+Tab")
    await cafe.chat.edits(last, "changed")
    await tab.reads("changed")
    assert await tab.page.evaluate(FOCUS) == "changed"
    await cafe.chat.deletes(last)
    await expect(tab.bubbles).to_have_text(["first"])
    await expect(tab.input).to_be_focused()


async def test_the_chats_are_three_keys_from_the_message_field(cafe: Cafe) -> None:
    for number in range(120):
        cafe.api.plant_message(cafe.chat, cafe.account, text=f"See https://example.org/{number}")
    tab = await cafe.tab()
    await tab.reads("See https://example.org/119")
    await tab.input.focus()
    await presses(tab, "Tab", "Tab", "Enter")
    await expect(tab.page.get_by_role("button", name="Café bot, as Ann")).to_be_focused()
    await tab.input.focus()
    await presses(tab, "Tab", "Tab", "Tab", "Enter")
    await expect(tab.page.get_by_role("tab", name="Calls")).to_be_focused()


@pytest.mark.parametrize(
    ("name", "target"), [("Skip to the chats", "Café bot, as Ann"), ("Skip to the tools", "Calls")]
)
async def test_skip_links_lead_to_what_a_phone_does_not_show(cafe: Cafe, name: str, target: str) -> None:
    tab = await cafe.tab(**PHONE)
    await expect(tab.input).to_be_visible()
    before = tab.page.url
    await tab.page.get_by_role("link", name=name).focus()
    await presses(tab, "Enter")
    role = "tab" if target == "Calls" else "button"
    await expect(tab.page.get_by_role(role, name=target)).to_be_focused()  # type: ignore[arg-type]
    assert tab.page.url == before
