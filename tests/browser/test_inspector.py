"""Sessions are ended from the inspector."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from tests.browser.desk import Desk

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_session_is_cleared_from_the_inspector_and_only_its_messages_go(desk: Desk) -> None:
    tab = await desk.tab()
    await tab.page.get_by_role("button", name="Start", exact=True).click()
    await tab.reads("Welcome!")
    await tab.types("/order")
    await tab.reads("What would you like")
    await tab.opens("Sessions")
    await expect(tab.page.locator('[data-slice="order"] .ends')).to_contain_text("first today")
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
