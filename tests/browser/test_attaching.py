"""What a person sends besides text, pictures that are looked at, and how the page looks."""

from __future__ import annotations

import re
from typing import Any

import pytest
from aiogram.types import BufferedInputFile, InlineKeyboardButton, InlineKeyboardMarkup, Message
from playwright.async_api import FilePayload, expect

from tests.browser.cafe import Cafe
from tests.browser.desk import Tab
from tests.browser.test_kinds import LEEK
from tests.browser.test_looks import CONTRAST

pytestmark = pytest.mark.asyncio(loop_scope="session")

PICTURE = FilePayload(name="leek.png", mimeType="image/png", buffer=LEEK.data)


async def told(cafe: Cafe) -> list[Message]:
    """The messages that the bot was told of since it was asked last."""
    updates = await cafe.bot.get_updates()
    if updates:
        await cafe.bot.get_updates(offset=updates[-1].update_id + 1)
    return [update.message for update in updates if update.message]


async def sends(tab: Tab, what: str) -> None:
    await tab.page.get_by_role("button", name="Send something else").click()
    await tab.page.get_by_role("menuitem", name=what).click()


async def test_a_file_has_the_caption_that_was_typed_or_is_typed_then(cafe: Cafe) -> None:
    tab = await cafe.tab()
    await tab.input.fill("A leek")
    await tab.attaches(PICTURE)
    await tab.reads("A leek")
    await expect(tab.input).to_have_value("")
    await tab.attaches(PICTURE, caption="Another one")
    await tab.reads("Another one")
    assert [(message.content_type, message.caption) for message in await told(cafe)] == [
        ("photo", "A leek"),
        ("photo", "Another one"),
    ]


async def test_a_picture_is_sent_as_a_file_if_that_is_wanted(cafe: Cafe) -> None:
    tab = await cafe.tab()
    await tab.page.locator("#files").set_input_files([PICTURE])
    await tab.page.get_by_label("As files").check()
    await tab.page.get_by_role("button", name="Send", exact=True).last.click()
    await expect(tab.page.locator(".file b")).to_have_text("leek.png")
    [message] = await told(cafe)
    assert message.document is not None


async def test_a_voice_message_a_sticker_a_place_and_a_contact_are_sent(cafe: Cafe) -> None:
    tab = await cafe.tab()
    await sends(tab, "Voice message")
    await tab.page.get_by_label("Seconds").fill("7")
    await tab.page.keyboard.press("Enter")
    await sends(tab, "Sticker")
    await tab.page.get_by_role("menuitem", name="Sticker 🍕").click()
    await expect(tab.page.locator("#messages img")).to_have_count(1)
    await sends(tab, "Location")
    await tab.page.get_by_label("Latitude").fill("-33.9")
    await tab.page.keyboard.press("Enter")
    await sends(tab, "Contact")
    await tab.page.get_by_label("Whose").select_option("Bob")
    await tab.page.get_by_role("button", name="Send", exact=True).last.click()
    await expect(tab.page.locator("#messages > li:not(.day)")).to_have_count(4)
    voice, sticker, place, contact = await told(cafe)
    assert voice.voice is not None
    assert voice.voice.duration == 7
    assert sticker.sticker is not None
    assert sticker.sticker.emoji == "🍕"
    assert place.location is not None
    assert place.location.latitude == -33.9
    assert contact.contact is not None
    assert contact.contact.user_id == cafe.bob.id
    await expect(tab.page.locator("#messages .file small").first).to_contain_text("0:07")


async def test_what_makes_no_sense_is_not_sent(cafe: Cafe) -> None:
    tab = await cafe.tab()
    await sends(tab, "Contact")
    await tab.page.get_by_label("Phone number").fill("call me")
    await tab.page.keyboard.press("Enter")
    await expect(tab.page.locator("#notice")).to_have_text("A phone number has 3 to 24 digits.")
    tab.complaints = [complaint for complaint in tab.complaints if "400" not in complaint]
    await tab.page.get_by_role("button", name="Cancel").click()
    await sends(tab, "Voice message")
    await tab.page.get_by_label("Seconds").fill("0")
    await tab.page.keyboard.press("Enter")
    await expect(tab.page.get_by_role("dialog")).to_be_visible()
    assert await told(cafe) == []


