"""Every kind of message on the page says what it is, in light and dark, and on a phone."""

from __future__ import annotations

import re
import struct
import zlib
from typing import Any

import pytest
from aiogram.types import BufferedInputFile, InputMediaPhoto, KeyboardButton, LabeledPrice, ReplyKeyboardMarkup
from playwright.async_api import expect

from tests.browser.cafe import Cafe
from tests.browser.desk import PHONE
from tests.browser.test_looks import CONTRAST
from tgslices.testing.wire.arguments import Arguments

pytestmark = pytest.mark.asyncio(loop_scope="session")

LONG = "Donaudampfschifffahrtsgesellschaftskapitän"
RICH = [
    {"type": "heading", "text": "Tonight", "size": 1},
    {"type": "paragraph", "text": ["A ", {"type": "bold", "text": "warm"}, " soup"]},
]


async def send_everything(cafe: Cafe) -> None:
    bot, where = cafe.bot, cafe.chat.id
    await bot.send_poll(where, f"Which soup tonight, {LONG}?", ["Pumpkin", "Leek and potato", LONG])
    await bot.send_contact(where, "+372 555 0100", "Marta", last_name="Cook")
    await bot.send_venue(where, 59.437, 24.7536, "Harbour Café", "12 Harbour Road, Tallinn")
    await bot.send_location(where, 59.437, 24.7536)
    await bot.send_game(where, "soup_quiz")
    await bot.send_dice(where)
    await bot.send_invoice(where, "Soup", "A bowl of the day", "soup-1", "XTR", [LabeledPrice(label="Bowl", amount=7)])
    await bot.send_document(where, BufferedInputFile(b"%PDF", f"{LONG}.pdf"), caption="The menu")
    cafe.api.plant_message(cafe.chat, cafe.account, kind="rich_message", content={"rich_message": {"blocks": RICH}})
    story = {"id": 7, "chat": {"id": 1, "type": "private", "first_name": "Marta"}}
    cafe.api.plant_message(cafe.chat, cafe.account, kind="story", content={"story": story})
    tasks = [{"id": 1, "text": "leeks", "completion_date": 1}, {"id": 2, "text": LONG}]
    checklist = {"title": "For tonight", "tasks": tasks}
    cafe.api.plant_message(cafe.chat, cafe.account, kind="checklist", content={"checklist": checklist})
    cafe.api.plant_message(cafe.chat, cafe.account, kind="paid_media", content={"paid_media": {"star_count": 5}})
    cafe.api.plant_message(cafe.chat, cafe.account, kind="something_new")
    cafe.api.plant_message(cafe.chat, cafe.ann, kind="video_chat_started")
    draft = Arguments({"chat_id": str(where), "draft_id": "1", "text": "The kitchen says that"})
    await cafe.api.calls.perform(cafe.account, "sendMessageDraft", draft)


SAID = """(bubble) => {
    const copy = bubble.cloneNode(true);
    copy.querySelectorAll(".poll, .meta").forEach((part) => part.remove());
    return copy.textContent;
}"""
CUT_OFF = """(list) => [...list.querySelectorAll(".bubble, .bubble *, .key")]
    .filter((element) => element.getBoundingClientRect().right > innerWidth).map((element) => element.textContent)"""
SHOWN = [
    f"PollWhich soup tonight, {LONG}?",
    "ContactMarta Cook+372 555 0100",
    "VenueHarbour Café12 Harbour Road, Tallinn",
    "Location59.437, 24.7536",
    "Gamesoup_quiz",
    "Dice🎲",
    "InvoiceSoupA bowl of the day7 XTR",
    f"{LONG}.pdf4 BThe menu",
    "Tonight\nA warm soup",
    "Storyof Martanumber 7",
    f"ChecklistFor tonight☑ leeks☐ {LONG}",
    "Paid media5 ⭐",
    "Something new",
    "Ann started a video chat",
    "The kitchen says that",
]


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_every_kind_says_what_it_is(cafe: Cafe, scheme: Any) -> None:
    await send_everything(cafe)
    tab = await cafe.tab(color_scheme=scheme, viewport={"width": 1360, "height": 2300})
    items = tab.page.locator("#messages > li:not(.day)")
    await expect(items).to_have_count(len(SHOWN))
    for item, said in zip(await items.all(), SHOWN, strict=True):
        text = await item.locator(".bubble, > span").first.evaluate(SAID)
        assert text.lower().startswith(said.lower()), text
    await tab.settles()
    assert await tab.page.evaluate(CONTRAST) == []


async def test_on_a_phone_no_kind_is_cut_off(cafe: Cafe) -> None:
    await send_everything(cafe)
    tab = await cafe.tab(**PHONE)
    await expect(tab.page.locator("#messages > li:not(.day)")).to_have_count(len(SHOWN))
    assert not await tab.is_wider_than_shown()
    assert await tab.page.locator("#messages").evaluate(CUT_OFF) == []


