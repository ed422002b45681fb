"""The switches for faults and for the clock, and what the log of calls says then."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable

import pytest
from playwright.async_api import expect

from tests.browser.cafe import Cafe
from tests.browser.desk import Desk
from tests.browser.test_order import FAREWELL
from tgslices.testing import Flood
from tgslices.testing.wire.arguments import Arguments

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest.mark.parametrize(("fault", "status"), [("flood", "429"), ("failure", "500")])
async def test_a_refused_deletion_is_tried_again(desk: Desk, fault: str, status: str) -> None:
    tab = await desk.tab()
    await tab.orders()
    await tab.switches(fault, "Next call", "deleteMessages")
    await expect(tab.page.locator(f"#fault-{fault}")).to_have_class("card on")
    await tab.types("/done")
    await expect(tab.bubbles).to_have_text([FAREWELL])
    await expect(tab.page.locator(f"#fault-{fault} .hits")).to_have_text("met 1 call")
    await tab.opens("Calls")
    deletions = tab.page.locator(".call", has_text="deleteMessages")
    await expect(deletions.locator(".status")).to_have_text(["200", status])
    await deletions.first.locator("summary").click()
    await expect(deletions.first.locator("pre").first).to_contain_text('"message_ids"')
    await expect(deletions.first.locator("pre").last).to_contain_text('"result": true')
    answers = tab.page.locator(".call", has_text="answerCallbackQuery").locator(".gist")
    await expect(answers).to_have_text([re.compile(r"^[a-z]\S*$")] * 3)  # what was tapped, and no number of the query
    if fault == "flood":
        await tab.picture("calls")


async def test_offline_the_bot_hears_nothing_and_comes_back(desk: Desk) -> None:
    tab = await desk.tab()
    await tab.types("/done")
    await tab.reads("There is no order to end.")
    await tab.switches("offline", "Every call")
    await tab.opens("Calls")
    await tab.page.get_by_label("getUpdates").check()
    polls = tab.page.locator(".call", has_text="getUpdates")
    await expect(polls.locator(".status", has_text="cut").first).to_be_visible()
    await tab.types("/order")
    await expect(tab.bubbles).to_have_count(3)
    assert desk.api.count("sendMessage") == 1
    await tab.switches("offline", "Off")
    await tab.reads("What would you like")


async def test_after_two_days_telegram_lets_nothing_be_deleted(desk: Desk) -> None:
    tab = await desk.tab()
    await tab.orders()
    await tab.opens("Switches")
    await tab.page.get_by_role("button", name="+48 h").click()
    await expect(tab.page.locator("#ahead")).to_have_text("48 hours ahead of your own clock")
    await tab.page.get_by_role("button", name="+1 h").click()  # at exactly 48 hours a message can still be deleted
    await expect(tab.page.locator("#ahead")).to_have_text("49 hours ahead of your own clock")
    await tab.picture("switches")
    await tab.types("/done")
    await tab.reads("Telegram does not let me remove 4 old messages; you may.")
    await tab.reads("12 Harbour Road")
    await expect(tab.page.locator("#messages .day")).to_have_count(2)


async def clear(cafe: Cafe) -> None:
    cafe.api.faults.clear()


async def use_up(cafe: Cafe) -> None:
    await cafe.api.calls.perform(cafe.account, "getMe", Arguments({}))


Undo = Callable[[Cafe], Awaitable[None]]


@pytest.mark.parametrize("undo", [clear, use_up])
async def test_a_switch_falls_back_to_off_when_its_fault_is_over(cafe: Cafe, undo: Undo) -> None:
    tab = await cafe.tab()
    await tab.switches("failure", "Next call")
    await expect(tab.page.locator("#fault-failure")).to_have_class("card on")
    await undo(cafe)
    await expect(tab.page.locator("#fault-failure")).to_have_class("card")
    await expect(tab.page.locator("#fault-failure").get_by_role("radio", name="Off")).to_be_checked()
    cafe.api.faults.add(Flood(), times=1)
    await expect(tab.page.locator("#fault-flood").get_by_role("radio", name="Off")).to_be_checked()


async def test_cleared_the_log_says_what_it_is_for(desk: Desk) -> None:
    tab = await desk.tab()
    await tab.types("/done")
    await tab.reads("There is no order to end.")
    await tab.page.get_by_role("button", name="Clear").click()
    await expect(tab.page.locator("#calls")).to_contain_text("No calls yet")
