"""Going back that is broken off at any call of the storage: the same call again does the rest."""

from __future__ import annotations

import asyncio
import dataclasses
import inspect
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from aiogram import Dispatcher

from tests.promises.storages import Stepwise
from tgslices import MemorySessionStorage, Session, SessionBot, SessionData, UnknownMark, setup_sessions
from tgslices.testing import BotApi, ChatView


@dataclasses.dataclass
class Form:
    step: str | None = None


FORM, OTHER = SessionData(Form), SessionData(Form, name="wizard")  # one before the marks by its name, one behind them


class Breaking:
    """A storage whose call of a number fails, before it has done its work or after it."""

    def __init__(self, *, after_work: bool) -> None:
        self._storage = MemorySessionStorage()
        self._after_work = after_work
        self.fails_at = -1
        self.calls = 0

    def __getattr__(self, name: str) -> Callable[..., Any]:
        method: Callable[..., Any] = getattr(self._storage, name)
        if not (inspect.iscoroutinefunction(method) or name.endswith("_data")):
            return method

        async def call(*args: Any, **kwargs: Any) -> Any:
            self.calls += 1
            is_now = self.calls == self.fails_at
            if is_now and not self._after_work:
                raise ConnectionError("before the work")
            result = await method(*args, **kwargs)
            if is_now:
                raise ConnectionError("after the work")
            return result

        return call


async def walk(order: Session) -> None:
    await order.send_message("before")
    for fragment in (FORM, OTHER):
        await order.data(fragment).write(Form("before"))
    await order.mark("here")
    await order.mark("later")
    await order.send_message("after")
    for fragment in (FORM, OTHER):
        await order.data(fragment).write(Form("after"))


async def assert_is_back(order: Session, chat: ChatView) -> None:
    assert chat.texts() == ["before"]
    assert [(await order.data(fragment).read()).step for fragment in (FORM, OTHER)] == ["before", "before"]
    with pytest.raises(UnknownMark):
        await order.rewind("later")


@pytest.mark.parametrize("after_work", [False, True])
async def test_a_storage_that_fails_at_any_call_keeps_nobody_from_going_back(api: BotApi, after_work: bool) -> None:
    account, number = api.add_bot("order_bot"), 0
    chat = api.add_person("Ann").private_chat(account)
    while True:
        number += 1
        storage = Breaking(after_work=after_work)
        async with SessionBot(account.token, session=api.client_session()) as bot:
            setup_sessions(Dispatcher(), bot, storage=storage, clock=api.clock.now)
            order = bot.sessions.get(chat.id, chat.person.id, qualifier="order")
            await walk(order)
            await bot.sessions.upkeep.stop()
            storage.calls, storage.fails_at = 0, number
            with suppress(ConnectionError):
                await order.rewind("here")
            is_over = storage.calls < number
            storage.fails_at = -1
            await order.rewind("here")
            api.clock.move(timedelta(minutes=2))  # the lease of what a failed clear had claimed
            await bot.sessions.settle_pending()
            await assert_is_back(order, chat)
            await order.clear()
        if is_over:
            break
    assert number > 5


async def test_a_caller_who_gives_up_at_any_moment_keeps_nobody_from_going_back(api: BotApi) -> None:
    account, turns = api.add_bot("order_bot"), 0
    chat = api.add_person("Ann").private_chat(account)
    while True:
        async with SessionBot(account.token, session=api.client_session()) as bot:
            setup_sessions(Dispatcher(), bot, storage=Stepwise(MemorySessionStorage()), patience=timedelta(seconds=2))
            order = bot.sessions.get(chat.id, chat.person.id, qualifier="order")
            await walk(order)
            going = asyncio.create_task(order.rewind("here"))
            for _ in range(turns):
                await asyncio.sleep(0)
            is_over = going.done()
            going.cancel()
            with suppress(asyncio.CancelledError):
                await going
            await order.rewind("here")
            await chat.until(lambda view: view.texts() == ["before"])
            await assert_is_back(order, chat)
            await order.clear()
        if is_over:
            break
        turns += 1
    assert turns > 5
