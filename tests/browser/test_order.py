"""A whole order, played on the page by typing and tapping."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from tests.browser.desk import Desk

pytestmark = pytest.mark.asyncio(loop_scope="session")

FAREWELL = "Enjoy your pizza! I have tidied up after us."


async def test_after_done_only_the_farewell_is_there(desk: Desk) -> None:
    tab = await desk.tab()
    await tab.orders()
    await tab.opens("Sessions")
    held = tab.page.locator('[data-slice="order"] .held')
    await expect(held).to_have_count(await tab.bubbles.count())
    await tab.picture("chat-before-done")
    await tab.types("/done")
    await tab.reads(FAREWELL)
    await expect(tab.bubbles).to_have_text([FAREWELL])
    await expect(tab.page.locator("#sessions")).to_contain_text("No session is open")
    await tab.picture("chat-after-done")


async def test_what_is_outside_of_the_slice_stays(desk: Desk) -> None:
    tab = await desk.tab()
    await tab.page.get_by_role("button", name="Start").click()
    await tab.reads("Welcome!")
    await tab.types("/order")
    await tab.reads("What would you like")
    await tab.types("/support")
    await tab.reads("What can we help with?")
    await tab.types("Do you deliver after ten?")  # a reply, as the bot asked for one
    await tab.reads("until eleven")
    await tab.types("/cancel")
    await tab.reads("Your order is dropped.")
    await expect(tab.bubbles).to_have_count(7)
    await expect(tab.bubbles.filter(has_text="What would you like")).to_have_count(0)
    await expect(tab.page.locator(".quote")).to_have_count(2)


async def test_a_deleted_message_visibly_goes(desk: Desk) -> None:
    tab = await desk.tab()
    await tab.types("/done")
    await tab.reads("There is no order to end.")
    await tab.page.evaluate(
        """() => { window.seen = []; new MutationObserver((changes) => {
            const gone = changes.map((change) => change.target).filter((one) => one.classList.contains("going"));
            window.seen.push(...gone.map((one) => one.innerText));
        }).observe(document.getElementById("messages"), { subtree: true, attributeFilter: ["class"] }); }"""
    )
    await tab.bubbles.first.hover()
    await tab.page.get_by_role("button", name="Actions for: /done").click()
    await tab.page.get_by_role("menuitem", name="Delete").click()
    await expect(tab.page.locator("#messages li .text")).to_have_count(1)
    assert "/done" in (await tab.page.evaluate("window.seen"))[0]


async def test_without_motion_it_goes_at_once(desk: Desk) -> None:
    tab = await desk.tab(reduced_motion="reduce")
    await tab.orders()
    await tab.types("/done")
    await expect(tab.page.locator("#messages .text")).to_have_text([FAREWELL])
