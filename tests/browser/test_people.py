"""Several people, several tabs, and whatever they write."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Literal

import pytest
from playwright.async_api import FilePayload, expect

from tests.browser.desk import PHONE, Desk, Tab

pytestmark = pytest.mark.asyncio(loop_scope="session")

NASTY = "<img src=x onerror=\"document.title='gone'\"><script>document.title='gone'</script>"
CONTRAST = Path(__file__).with_name("contrast.js").read_text(encoding="utf-8")
LONG_WORD = "Donaudampfschifffahrtsgesellschaft" * 8
PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


async def adds_person(tab: Tab, name: str) -> None:
    await tab.page.get_by_role("button", name="Add a person").click()
    await tab.page.get_by_label("First name").fill(name)
    await tab.page.get_by_role("button", name="Add", exact=True).click()
    await expect(tab.page.locator(".who", has_text=name)).to_be_visible()
    await expect(tab.page.get_by_role("dialog")).to_be_hidden()


async def adds_group(tab: Tab, title: str) -> None:
    await tab.page.get_by_role("button", name="Add a chat").click()
    await tab.page.locator("#group-title").fill(title)
    await tab.page.get_by_role("button", name="Add", exact=True).click()
    await expect(tab.page.locator("#chat-title")).to_have_text(title)


async def test_an_empty_world_says_what_to_do(empty: Desk) -> None:
    tab = await empty.tab()
    await expect(tab.page.locator("#chat-list")).to_contain_text("Nobody is here yet")
    await adds_person(tab, "Ann")
    await expect(tab.page.locator("#chat-list")).to_contain_text("There is no bot yet")


async def test_two_tabs_agree(desk: Desk) -> None:
    one, two = await desk.tab(), await desk.tab()
    await one.types("/order")
    await two.reads("What would you like")
    await two.taps("Salad")
    await one.reads("One salad. Which size?")
    await two.switches("flood", "Next call", "sendPhoto")
    await one.opens("Switches")
    await expect(one.page.locator('#fault-flood input[value="once"]')).to_be_checked()
    await one.types("/cancel")
    for tab in (one, two):
        await expect(tab.bubbles).to_have_text(["Your order is dropped. I have tidied up after us."])


async def test_a_second_person_in_a_group_sees_the_order_and_cannot_tap_it(desk: Desk) -> None:
    ann = await desk.tab()
    await adds_person(ann, "Bob")
    await ann.page.get_by_role("button", name="Order bot, as Ann").click()
    await adds_group(ann, "Friday dinner")
    await expect(ann.page.locator(".service").last).to_contain_text("Ann added Order bot")
    await ann.types("/order")
    await ann.reads("What would you like")
    bob = await desk.tab()
    await bob.page.get_by_role("button", name="Friday dinner, as Bob").click()
    await expect(bob.page.locator("#messages .sender")).to_have_text(["Ann", "Order bot"])
    await bob.taps("Pizza")
    await expect(bob.page.locator("#notice")).to_have_text("This button has had its time.")
    await expect(ann.page.locator("#notice")).to_have_text("")
    await bob.types("What are you having?")
    await bob.reads("What are you having?")
    await bob.picture("group")
    await ann.taps("Pizza")
    await bob.reads("One pizza. Which size?")


async def test_what_looks_like_markup_stays_text(desk: Desk) -> None:
    tab = await desk.tab()
    await adds_person(tab, NASTY[:64])
    await adds_group(tab, NASTY[:60])
    await tab.types(NASTY)
    await tab.reads("onerror")
    await expect(tab.bubbles.first).to_have_text(NASTY)
    await expect(tab.page.locator("#messages img, #chat-list img, body script")).to_have_count(0)
    assert await tab.page.title() == "tgslices · chat page"


async def test_a_reply_keyboard_sends_its_captions(desk: Desk) -> None:
    tab = await desk.tab()
    await tab.types("/done")
    await tab.reads("There is no order to end.")
    chat = next(iter(desk.api.world.private_chats.values()))
    assert chat.bot is not None
    asked = desk.api.plant_message(chat, chat.bot, text="Which day?")
    asked.markup = {"keyboard": [[{"text": "Friday"}, {"text": "Saturday"}]], "input_field_placeholder": "A day"}
    desk.api.world.changes.notify()
    await expect(tab.input).to_have_attribute("placeholder", "A day")
    await tab.page.get_by_role("group", name="Reply keyboard").get_by_role("button", name="Friday").click()
    await tab.reads("Friday")


async def test_editing_and_replying(desk: Desk) -> None:
    tab = await desk.tab()
    await tab.types("a firt try")
    await tab.reads("a firt try")
    await tab.input.press("ArrowUp")
    await expect(tab.input).to_have_value("a firt try")
    await tab.types("a first try")
    await tab.reads("a first try")
    await expect(tab.page.locator("#messages .meta").last).to_contain_text("edited")
    await tab.bubbles.last.hover()
    await tab.page.get_by_role("button", name="Actions for: a first try").click()
    await tab.page.get_by_role("menuitem", name="Reply").click()
    await tab.types("and an answer")
    await expect(tab.page.locator(".quote")).to_have_text("Anna first try")


async def test_pictures_are_shown_and_other_files_are_named(desk: Desk) -> None:
    tab = await desk.tab()
    await tab.attaches(*(FilePayload(name=f"{n}.png", mimeType="image/png", buffer=PIXEL) for n in (1, 2)))
    await expect(tab.page.locator(".album img")).to_have_count(2)
    assert await tab.page.locator(".album img").first.evaluate(
        "(image) => image.decode().then(() => image.naturalWidth)"
    )
    await tab.attaches({"name": "menu.svg", "mimeType": "image/svg+xml", "buffer": b"<svg onload='alert(1)'/>"})
    await expect(tab.page.locator(".file b")).to_have_text("menu.svg")
    await tab.attaches({"name": "empty.txt", "mimeType": "text/plain", "buffer": b""}, is_sent=False)
    await expect(tab.page.locator("#notice")).to_contain_text("file must be non-empty")
    tab.complaints = [complaint for complaint in tab.complaints if "400" not in complaint]


async def test_on_a_phone_one_column_at_a_time_and_nothing_is_cut_off(desk: Desk) -> None:
    tab = await desk.tab(**PHONE)
    await expect(tab.page.locator("main")).to_be_hidden()
    assert not await tab.is_wider_than_shown()
    await tab.page.get_by_role("button", name="Order bot, as Ann").click()
    await tab.types(LONG_WORD)
    await tab.reads(LONG_WORD)
    await tab.types("/order")
    await tab.reads("What would you like")
    assert not await tab.is_wider_than_shown()
    await tab.page.get_by_role("button", name="Calls, sessions and switches").click()
    for name in ("Calls", "Sessions", "Switches"):
        await tab.opens(name)
        assert not await tab.is_wider_than_shown()
    await tab.page.get_by_role("button", name="Back to the conversation").click()
    await tab.page.get_by_role("button", name="Back to the chats").click()
    await expect(tab.page.locator("#chats")).to_be_visible()


async def test_the_list_of_chats_is_walked_with_arrow_keys(desk: Desk) -> None:
    desk.api.add_person("Bob")
    tab = await desk.tab()
    entries = tab.page.locator(".entry")
    await expect(entries).to_have_count(2)
    await entries.first.focus()
    await tab.page.keyboard.press("End")
    await expect(entries.last).to_be_focused()
    await tab.page.keyboard.press("Enter")
    await expect(tab.page.locator("#chat-subtitle")).to_have_text("You are Bob")
    await entries.last.focus()
    await tab.page.keyboard.press("Home")
    await expect(entries.first).to_be_focused()


async def makes_administrator(tab: Tab, name: str) -> None:
    """By keyboard alone, from the chat's head."""
    await tab.page.get_by_role("button", name="Members").focus()
    await tab.page.keyboard.press("Enter")
    button = tab.page.get_by_role("button", name=f"Make admin: {name}")
    await button.focus()
    await tab.page.keyboard.press("Enter")
    taken_back = tab.page.get_by_role("button", name=f"Make member: {name}")
    await expect(taken_back).to_be_focused()


