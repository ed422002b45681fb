"""People are slower than a bot: they wait for its handlers, and hear at once what went wrong."""

from __future__ import annotations

import asyncio
import re
from datetime import timedelta

import pytest
from aiogram import Bot, Dispatcher, F
from aiogram.types import CallbackQuery, ChatMemberUpdated, InlineKeyboardButton, InlineKeyboardMarkup, Message

from tgslices.testing import BotAccount, BotApi, ChatView, Person, running

MENU = InlineKeyboardMarkup(inline_keyboard=[[InlineKeyboardButton(text="Soup", callback_data="soup")]])


def slow(*, opened: asyncio.Event | None = None) -> Dispatcher:
    """A bot that shows its menu before it knows that it did, as dialogs do."""
    dispatcher = Dispatcher()
    known: set[int] = set()

    @dispatcher.message(F.text == "/menu")
    async def menu(message: Message) -> None:
        await message.answer("What?", reply_markup=MENU)
        await asyncio.sleep(0.05)
        known.add(message.chat.id)

    @dispatcher.message(F.text == "/wait")
    async def wait(message: Message) -> None:
        assert opened is not None
        await opened.wait()
        await message.answer("Opened.")

    @dispatcher.message(F.text == "/fail")
    async def fail(message: Message) -> None:
        raise LookupError("no soup")

    @dispatcher.callback_query()
    async def chosen(tap: CallbackQuery) -> None:
        assert isinstance(tap.message, Message)
        await tap.message.answer("Soup it is." if tap.message.chat.id in known else "Which menu?")

    @dispatcher.chat_member()
    async def greet(event: ChatMemberUpdated, bot: Bot) -> None:
        if event.new_chat_member.status == "member":
            await bot.send_message(event.chat.id, f"Hello {event.new_chat_member.user.first_name}")

    return dispatcher


async def test_what_a_person_taps_next_comes_after_the_handler_that_showed_it(bot: Bot, chat: ChatView) -> None:
    async with running(slow(), bot):
        await chat.types("/menu")
        await chat.taps("Soup")
        assert chat.texts() == ["/menu", "What?", "Soup it is."]


async def test_a_person_lets_a_handler_finish_that_somebody_else_set_off(
    api: BotApi, account: BotAccount, bot: Bot, ann: Person
) -> None:
    group = ann.view(api.add_supergroup("Team", members=[ann], admins=[account]))
    async with running(slow(), bot):
        api.join(group, api.add_person("Bob"))
        await group.types("Who is that?")
        assert group.texts() == ["", "Hello Bob", "Who is that?"]


async def test_a_bot_that_was_just_started_gets_the_kinds_of_updates_that_it_handles(
    api: BotApi, account: BotAccount, bot: Bot, ann: Person
) -> None:
    group = ann.view(api.add_supergroup("Team", members=[ann], admins=[account]))
    async with running(slow(), bot):
        api.join(group, api.add_person("Bob"))
        await group.sees("Hello Bob")


async def test_without_waiting_a_person_goes_on_and_nobody_waits_later(bot: Bot, chat: ChatView) -> None:
    opened = asyncio.Event()
    async with running(slow(opened=opened), bot):
        await chat.without_waiting.types("/wait")
        await chat.types("/menu")
        assert chat.texts() == ["/wait", "/menu", "What?"]
        opened.set()
        await chat.sees("Opened.")


async def test_a_handler_that_never_ends_is_named(bot: Bot, chat: ChatView, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tgslices.testing.people.waiting.PATIENCE", timedelta(seconds=0.2))
    opened = asyncio.Event()
    async with running(slow(opened=opened), bot):
        with pytest.raises(AssertionError) as caught:
            await chat.types("/wait")
        opened.set()
    assert str(caught.value) == (
        "the bot was not through with message '/wait' within 0.2 s. If its handler waits for something that comes "
        "later, do not wait for it: chat.without_waiting, or run(dispatcher, people_wait=False).\n"
        "--- order_bot, as Ann sees it ---\n    1  Ann: /wait"
    )


async def test_until_fails_at_once_with_what_a_handler_raised(bot: Bot, chat: ChatView) -> None:
    async with running(slow(), bot, people_wait=False):
        await chat.types("/fail")
        with pytest.raises(LookupError, match="no soup"):
            await asyncio.wait_for(chat.until(lambda seen: "Soup" in seen.texts(), timeout=60), 10)


async def test_an_album_comes_at_once(bot: Bot, chat: ChatView) -> None:
    dispatcher, together = Dispatcher(), set()

    @dispatcher.message(F.photo)
    async def gather(message: Message) -> None:
        together.add(message.message_id)
        for _ in range(1000):
            if len(together) == 2:
                return
            await asyncio.sleep(0.001)
        raise AssertionError("they came one by one")

    async with running(dispatcher, bot):
        await chat.sends_album()


async def test_what_is_seen_is_returned(bot: Bot, chat: ChatView) -> None:
    await bot.send_message(chat.id, "Soup?")
    await bot.send_message(chat.id, "Soup is out")
    await bot.send_dice(chat.id)
    assert (await chat.sees("Soup?")).message_id == 1
    assert (await chat.sees(re.compile("^Soup"))).message_id == 2
    assert (await chat.sees(kind="dice")).message_id == 3
    await chat.sees_only(["Soup?", "Soup is out", ""])


async def test_what_is_not_seen_is_said_with_the_chat(bot: Bot, chat: ChatView) -> None:
    await bot.send_message(chat.id, "Soup?")
    seen = "\n--- order_bot, as Ann sees it ---\n    1  order_bot: Soup?"
    with pytest.raises(AssertionError) as caught:
        await chat.sees("Soup", kind="text", timeout=0)
    assert str(caught.value) == f"Ann did not see 'Soup' <text> in 0 s:{seen}"
    with pytest.raises(AssertionError) as caught:
        await chat.sees_only([], timeout=0)
    assert str(caught.value) == f"Ann did not see only [] in 0 s, but ['Soup?']:{seen}"


async def test_a_bot_that_fetches_nothing_is_hinted_at(chat: ChatView) -> None:
    await chat.types("hi")
    with pytest.raises(AssertionError) as caught:
        await chat.sees("hello", timeout=0)
    assert str(caught.value).splitlines()[-1] == (
        "order_bot fetches no updates; waiting: 1. Start its dispatcher: await run(dispatcher)."
    )


async def test_an_update_that_nobody_handled_is_hinted_at(api: BotApi, bot: Bot, chat: ChatView) -> None:
    async with running(slow(), bot):
        message = await chat.types("/meun")
        await chat.reacts(message, "👍")
        with pytest.raises(AssertionError) as caught:
            await chat.taps("Soup")
    assert str(caught.value).endswith(
        "order_bot: no handler took message '/meun'.\n"
        "order_bot was not told of message_reaction: it gets the kinds that its dispatcher had handlers for when it "
        "began."
    )


async def test_idle_is_when_the_handlers_are_through(api: BotApi, bot: Bot, chat: ChatView) -> None:
    opened = asyncio.Event()
    async with running(slow(opened=opened), bot, people_wait=False):
        await chat.types("/wait")
        with pytest.raises(AssertionError, match="handlers at work on \\[\"message '/wait'\"\\]"):
            await api.idle(timeout=0.2)
        opened.set()
        await api.idle()
        assert chat.texts()[-1] == "Opened."
