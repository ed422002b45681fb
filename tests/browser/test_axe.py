"""Every screen keeps the rules that axe-core checks: light and dark, on phones and on wide screens."""

from __future__ import annotations

from typing import Any, Literal

import pytest
from aiogram.types import BotCommand, InlineKeyboardButton, InlineKeyboardMarkup
from axe_playwright_python.async_playwright import Axe  # type: ignore[import-untyped]  # it has no py.typed
from playwright.async_api import FilePayload, expect

from tests.browser.cafe import Cafe
from tests.browser.desk import Desk, Tab
from tests.browser.test_kinds import LEEK, send_everything
from tests.thoroughness import some_of

pytestmark = pytest.mark.asyncio(loop_scope="session")

SCREENS = some_of([("light", 320), ("dark", 900), ("light", 1920), ("dark", 320), ("light", 900), ("dark", 1920)], 3)
"""Each scheme and each width; what depends on both is the contrast, which ``test_looks.py`` measures."""

MANY = 500


async def faults(tab: Tab) -> list[str]:
    """What axe finds, one line a rule."""
    await tab.settles()
    found = await Axe().run(tab.page)
    return [f"{fault['id']} ({fault['impact']}): {_where(fault)}" for fault in found.response["violations"]]


def _where(fault: dict[str, Any]) -> str:
    nodes = fault["nodes"]
    return f"{len(nodes)} times, first at {nodes[0]['html'][:200]}"


@pytest.mark.parametrize(("scheme", "width"), SCREENS)
async def test_a_conversation_of_all_kinds_has_no_faults(
    cafe: Cafe, scheme: Literal["light", "dark"], width: int
) -> None:
    await send_everything(cafe)
    for number in range(MANY):
        cafe.api.plant_message(cafe.chat, cafe.account, text=f"Soup number {number}, see /menu{number}")
    tab = await cafe.tab(color_scheme=scheme, viewport={"width": width, "height": 800})
    await tab.reads("Soup number 499")
    assert await faults(tab) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_tools_dialogs_and_menus_have_no_faults(desk: Desk, scheme: Literal["light", "dark"]) -> None:
    desk.api.add_person("Bob")
    desk.api.add_group("Friday dinner", members=[*desk.api.world.users.values()])
    tab = await desk.tab(color_scheme=scheme)
    assert await faults(tab) == []
    await tab.types("/order")
    await tab.reads("What would you like")
    for name in ("Sessions", "Switches", "Calls"):
        await tab.opens(name)
        assert await faults(tab) == []
    await tab.page.locator(".call summary").first.click()
    assert await faults(tab) == []
    await tab.bubbles.last.hover()
    await tab.page.get_by_role("button", name="Actions for: What would you like").click()
    await expect(tab.page.get_by_role("menuitem", name="Reply")).to_be_visible()
    assert await faults(tab) == []
    await tab.page.get_by_role("menuitem", name="Reply").click()
    for opener in ("Add a person", "Add a chat", "Add a bot"):
        await tab.page.get_by_role("button", name=opener).click()
        assert await faults(tab) == []
        await tab.page.get_by_role("button", name="Cancel").last.click()
    await tab.page.get_by_role("button", name="Friday dinner, as Ann").click()
    await tab.page.get_by_role("button", name="Show members").click()
    assert await faults(tab) == []


async def test_an_empty_page_has_no_faults(empty: Desk) -> None:
    assert await faults(await empty.tab()) == []


async def test_suggested_commands_waiting_buttons_and_notices_have_no_faults(cafe: Cafe) -> None:
    await cafe.bot.set_my_commands([BotCommand(command="soup", description="The soup of the day")])
    button = InlineKeyboardButton(text="Open?", callback_data="open")
    await cafe.bot.send_message(cafe.chat.id, "Soup?", reply_markup=InlineKeyboardMarkup(inline_keyboard=[[button]]))
    tab = await cafe.tab()
    await tab.taps("Open?")
    await expect(tab.page.locator(".key.waiting")).to_have_count(1)
    await tab.input.fill("/s")
    await expect(tab.page.get_by_role("option", name="/soup")).to_be_visible()
    assert await faults(tab) == []
    await tab.page.evaluate("import('/page/static/state.js').then((state) => state.act({ do: 'dance' }))")
    await expect(tab.page.locator(".toast.bad")).to_be_visible()
    tab.complaints = [complaint for complaint in tab.complaints if "400" not in complaint]
    assert await faults(tab) == []


@pytest.mark.parametrize(("scheme", "width"), SCREENS)
async def test_the_tools_have_no_faults_at_any_width(desk: Desk, scheme: Literal["light", "dark"], width: int) -> None:
    place = f"#{next(user.id for user in desk.api.world.users.values() if not user.is_bot)}"
    [bot] = desk.api.world.bots.values()
    tab = await desk.tab(
        f"{place}/p{bot.id}-{place[1:]}", color_scheme=scheme, viewport={"width": width, "height": 800}
    )
    await tab.types("/order")
    await tab.reads("What would you like")
    if width < 1121:
        await tab.page.get_by_role("button", name="Show calls, sessions and switches").click()
    for name in ("Sessions", "Switches", "Calls"):
        await tab.opens(name)
        assert await faults(tab) == []
        assert not await tab.is_wider_than_shown()


@pytest.mark.parametrize(("scheme", "width"), SCREENS)
async def test_what_one_sends_with_has_no_faults_at_any_width(
    cafe: Cafe, scheme: Literal["light", "dark"], width: int
) -> None:
    await cafe.bot.send_photo(cafe.chat.id, LEEK, caption="Leek")
    tab = await cafe.tab(color_scheme=scheme, viewport={"width": width, "height": 800})
    attach = tab.page.get_by_role("button", name="Send something else")
    await attach.click()
    assert await faults(tab) == []
    await tab.page.get_by_role("menuitem", name="Sticker").click()
    assert await faults(tab) == []
    await tab.page.keyboard.press("Escape")
    for what in ("Voice message", "Location", "Contact"):
        await attach.click()
        await tab.page.get_by_role("menuitem", name=what).click()
        assert await faults(tab) == []
        await tab.page.get_by_role("button", name="Cancel").click()
    await tab.page.locator("#files").set_input_files(
        [FilePayload(name="leek.png", mimeType="image/png", buffer=LEEK.data)]
    )
    assert await faults(tab) == []
    assert not await tab.is_wider_than_shown()
    await tab.page.get_by_role("button", name="Cancel").click()
    await tab.page.get_by_role("button", name="Enlarge: Leek").click()
    await expect(tab.page.locator("#viewer")).to_be_visible()
    assert await faults(tab) == []
    await tab.page.keyboard.press("Escape")
    if width < 721:
        await tab.page.get_by_role("button", name="Back to the chats").click()
    assert await faults(tab) == []
    for opener in ("Add a person", "Add a chat", "Add a bot", "Colours and widths"):
        await tab.page.get_by_role("button", name=opener).click()
        assert await faults(tab) == []
        assert not await tab.is_wider_than_shown()
        await tab.page.keyboard.press("Escape")
