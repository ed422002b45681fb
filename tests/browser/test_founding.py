"""What comes into being on the page: chats of every kind, bots, and business connections."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from tests.browser.cafe import Cafe
from tests.browser.desk import Tab

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def adds_chat(tab: Tab, kind: str, title: str = "") -> None:
    await tab.page.get_by_role("button", name="Add a chat").click()
    await tab.page.get_by_label("Kind").select_option(kind)
    if title:
        await tab.page.get_by_label("Title").fill(title)
    await tab.page.get_by_role("button", name="Add", exact=True).click()
    await expect(tab.page.get_by_role("dialog")).to_be_hidden()


@pytest.mark.parametrize("kind", ["group", "supergroup", "forum", "channel"])
async def test_a_chat_of_each_kind_is_made(cafe: Cafe, kind: str) -> None:
    tab = await cafe.tab()
    await adds_chat(tab, kind, "Kitchen")
    await expect(tab.page.locator("#chat-title")).to_have_text("Kitchen")
    [chat] = cafe.api.world.chats.values()
    assert chat.type == ("supergroup" if kind == "forum" else kind)
    assert chat.is_forum == (kind == "forum")
    assert chat.status_of(cafe.ann.id) == "creator"
    assert chat.status_of(cafe.bob.id) == "member"
    assert chat.status_of(cafe.account.id) == ("administrator" if kind == "channel" else "member")
    await tab.types("Good morning")
    await tab.reads("Good morning")


async def test_a_channel_is_made_with_its_direct_messages(cafe: Cafe) -> None:
    tab = await cafe.tab()
    await adds_chat(tab, "direct", "News")
    await tab.page.get_by_role("button", name="News (direct), as Bob").click()
    await tab.types("Is it open?")
    await tab.page.get_by_role("button", name="News (direct), as Ann").click()
    await tab.reads("Is it open?")
    updates = await cafe.bot.get_updates()
    assert [update.message.text for update in updates if update.message and update.message.text] == ["Is it open?"]


async def test_a_bot_answers_for_an_account_that_it_was_connected_to(cafe: Cafe) -> None:
    tab = await cafe.tab()
    await adds_chat(tab, "business")
    await expect(tab.page.locator("#chat-subtitle")).to_have_text("You are Bob · business chat with Ann")
    await tab.types("Are you open?")
    await tab.reads("Are you open?")
    [connection] = cafe.api.world.connections.values()
    assert (connection.owner, connection.bot) == (cafe.ann, cafe.account)
    texts = [update.business_message.text for update in await cafe.bot.get_updates() if update.business_message]
    assert texts == ["Are you open?"]


async def test_a_bot_is_made_and_its_token_is_told(cafe: Cafe) -> None:
    tab = await cafe.tab()
    await tab.page.get_by_role("button", name="Add a bot").click()
    await tab.page.get_by_label("Username").fill("soup")
    await tab.page.get_by_role("button", name="Add", exact=True).click()
    await expect(tab.page.locator("#notice")).to_have_text("The username of a bot ends in 'bot'.")
    tab.complaints = [complaint for complaint in tab.complaints if "400" not in complaint]
    await tab.page.get_by_label("Username").fill("soup_bot")
    await tab.page.get_by_role("button", name="Add", exact=True).click()
    made = next(bot for bot in cafe.api.world.bots.values() if bot.username == "soup_bot")
    await expect(tab.page.get_by_role("dialog")).to_contain_text(made.token)
    await tab.page.get_by_role("button", name="OK").click()
    await tab.page.get_by_role("button", name="soup_bot, as Ann").click()
    await tab.types("/start")
    await tab.reads("/start")
    assert len(made.updates.pending) == 1
