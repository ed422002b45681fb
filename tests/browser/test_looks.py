"""Light and dark: every text has enough contrast. WCAG 2.2 asks for 4.5 to 1 (https://www.w3.org/TR/WCAG22/)."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import Literal

import pytest
from aiogram.types import BotCommand, InlineKeyboardButton, InlineKeyboardMarkup
from playwright.async_api import expect

from tests.browser.cafe import Cafe
from tests.browser.desk import PHONE, Desk, Tab

pytestmark = pytest.mark.asyncio(loop_scope="session")

IS_CUT_OFF = "(field) => field.clientHeight < parseFloat(getComputedStyle(field).lineHeight)"
CONTRAST = Path(__file__).with_name("contrast.js").read_text(encoding="utf-8")


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_every_text_can_be_read(desk: Desk, scheme: Literal["light", "dark"]) -> None:
    bob = desk.api.add_person("Bob")
    tab = await desk.tab(color_scheme=scheme)
    await tab.types("/order")
    await tab.reads("What would you like")
    await tab.taps("Pizza")
    await tab.reads("Which size?")
    await tab.types("/support")
    await tab.reads("What can we help with?")
    await tab.types("Do you deliver after ten?")
    await tab.reads("until eleven")
    for name in ("Calls", "Switches", "Sessions"):
        await tab.opens(name)
        await tab.settles()
        assert await tab.page.evaluate(CONTRAST) == []
    if scheme == "dark":
        await tab.picture("dark")
    account = next(iter(desk.api.world.bots.values()))
    group = desk.api.add_group("Friday dinner", members=[*desk.api.world.users.values()])
    assert account in desk.api.world.users.values()
    await bob.view(group).types("Hello *everybody*, see https://example.com, @ann and #dinner")
    await tab.page.get_by_role("button", name="Friday dinner, as Ann").click()
    await tab.reads("Hello")
    await tab.types("I saw https://example.com, @bob and #dinner")
    await tab.reads("I saw")
    await tab.settles()
    assert await tab.page.evaluate(CONTRAST) == []


async def is_readable(tab: Tab) -> None:
    await tab.settles()
    assert await tab.page.evaluate(CONTRAST) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_what_floats_can_be_read(cafe: Cafe, scheme: Literal["light", "dark"]) -> None:
    await cafe.bot.set_my_commands([BotCommand(command="soup", description="The soup of the day")])
    button = InlineKeyboardButton(text="Open?", callback_data="open")
    await cafe.bot.send_message(
        cafe.chat.id, "Soup?", reply_markup=InlineKeyboardMarkup(inline_keyboard=[[button], [button]])
    )
    tab = await cafe.tab(color_scheme=scheme)
    for opener in ("Add a person", "Add a chat", "Add a bot"):
        await tab.page.get_by_role("button", name=opener).first.click()
        await expect(tab.page.get_by_role("dialog")).to_be_visible()
        await is_readable(tab)
        await tab.page.get_by_role("button", name="Cancel").click()
    await tab.bubbles.last.hover()
    await tab.page.get_by_role("button", name="Actions for: Soup?").click()
    await expect(tab.page.get_by_role("menuitem", name="Reply")).to_be_visible()
    await is_readable(tab)
    await tab.page.get_by_role("menuitem", name="Reply").click()
    await tab.input.fill("/s")
    await expect(tab.page.get_by_role("option", name="/soup")).to_be_visible()
    await is_readable(tab)
    await tab.input.fill("")
    await tab.page.get_by_role("button", name="Open?").last.click()
    await expect(tab.page.locator(".key.waiting")).to_have_count(2)
    await is_readable(tab)


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_what_pops_up_and_what_is_lit_can_be_read(cafe: Cafe, scheme: Literal["light", "dark"]) -> None:
    button = InlineKeyboardButton(text="Open?", callback_data="open")
    await cafe.bot.send_message(cafe.chat.id, "Soup?", reply_markup=InlineKeyboardMarkup(inline_keyboard=[[button]]))
    tab = await cafe.tab(color_scheme=scheme)
    await tab.taps("Open?")
    [query] = [update.callback_query for update in await cafe.bot.get_updates() if update.callback_query]
    await cafe.bot.answer_callback_query(query.id, text="Until ten.")
    await expect(tab.page.locator(".toast")).to_have_text("Until ten.")
    await is_readable(tab)
    await tab.switches("flood", "Every call")
    await tab.switches("failure", "Next call", "sendPhoto")
    await tab.switches("offline", "Next call", "getMe")
    await expect(tab.page.locator(".card.on")).to_have_count(3)
    await is_readable(tab)
    cafe.api.faults.clear()
    await tab.page.evaluate("import('/page/static/state.js').then((state) => state.act({ do: 'dance' }))")
    await expect(tab.page.locator(".toast.bad")).to_have_text("There is nothing called 'dance' to do.")
    tab.complaints = [complaint for complaint in tab.complaints if "400" not in complaint]
    cafe.bob.private_chat(cafe.account)
    await cafe.bot.send_message(cafe.bob.id, "Hello.")
    await expect(tab.page.locator(".entry .badge")).to_have_text("1")
    await is_readable(tab)


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_on_a_phone_every_column_can_be_read(desk: Desk, scheme: Literal["light", "dark"]) -> None:
    tab = await desk.tab(color_scheme=scheme, **PHONE)
    await tab.page.get_by_role("button", name="Order bot, as Ann").wait_for()
    await is_readable(tab)
    await tab.page.get_by_role("button", name="Order bot, as Ann").click()
    await is_readable(tab)
    assert await tab.input.evaluate(IS_CUT_OFF) is False
    await tab.page.get_by_role("button", name="Start", exact=True).click()
    await tab.reads("Welcome!")
    await tab.types("/order")
    await tab.reads("What would you like")
    await tab.taps("Pizza")
    await tab.reads("Which size?")
    await is_readable(tab)
    if scheme == "light":
        await tab.picture("phone")
    await tab.page.get_by_role("button", name="Calls, sessions and switches").click()
    for name in ("Calls", "Sessions", "Switches"):
        await tab.opens(name)
        await is_readable(tab)


async def box(tab: Tab, selector: str) -> dict[str, float]:
    found = await tab.page.locator(selector).bounding_box()
    assert found is not None
    return {"x": found["x"], "y": found["y"], "width": found["width"], "height": found["height"]}


async def test_three_columns_fill_a_wide_window_and_notices_cover_nothing(cafe: Cafe) -> None:
    tab = await cafe.tab()
    chats, conversation, tools = [await box(tab, selector) for selector in ("#chats", "#conversation", "#tools")]
    assert (chats["x"], chats["y"], chats["width"], chats["height"]) == (0, 0, 290, 820)
    assert (conversation["x"], conversation["y"], conversation["height"]) == (290, 0, 820)
    assert (tools["x"] + tools["width"], tools["y"], tools["height"]) == (1360, 0, 820)
    await tab.page.evaluate("import('/page/static/state.js').then((state) => state.act({ do: 'dance' }))")
    await expect(tab.page.locator(".toast.bad")).to_be_visible()
    tab.complaints = [complaint for complaint in tab.complaints if "400" not in complaint]
    notice, conversation = await box(tab, "#notice"), await box(tab, "#conversation")
    assert notice["y"] >= conversation["y"] + conversation["height"]


async def test_a_notice_of_one_chat_goes_when_another_is_opened(cafe: Cafe) -> None:
    tab = await cafe.tab()
    await tab.page.evaluate("import('/page/static/state.js').then((state) => state.act({ do: 'dance' }))")
    await expect(tab.page.locator(".toast.bad")).to_be_visible()
    tab.complaints = [complaint for complaint in tab.complaints if "400" not in complaint]
    await tab.page.get_by_role("button", name="Café bot, as Bob").click()
    await expect(tab.page.locator(".toast")).to_have_count(0, timeout=1000)


SPILLS = """(key) => { const range = document.createRange(); range.selectNodeContents(key);
    return range.getBoundingClientRect().right > key.getBoundingClientRect().right + 0.5; }"""


async def test_eight_buttons_in_a_row_keep_their_captions_on_a_small_phone(cafe: Cafe) -> None:
    row = [InlineKeyboardButton(text=f"Nr {number}", callback_data=str(number)) for number in range(8)]
    await cafe.bot.send_message(cafe.chat.id, "Which?", reply_markup=InlineKeyboardMarkup(inline_keyboard=[row]))
    tab = await cafe.tab(viewport={"width": 320, "height": 640})
    for key in await tab.page.locator("#messages .key").all():
        assert not await key.evaluate(SPILLS)
    assert not await tab.is_wider_than_shown()


async def test_a_command_among_words_from_right_to_left_keeps_its_order(cafe: Cafe) -> None:
    await cafe.bot.send_message(cafe.chat.id, "שלום /order")
    tab = await cafe.tab()
    command = tab.page.locator("#messages .command")
    directions = "(element) => [getComputedStyle(element).direction, getComputedStyle(element).unicodeBidi]"
    assert await command.evaluate(directions) == ["ltr", "isolate"]


async def test_days_are_called_as_people_call_them(cafe: Cafe) -> None:
    now = cafe.api.clock.now()
    for days in (10, 1, 0):
        cafe.api.plant_message(cafe.chat, cafe.account, text=f"{days} days ago", date=now - timedelta(days=days))
    tab = await cafe.tab()
    separators = tab.page.locator("#messages .day")
    await expect(separators).to_have_text([re.compile(r"\d"), "Yesterday", "Today"])
