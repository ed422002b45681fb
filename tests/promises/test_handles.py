"""Asking is not opening: which handles open a session, and which only look."""

from __future__ import annotations

from typing import Annotated

import pytest
from aiogram import F
from aiogram.filters import Command
from aiogram.types import Message

from tests.promises.fed_bot import FedBot, ids_in, texts_of
from tgslices import Session, SessionQualifier

Order = Annotated[Session, SessionQualifier("order")]


async def test_a_handlers_parameter_opens_nothing_until_it_is_used(stage: FedBot) -> None:
    @stage.dispatcher.message(Command("order"))
    async def start(message: Message, order: Order) -> None:
        async with order:
            await message.answer("What would you like?")

    @stage.dispatcher.message(Command("done"))
    async def done(message: Message, order: Order) -> None:
        await order.clear()
        await order.close()

    @stage.dispatcher.message()
    async def other(message: Message, order: Order) -> None:
        assert order.qualifier == "order"

    await stage.says("hello")
    assert stage.bot.sessions.is_idle()
    await stage.says("/order", "a pizza", "/done")
    assert stage.bot.sessions.is_idle()
    await stage.says("thanks!")
    assert stage.bot.sessions.is_idle()
    assert stage.chat.texts() == ["hello", "/order", "thanks!"]


@pytest.mark.parametrize("how", ["enter", "send", "track", "open"])
async def test_a_parameter_opens_when_it_is_entered_sent_through_tracked_into_or_told_to(
    stage: FedBot, how: str
) -> None:
    @stage.dispatcher.message(F.text == "go")
    async def handle(message: Message, order: Order) -> None:
        match how:
            case "enter":
                async with order:
                    pass
            case "send":
                await order.send_message("sent")
            case "track":
                await order.track(message)
            case _:
                await order.open()

    await stage.says("go", "collected")
    assert "collected" in await texts_of(stage.session("order", collect=False), stage.chat)


async def test_the_message_that_is_handled_may_be_the_first_entry(stage: FedBot) -> None:
    @stage.dispatcher.message(F.text == "go")
    async def handle(message: Message, order: Order) -> None:
        await order.open(include_current=True)

    await stage.says("go", "on")
    assert await texts_of(stage.session("order", collect=False), stage.chat) == ["go", "on"]


async def test_a_handle_that_does_not_collect_does_all_the_rest(stage: FedBot) -> None:
    case = stage.session("case", collect=False)
    assert not await case.is_open()
    async with case:
        await stage.bot.send_message(stage.chat.id, "in the block")
    await case.send_message("sent")

    @stage.dispatcher.message(F.text == "evidence")
    async def note(message: Message) -> None:
        await case.track(message)

    await stage.says("evidence")
    assert stage.bot.sessions.is_idle()
    await stage.says("not collected")
    assert await texts_of(case, stage.chat) == ["in the block", "sent", "evidence"]
    assert await case.clear() == 3
    assert stage.chat.texts() == ["not collected"]


async def test_looking_at_an_open_session_leaves_it_open(stage: FedBot) -> None:
    order = await stage.session("order").open()
    look = stage.session("order", collect=False)
    assert await look.is_open()
    await look.open()
    await stage.says("collected")
    assert await texts_of(look, stage.chat) == ["collected"]
    await order.close()
    assert not await look.is_open()
    await look.open()
    assert stage.bot.sessions.is_idle()


async def test_a_session_with_a_predicate_is_open(stage: FedBot) -> None:
    key = stage.session("order", collect=False).key
    stage.bot.sessions.subscribe(key, lambda update: True)
    assert await stage.session("order", collect=False).is_open()
    await stage.bot.sessions.unsubscribe(key)
    assert not await stage.session("order", collect=False).is_open()


async def test_what_is_kept_stays_in_the_chat_although_it_is_recorded_later(stage: FedBot) -> None:
    order = await stage.session("order").open()

    @stage.dispatcher.message(F.text == "receipt")
    async def keep(message: Message) -> None:
        await order.keep(message)

    await stage.says("receipt", "a pizza")
    menu = await order.send_message("menu")
    assert await order.keep(menu) == 1
    assert len(await ids_in(order)) == 1
    await order.clear()
    assert stage.chat.texts() == ["receipt", "menu"]
