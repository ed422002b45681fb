"""Going back while others do, or end the session: what is left is what some order of them leaves."""

from __future__ import annotations

import asyncio
import dataclasses
import random
from contextlib import AsyncExitStack, suppress

import pytest
from aiogram import Dispatcher

from tests.data.conftest import Store
from tests.promises.fed_bot import FedBot
from tests.promises.storages import Stepwise
from tgslices import MemorySessionStorage, Session, SessionBot, SessionData, UnknownMark, setup_sessions
from tgslices.testing import BotApi


@dataclasses.dataclass
class Form:
    step: str | None = None


FORM = SessionData(Form)


async def walk(order: Session, steps: int) -> None:
    """Go some steps forward, with a mark behind each."""
    for number in range(steps):
        await order.send_message(str(number))
        await order.data(FORM).write(Form(str(number)))
        await order.mark(str(number))
    await order.send_message("last")
    await order.data(FORM).write(Form("last"))


async def go_back(order: Session, mark: int) -> None:
    """Go back to a mark, unless somebody has gone back further."""
    with suppress(UnknownMark):
        await order.rewind(str(mark))


@pytest.mark.parametrize("seed", range(10))
async def test_of_those_who_go_back_at_once_the_furthest_decides(api: BotApi, seed: int) -> None:
    account, chance = api.add_bot("order_bot"), random.Random(seed)
    chat = api.add_person("Ann").private_chat(account)
    async with SessionBot(account.token, session=api.client_session()) as bot:
        setup_sessions(Dispatcher(), bot, storage=Stepwise(MemorySessionStorage()))
        order = bot.sessions.get(chat.id, chat.person.id, qualifier="order")
        await walk(order, 3)

        async def later(mark: int, turns: int) -> None:
            for _ in range(turns):
                await asyncio.sleep(0)
            await go_back(order, mark)

        marks = [chance.randrange(3) for _ in range(3)]
        await asyncio.gather(*(later(mark, chance.randrange(25)) for mark in marks))
        assert chat.texts() == [str(number) for number in range(min(marks) + 1)]
        assert (await order.data(FORM).read()).step == str(min(marks))


@pytest.mark.parametrize("store", ["sqlite-shared", "postgresql", "redis"], indirect=True)
async def test_two_workers_go_back_at_once(api: BotApi, store: Store) -> None:
    account = api.add_bot("order_bot")
    chat = api.add_person("Ann").private_chat(account)
    async with AsyncExitStack() as ends:
        orders = []
        for _ in range(2):
            bot = await ends.enter_async_context(SessionBot(account.token, session=api.client_session()))
            setup_sessions(Dispatcher(), bot, storage=store.open())
            orders.append(bot.sessions.get(chat.id, chat.person.id, qualifier="order"))
        for _ in range(5):
            await walk(orders[0], 2)
            await asyncio.gather(*(go_back(order, mark) for mark, order in enumerate(orders)))
            assert chat.texts() == ["0"]
            assert (await orders[0].data(FORM).read()).step == "0"
            assert await orders[0].clear() == 1


@pytest.mark.parametrize("turns", range(0, 24, 2))
async def test_a_session_that_ends_meanwhile_gets_no_data_back(api: BotApi, turns: int) -> None:
    account = api.add_bot("order_bot")
    chat = api.add_person("Ann").private_chat(account)
    async with SessionBot(account.token, session=api.client_session()) as bot:
        setup_sessions(Dispatcher(), bot, storage=Stepwise(storage := MemorySessionStorage()))
        order = bot.sessions.get(chat.id, chat.person.id, qualifier="order")
        await walk(order, 2)
        await order.forget()  # so that nothing waits for Telegram
        going = asyncio.create_task(go_back(order, 0))
        for _ in range(turns):
            await asyncio.sleep(0)
        await order.close()
        await going
        assert await storage.read_data(order.key, now=api.clock.now()) == {}


async def test_what_raises_in_a_step_that_ended_its_session_is_told(stage: FedBot) -> None:
    order = stage.session("order")
    with pytest.raises(ValueError, match="on purpose"):
        async with order.step("size"):
            await order.close()
            raise ValueError("on purpose")


async def test_what_a_handler_holds_goes_back_although_nothing_was_there_at_the_mark(stage: FedBot) -> None:
    order = stage.session("order")
    async with order.data(FORM) as form:
        await order.mark("begin")
        form.step = "size"
        await order.rewind("begin")
        assert form.step is None
    assert (await order.data(FORM).read()).step is None


@pytest.mark.parametrize("turns", range(0, 24, 2))
async def test_a_mark_that_is_set_while_its_session_ends_remembers_nothing_of_it(api: BotApi, turns: int) -> None:
    account = api.add_bot("order_bot")
    chat = api.add_person("Ann").private_chat(account)
    async with SessionBot(account.token, session=api.client_session()) as bot:
        setup_sessions(Dispatcher(), bot, storage=Stepwise(storage := MemorySessionStorage()))
        order = bot.sessions.get(chat.id, chat.person.id, qualifier="order")
        await order.send_message("one")
        await order.data(FORM).write(Form("secret"))
        marking = asyncio.create_task(order.mark("here"))
        for _ in range(turns):
            await asyncio.sleep(0)
        await order.close()
        await marking
        assert "secret" not in repr(await storage.read_data(order.key, now=api.clock.now()))