async def test_a_bot_that_was_made_administrator_wipes_what_people_said_in_a_group(desk: Desk) -> None:
    desk.api.add_person("Bob")
    tab = await desk.tab()
    await tab.page.get_by_role("button", name="Order bot, as Ann").click()
    await adds_group(tab, "Friday dinner")
    await makes_administrator(tab, "Order bot")
    await expect(tab.page.locator("#roles li", has_text="Order bot")).to_contain_text("bot, administrator")
    await tab.page.keyboard.press("Escape")
    await tab.orders()
    assert "12 Harbour Road" in await tab.bubbles.all_text_contents()
    await tab.types("/done")
    await tab.reads("I have tidied up after us.")
    await expect(tab.bubbles).to_have_text(["Enjoy your pizza! I have tidied up after us."])


async def test_the_owner_appoints_and_takes_back_and_nobody_else_does(desk: Desk) -> None:
    desk.api.add_person("Bob")
    ann = await desk.tab()
    await ann.page.get_by_role("button", name="Order bot, as Ann").click()
    await adds_group(ann, "Friday dinner")
    await makes_administrator(ann, "Bob")
    await ann.page.keyboard.press("Enter")
    await expect(ann.page.get_by_role("button", name="Make admin: Bob")).to_be_focused()
    await expect(ann.page.locator("#roles li small")).to_have_text(["owner", "member", "bot, member"])
    bob = await desk.tab()
    await bob.page.get_by_role("button", name="Friday dinner, as Bob").click()
    await bob.page.get_by_role("button", name="Members").click()
    await expect(bob.page.locator("#roles li")).to_have_count(3)
    await expect(bob.page.locator("#roles button")).to_have_count(0)


