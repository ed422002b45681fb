"""Sessions are ended from the inspector."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from tests.browser.desk import Desk
from tgslices import MemorySessionStorage, SessionKey
from tgslices.commands.naming import key_named

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_session_is_cleared_from_the_inspector_and_only_its_messages_go(desk: Desk) -> None:
    tab = await desk.tab()
    await tab.page.get_by_role("button", name="Start", exact=True).click()
    await tab.reads("Welcome!")
    await tab.types("/order")
    await tab.reads("What would you like")
    await tab.opens("Sessions")
    await expect(tab.page.locator('[data-slice="order"] .ends')).to_contain_text("opened today")
    await tab.page.get_by_role("button", name="Clear: order").click()
    await expect(tab.page.locator("#notice")).to_have_text("Cleared: 2 deleted.")
    await expect(tab.bubbles.filter(has_text="What would you like")).to_have_count(0)
    await tab.reads("Welcome!")


async def test_a_session_is_closed_from_the_inspector_and_its_messages_stay(desk: Desk) -> None:
    tab = await desk.tab()
    await tab.types("/order")
    await tab.reads("What would you like")
    await tab.opens("Sessions")
    await tab.page.get_by_role("button", name="Close: order").click()
    await expect(tab.page.locator("#notice")).to_have_text("Closed; 2 messages stay in the chat.")
    await expect(tab.page.locator("#sessions")).to_contain_text("No session is open")
    await tab.reads("What would you like")


async def test_the_key_of_a_session_is_copied_as_the_command_takes_it(desk: Desk) -> None:
    tab = await desk.tab()
    await tab.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    await tab.types("/order")
    await tab.reads("What would you like")
    await tab.opens("Sessions")
    await tab.page.get_by_role("button", name="Copy key: order").click()
    copied = await tab.page.evaluate("navigator.clipboard.readText()")
    assert key_named(copied, 1).qualifier == "order"
    await expect(tab.page.locator("#notice")).to_have_text(f"Copied: {copied}")


async def test_of_very_many_sessions_the_first_are_shown_with_their_number(desk: Desk) -> None:
    [bot_id] = desk.api.page.inspector._sources if desk.api.page else []
    storage = desk.api.page.inspector._sources[bot_id] if desk.api.page else None
    assert isinstance(storage, MemorySessionStorage)
    for chat in range(130):
        await storage.open(SessionKey(bot_id, 5000 + chat), at=desk.api.clock.now())
    tab = await desk.tab()
    await tab.opens("Sessions")
    await expect(tab.page.locator("#sessions")).to_contain_text("The 100 that were opened first, of 130.")
    await expect(tab.page.locator("#sessions .card")).to_have_count(100)
