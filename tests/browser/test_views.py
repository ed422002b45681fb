"""The page shows each person what they see, by the same rules as the views of tests."""

from __future__ import annotations

import pytest
from aiogram.types import (
    BotCommand,
    BotCommandScopeAllChatAdministrators,
    BotCommandScopeAllGroupChats,
    BotCommandScopeAllPrivateChats,
    BotCommandScopeUnion,
    ForceReply,
    KeyboardButton,
    ReplyKeyboardMarkup,
    ReplyKeyboardRemove,
)
from playwright.async_api import Locator, expect

from tests.browser.cafe import Cafe
from tests.browser.desk import Tab
from tgslices.testing import Chat, Person

pytestmark = pytest.mark.asyncio(loop_scope="session")


def keyboard(*captions: str, **manners: bool) -> ReplyKeyboardMarkup:
    row = [KeyboardButton(text=caption) for caption in captions]
    return ReplyKeyboardMarkup(keyboard=[row], **manners)  # type: ignore[arg-type]


def keys(tab: Tab) -> Locator:
    return tab.page.get_by_role("group", name="Reply keyboard").get_by_role("button")


async def looks(cafe: Cafe, person: Person, chat: Chat) -> Tab:
    return await cafe.desk.tab(f"#{person.id}/g{chat.id}")


async def test_a_keyboard_for_one_time_goes_when_it_was_used(cafe: Cafe) -> None:
    once = keyboard("Leek", "Beet", one_time_keyboard=True)
    await cafe.bot.send_message(cafe.chat.id, "Which soup?", reply_markup=once)
    tab = await cafe.tab()
    await tab.types("hm")
    await tab.reads("hm")
    await expect(keys(tab)).to_have_text(["Leek", "Beet"])
    await keys(tab).first.click()
    await tab.reads("Leek")
    await expect(keys(tab)).to_have_count(0)
    assert cafe.chat.keyboard() == []


async def test_a_selective_keyboard_is_shown_and_taken_from_those_whom_it_addresses(cafe: Cafe) -> None:
    team = cafe.api.add_supergroup("Kitchen", members=[cafe.ann, cafe.bob, cafe.account])
    ann, bob = await looks(cafe, cafe.ann, team), await looks(cafe, cafe.bob, team)
    await cafe.bot.send_message(team.id, "For all", reply_markup=keyboard("Tea"))
    hers = f'<a href="tg://user?id={cafe.ann.id}">Ann</a>'
    chosen = keyboard("Soup", selective=True)
    await cafe.bot.send_message(team.id, f"{hers}, which?", parse_mode="HTML", reply_markup=chosen)
    await expect(keys(ann)).to_have_text(["Soup"])
    await bob.reads("which?")
    await expect(keys(bob)).to_have_text(["Tea"])
    gone = ReplyKeyboardRemove(remove_keyboard=True, selective=True)
    await cafe.bot.send_message(team.id, f"Thank you, {hers}", parse_mode="HTML", reply_markup=gone)
    await expect(keys(ann)).to_have_count(0)
    await bob.reads("Thank you")
    await expect(keys(bob)).to_have_text(["Tea"])


async def test_a_selective_wish_for_a_reply_is_for_those_whom_it_addresses(cafe: Cafe) -> None:
    team = cafe.api.add_supergroup("Kitchen", members=[cafe.ann, cafe.bob, cafe.account])
    ann, bob = await looks(cafe, cafe.ann, team), await looks(cafe, cafe.bob, team)
    hers = f'<a href="tg://user?id={cafe.ann.id}">Ann</a>'
    wish = ForceReply(force_reply=True, selective=True, input_field_placeholder="A number")
    await cafe.bot.send_message(team.id, f"{hers}, how many?", parse_mode="HTML", reply_markup=wish)
    await expect(ann.page.locator("#context")).to_be_visible()
    await expect(ann.input).to_have_attribute("placeholder", "A number")
    await bob.reads("how many?")
    await expect(bob.page.locator("#context")).to_be_hidden()
    await expect(bob.input).to_have_attribute("placeholder", "Message")


async def test_an_ephemeral_message_stands_in_the_place_of_what_it_replaces_for_its_receiver(cafe: Cafe) -> None:
    team = cafe.api.add_supergroup("Kitchen", members=[cafe.ann, cafe.bob], admins=[cafe.account])
    menu = await cafe.bot.send_message(team.id, "The menu")
    await cafe.ann.view(team).types("Thanks")
    ann, bob = await looks(cafe, cafe.ann, team), await looks(cafe, cafe.bob, team)
    await expect(ann.bubbles).to_have_text(["The menu", "Thanks"])
    public = next(message for message in team.messages.values() if message.message_id == menu.message_id)
    hers = cafe.api.world.store_ephemeral(
        team, cafe.account, cafe.ann, "text", {"text": "The menu for Ann"}, replaces=public
    )
    await expect(ann.bubbles).to_have_text(["The menu for Ann", "Thanks"])
    await expect(ann.page.locator("#messages .number")).to_have_text(["only you see this", "#3"])
    await expect(bob.bubbles).to_have_text(["The menu", "Thanks"])
    cafe.api.world.remove([hers])
    await expect(ann.bubbles).to_have_text(["The menu", "Thanks"])


