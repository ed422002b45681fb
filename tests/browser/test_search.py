"""Chats and calls are found: sorted, searched and filtered."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import expect

from tests.browser.cafe import Cafe

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_chats_are_sorted_by_their_last_word_and_searched_by_name_and_text(cafe: Cafe) -> None:
    kitchen = cafe.api.add_group("Kitchen", members=[cafe.ann])
    garden = cafe.api.add_group("Garden", members=[cafe.ann])
    await cafe.ann.view(garden).types("The leeks are ripe")
    tab = await cafe.tab()
    titles = tab.page.locator(".entry b")
    await expect(titles).to_have_text(["Garden", "Café bot", "Kitchen", "Café bot"])
    await expect(tab.page.locator("#me")).to_have_text("You are Ann")
    await cafe.ann.view(kitchen).types("Soup?")
    await expect(titles).to_have_text(["Kitchen", "Garden", "Café bot", "Café bot"])
    search = tab.page.get_by_role("searchbox", name="Search the chats")
    await search.fill("leeks")
    await expect(titles).to_have_text(["Garden"])
    await search.fill("bob")
    await expect(titles).to_have_text(["Café bot"])
    await search.fill("radish")
    await expect(tab.page.locator("#chat-list")).to_have_text("No chat has this in it.")


async def test_calls_tell_chat_and_time_and_are_filtered(cafe: Cafe) -> None:
    await cafe.bot.send_message(cafe.chat.id, "Soup?")
    await cafe.bot.get_me()
    tab = await cafe.tab()
    sent = tab.page.locator(".call", has_text="sendMessage")
    await expect(sent.locator(".about")).to_have_text(re.compile(r"^Ann · \d\d:\d\d$"))
    names = tab.page.locator(".call summary b")
    await expect(names).to_have_count(2)
    for wanted, count in (("getme", 1), ("ann", 1), ("200", 2), ("café", 2), ("soup", 1), ("429", 0)):
        await tab.page.get_by_role("searchbox", name="Filter the calls").fill(wanted)
        await expect(names).to_have_count(count)
    await expect(tab.page.locator("#calls")).to_contain_text("No call is like that")