async def test_a_picture_is_enlarged_and_put_away_with_the_keyboard(cafe: Cafe) -> None:
    await cafe.bot.send_photo(cafe.chat.id, LEEK, caption="Leek", has_spoiler=True)
    tab = await cafe.tab()
    await tab.page.get_by_role("button", name="Show: Leek").focus()
    await tab.page.keyboard.press("Enter")
    await tab.page.get_by_role("button", name="Enlarge: Leek").focus()
    await tab.page.keyboard.press("Enter")
    await expect(tab.page.get_by_role("img", name="Leek").last).to_be_visible()
    await expect(tab.page.locator("#viewer")).to_be_visible()
    await tab.page.keyboard.press("Escape")
    await expect(tab.page.locator("#viewer")).to_be_hidden()
    await expect(tab.page.get_by_role("button", name="Enlarge: Leek")).to_be_focused()


async def test_a_right_click_opens_the_menu_of_a_message(cafe: Cafe) -> None:
    await cafe.chat.types("Leek?")
    tab = await cafe.tab()
    await tab.bubbles.first.click(button="right")
    await expect(tab.page.get_by_role("menuitem", name="Edit")).to_be_visible()


async def test_light_or_dark_and_the_widths_are_chosen_and_remembered(cafe: Cafe) -> None:
    tab = await cafe.tab(color_scheme="light")
    background = "getComputedStyle(document.body).backgroundColor"
    light = await tab.page.evaluate(background)
    await tab.page.get_by_role("button", name="Colours and widths").click()
    await tab.page.get_by_role("radio", name="Dark").check()
    await tab.page.get_by_label("Width of the chats").fill("400")
    await tab.page.get_by_role("button", name="Done").click()
    assert await tab.page.evaluate(background) != light
    await tab.settles()
    assert await tab.page.evaluate(CONTRAST) == []
    await tab.page.reload()
    assert await tab.page.evaluate(background) != light
    await expect(tab.page.locator("#chats")).to_have_css("width", "400px")


async def test_emoji_are_drawn_without_a_font_of_the_system(cafe: Cafe) -> None:
    key = InlineKeyboardButton(text="👍 Yes", callback_data="yes")
    await cafe.bot.send_message(cafe.chat.id, "Soup 🔥", reply_markup=InlineKeyboardMarkup(inline_keyboard=[[key]]))
    await cafe.bot.send_dice(cafe.chat.id)
    tab = await cafe.tab()
    has_font = await tab.page.evaluate(HAS_FONT)
    await tab.bubbles.first.click(button="right")
    for emoji in ("👍", "❤", "🔥", "😁", "🎉"):
        await expect(tab.page.get_by_role("menuitem", name=emoji)).to_be_visible()
    await expect(tab.page.locator("#menu .emoji")).to_have_count(0 if has_font else 5)
    await expect(tab.page.locator("#messages .emoji")).to_have_count(0 if has_font else 3)
    await tab.page.keyboard.press("Enter")
    await expect(tab.page.locator(".reaction")).to_have_attribute("aria-label", "👍 1")


HAS_FONT = """() => {
    const pen = document.createElement("canvas").getContext("2d");
    pen.fillText("😀", 0, 16);
    return pen.getImageData(0, 0, 20, 20).data.some((value, at) => at % 4 !== 3 && value > 0);
}"""


async def test_the_picture_of_a_sticker_is_a_picture(cafe: Cafe) -> None:
    tab = await cafe.tab()
    await sends(tab, "Sticker")
    await tab.page.get_by_role("menuitem", name=re.compile("Sticker 😎")).click()
    image: Any = tab.page.locator("#messages img")
    assert await image.evaluate("(image) => image.decode().then(() => image.naturalWidth)") == 256
    assert isinstance(LEEK, BufferedInputFile)