async def test_direct_messages_to_a_channel_are_seen_by_who_wrote_and_by_who_answers(cafe: Cafe) -> None:
    eve = cafe.api.add_person("Eve")
    channel = cafe.api.add_channel("News", members=[cafe.bob, eve], admins=[cafe.ann, cafe.account])
    direct = cafe.api.add_direct_messages(channel)
    bob = await looks(cafe, cafe.bob, direct)
    await bob.types("Is it open?")
    await bob.reads("Is it open?")
    await eve.view(direct).types("And I?")
    ann = await looks(cafe, cafe.ann, direct)
    await expect(ann.bubbles).to_have_text(["Is it open?", "And I?"])
    await ann.types("To whom?")
    await expect(ann.page.locator("#notice")).to_have_text("Choose above whom to write to, or reply to a message.")
    ann.complaints = [complaint for complaint in ann.complaints if "400" not in complaint]
    await ann.page.get_by_role("group", name="Topics").get_by_role("button", name="Bob").click()
    await expect(ann.bubbles).to_have_text(["Is it open?"])
    await ann.types("Until ten.")
    await expect(bob.bubbles).to_have_text(["Is it open?", "Until ten."])
    await expect(bob.page.locator("#messages .sender")).to_have_text(["News"])
    await expect(bob.page.locator("#topics")).to_be_hidden()
    await expect(ann.page.locator("#messages li.own .text")).to_have_text(["Until ten."])


async def test_who_left_a_group_keeps_what_came_before_and_cannot_write(cafe: Cafe) -> None:
    team = cafe.api.add_group("Kitchen", members=[cafe.ann, cafe.bob, cafe.account])
    club = cafe.api.add_supergroup("Club", members=[cafe.ann, cafe.bob])
    await cafe.ann.view(team).types("Before")
    await cafe.ann.view(club).types("Members only")
    bob = await looks(cafe, cafe.bob, team)
    await bob.reads("Before")
    cafe.api.leave(team, cafe.bob)
    cafe.api.leave(club, cafe.bob)
    await cafe.ann.view(team).types("After")
    ann = await looks(cafe, cafe.ann, team)
    await ann.reads("After")
    await expect(bob.bubbles).to_have_text(["Before"])
    await expect(bob.input).to_be_hidden()
    why = "You cannot write here, because you are not in this chat."
    await expect(bob.page.locator("#unwritable")).to_have_text(why)
    await expect(bob.page.get_by_role("button", name="Kitchen, as Bob")).to_be_visible()
    await expect(bob.page.get_by_role("button", name="Club, as Bob")).to_have_count(0)


async def test_a_subscriber_reads_who_writes_in_a_channel(cafe: Cafe) -> None:
    channel = cafe.api.add_channel("News", members=[cafe.bob], admins=[cafe.ann])
    bob, ann = await looks(cafe, cafe.bob, channel), await looks(cafe, cafe.ann, channel)
    why = "Only administrators who may post write in this channel."
    await expect(bob.page.locator("#unwritable")).to_have_text(why)
    await expect(bob.input).to_be_hidden()
    await ann.types("Open again")
    await bob.reads("Open again")


async def test_commands_are_suggested_that_a_person_sees_in_this_chat(cafe: Cafe) -> None:
    team = cafe.api.add_supergroup("Kitchen", members=[cafe.bob], admins=[cafe.ann, cafe.account])
    scopes: dict[str, BotCommandScopeUnion] = {
        "order": BotCommandScopeAllPrivateChats(),
        "menu": BotCommandScopeAllGroupChats(),
        "ban": BotCommandScopeAllChatAdministrators(),
    }
    for name, scope in scopes.items():
        await cafe.bot.set_my_commands([BotCommand(command=name, description="…")], scope)
    for tab, name in (
        (await looks(cafe, cafe.bob, team), "menu"),
        (await looks(cafe, cafe.ann, team), "ban"),
        (await cafe.tab(), "order"),
    ):
        await tab.input.fill("/")
        await expect(tab.page.get_by_role("option")).to_have_count(1)
        await expect(tab.page.get_by_role("option").locator("b")).to_have_text(f"/{name}")