async def test_a_draft_is_gone_with_the_message_that_it_was_for(cafe: Cafe) -> None:
    tab = await cafe.tab()
    draft = {"chat_id": str(cafe.chat.id), "draft_id": "1", "text": "The soup"}
    await cafe.api.calls.perform(cafe.account, "sendMessageDraft", Arguments(draft))
    await expect(tab.page.locator(".draft .text")).to_have_text("The soup")
    await cafe.bot.send_message(cafe.chat.id, "The soup is ready.")
    await tab.reads("The soup is ready.")
    await expect(tab.page.locator(".draft")).to_have_count(0)


Colour = tuple[int, int, int]


def painted(top: Colour, bottom: Colour) -> BufferedInputFile:
    """A PNG of 160 by 120 pixels that runs from one colour to the other."""
    rows = [[round(a + (b - a) * row / 119) for a, b in zip(top, bottom, strict=True)] for row in range(120)]
    header = struct.pack(">2I5B", 160, 120, 8, 2, 0, 0, 0)
    pixels = zlib.compress(b"".join(b"\0" + bytes(colour) * 160 for colour in rows))
    parts = [(b"IHDR", header), (b"IDAT", pixels), (b"IEND", b"")]
    chunks = [struct.pack(">I", len(data)) + name + data + zlib.crc32(name + data).to_bytes(4) for name, data in parts]
    return BufferedInputFile(b"\x89PNG\r\n\x1a\n" + b"".join(chunks), "picture.png")


LEEK = painted((214, 232, 178), (92, 140, 66))
BEET = painted((232, 150, 180), (120, 24, 70))
PUMPKIN = painted((255, 214, 140), (214, 110, 30))


async def test_photos_albums_forwards_and_a_reply_keyboard(cafe: Cafe) -> None:
    bot, where = cafe.bot, cafe.chat.id
    await bot.send_photo(where, LEEK, caption="Leek, as every day.")
    await bot.send_media_group(where, [InputMediaPhoto(media=file) for file in (BEET, PUMPKIN)])
    asked = await cafe.bob.private_chat(cafe.account).types("Is the pumpkin one vegan?")
    await bot.forward_message(where, cafe.bob.id, asked.message_id)
    days = [[KeyboardButton(text="Leek"), KeyboardButton(text="Beet")], [KeyboardButton(text="Pumpkin")]]
    await bot.send_message(where, "Which one?", reply_markup=ReplyKeyboardMarkup(keyboard=days, resize_keyboard=True))
    tab = await cafe.tab(viewport={"width": 1360, "height": 880})
    images = tab.page.locator("#messages img")
    await expect(images).to_have_count(3)
    for image in await images.all():
        assert await image.evaluate("(image) => image.decode().then(() => image.naturalWidth)") == 160
    await expect(tab.page.locator(".album img")).to_have_count(2)
    numbers = tab.page.locator("#messages .number")
    await expect(numbers).to_have_text(["#1", "#2–3", re.compile(r"#\d+"), re.compile(r"#\d+")])
    photo, caption = images.first, tab.bubbles.first
    assert await photo.evaluate("(image) => image.clientWidth") >= await caption.evaluate("(text) => text.clientWidth")
    await expect(tab.page.locator(".forward")).to_have_text("Forwarded from Bob")
    keys = tab.page.get_by_role("group", name="Reply keyboard").get_by_role("button")
    await expect(keys).to_have_text(["Leek", "Beet", "Pumpkin"])
    await tab.picture("media")


async def test_an_odd_message_costs_the_page_no_other(cafe: Cafe) -> None:
    tab = await cafe.tab()
    buttons: list[Any] = [["x"], [{"text": "Tea", "callback_data": "tea"}]]
    odd: list[tuple[str, dict[str, Any]]] = [
        ("poll", {"poll": {"options": ["a", "b"]}}),
        ("checklist", {"checklist": {"tasks": 1}}),
        ("new_chat_members", {"new_chat_members": [{}]}),
        ("text", {"text": "\ud800?", "entities": [1], "reply_markup": {"inline_keyboard": buttons}, "from": 1}),
    ]
    for kind, content in odd:
        cafe.api.plant_message(cafe.chat, cafe.account, kind=kind, content=content)
    await cafe.bot.send_message(cafe.chat.id, "And then?")
    await tab.reads("And then?")
    said = [await item.evaluate(SAID) for item in await tab.page.locator(".bubble, .service > span").all()]
    assert said == [
        "Poll",
        "checklist (cannot be shown)",
        "Café bot: new chat members (cannot be shown)",
        "\ufffd?",
        "And then?",
    ]
    await expect(tab.page.locator("#offline")).to_be_hidden()