async def test_what_a_person_may_not_do_is_said_and_not_done(desk: Desk) -> None:
    bob = desk.api.add_person("Bob")
    ann = next(user for user in desk.api.world.users.values() if user.first_name == "Ann")
    group = desk.api.add_supergroup("Team", members=[ann, bob])
    tab = await desk.tab()
    await tab.page.get_by_role("button", name="Team, as Ann").click()
    await tab.types("mine")
    await tab.reads("mine")
    await tab.page.get_by_role("button", name="Team, as Bob").click()
    await tab.bubbles.last.hover()
    await tab.page.get_by_role("button", name="Actions for: mine").click()
    await tab.page.get_by_role("menuitem", name="Delete").click()
    notice = tab.page.locator("#notice")
    await expect(notice).to_have_text(
        "Bob may not delete this message in 'Team', because it is somebody else's, and they may not delete such."
    )
    await tab.reads("mine")
    desk.api.restrict(group, bob, by=ann, can_send_messages=False)
    why = "You cannot write here, because you are restricted here, without can_send_messages."
    await expect(tab.page.locator("#unwritable")).to_have_text(why)
    await expect(tab.input).to_be_hidden()
    await expect(tab.bubbles).to_have_text(["mine"])
    tab.complaints = [complaint for complaint in tab.complaints if "400" not in complaint]


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_the_members_can_be_read_on_a_phone(desk: Desk, scheme: Literal["light", "dark"]) -> None:
    ann = next(user for user in desk.api.world.users.values() if user.first_name == "Ann")
    long = desk.api.add_person("Bartholomew-Maximilian Featherstonehaugh")
    bot = next(iter(desk.api.world.bots.values()))
    desk.api.add_group("Friday dinner", members=[long, bot], admins=[ann])
    tab = await desk.tab(**PHONE, color_scheme=scheme)
    await tab.page.get_by_role("button", name="Friday dinner, as Ann").click()
    await tab.page.get_by_role("button", name="Members").click()
    await tab.page.get_by_role("button", name="Make admin: Order bot").click()
    await expect(tab.page.locator("#roles li", has_text="Order bot")).to_contain_text("bot, administrator")
    await tab.settles()
    assert not await tab.is_wider_than_shown()
    assert await tab.page.evaluate(CONTRAST) == []
