"""The command's page in a real browser: for everybody to use, and with names to copy."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Literal

import pytest
import pytest_asyncio
from aiohttp import web
from axe_playwright_python.async_playwright import Axe  # type: ignore[import-untyped]  # it has no py.typed
from playwright.async_api import Browser, Page, expect

from tgslices import MemorySessionStorage, SessionKey
from tgslices.commands.entrance import PATH, Entrance
from tgslices.commands.naming import spelled
from tgslices.commands.opening import Place
from tgslices.commands.page import application
from tgslices.storage.data_protocol import StoredData
from tgslices.storage.ending_protocol import Due
from tgslices.testing.contract.samples import sent

pytestmark = pytest.mark.asyncio(loop_scope="session")

BOT = 42
LONG = SessionKey(BOT, -1001234567890, 7, qualifier='a long one, with <marks> & "quotes" ' * 4)


@pytest_asyncio.fixture(loop_scope="session")
async def link() -> AsyncIterator[tuple[str, str]]:
    """The page of a bot with many sessions: where it is, and the way in."""
    storage, now = MemorySessionStorage(), datetime.now(UTC)
    for key in (LONG, *(SessionKey(BOT, number, number, qualifier="order") for number in range(60))):
        await storage.open(key, at=now, due=Due(now + timedelta(hours=2), now + timedelta(hours=2)))
    for number in range(4):
        await storage.add(LONG, sent(number, chat_id=LONG.chat_id, date=now, at=now))
    await storage.put_data(LONG, {"form": StoredData('{"address": "12 Harbour Road"}', 1, now)})
    await storage.claim(LONG, [sent(0, chat_id=LONG.chat_id)], now=now, until=now + timedelta(hours=1))
    entrance = Entrance()
    runner = web.AppRunner(application(Place(storage, BOT), entrance, writes=True))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    at = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield at, f"{at}{PATH}?key={entrance.key}"
    await runner.cleanup()


async def entered(chromium: Browser, way_in: str, scheme: Literal["light", "dark"], width: int) -> Page:
    """Open the link in a browser of its own."""
    context = await chromium.new_context(color_scheme=scheme, viewport={"width": width, "height": 700})
    await context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = await context.new_page()
    await page.goto(way_in)
    return page


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 900, 1920])
async def test_no_screen_has_a_fault_or_is_wider_than_the_window(
    chromium: Browser, link: tuple[str, str], scheme: Literal["light", "dark"], width: int
) -> None:
    at, way_in = link
    page = await entered(chromium, way_in, scheme, width)
    for title, step in {
        "61 open sessions": at,
        "chat=-1001234567890": "first session",
        "1 pending deletions": f"{at}/pending",
        "That cannot be done": f"{at}/session?name=nobody",
    }.items():
        await (page.locator("td a").first.click() if step == "first session" else page.goto(step))
        await expect(page.get_by_role("heading", level=1)).to_contain_text(title)
        found = await Axe().run(page)
        assert [(it["id"], it["impact"]) for it in found.response["violations"]] == []
        assert await page.evaluate("document.documentElement.scrollWidth") <= width
    await page.context.close()


async def test_the_name_of_a_session_is_copied_as_the_command_takes_it(
    chromium: Browser, link: tuple[str, str]
) -> None:
    page = await entered(chromium, link[1], "light", 900)
    for key in (LONG, SessionKey(BOT, 3, 3, qualifier="order")):
        button = page.locator(f'button[value="{spelled(key)}"]')
        await button.click()
        await expect(button).to_have_text("Copied")
        assert await page.evaluate("navigator.clipboard.readText()") == spelled(key)
    await page.locator("td a").first.click()
    await page.get_by_role("button", name="Copy chat=-1001234567890").click()
    assert await page.evaluate("navigator.clipboard.readText()") == spelled(LONG)
    await page.context.close()
