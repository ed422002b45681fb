"""An event loop that is closed in the middle of everything, its tasks left as they were: the next one goes on."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from aiogram import Dispatcher, F
from aiogram.types import Message, Update

from tests.middlewares.feeding import message
from tests.promises.storages import Line, ListStorage
from tgslices import MemorySessionStorage, SessionBot, SessionKey, setup_sessions

TOKEN = "42:" + "s" * 35


class HangingOnce(ListStorage):
    """A plugin whose first writing never ends."""

    hangs = True

    async def add(self, *arguments: Any) -> None:
        if self.hangs:
            self.hangs = False
            await asyncio.Event().wait()
        await super().add(*arguments)


@pytest.fixture(params=[MemorySessionStorage, HangingOnce])
def line(request: pytest.FixtureRequest) -> Line:
    return Line(request.param())


async def turns() -> None:
    """Let others go as far as they can, which wait for no time and no network."""
    for _ in range(500):
        await asyncio.sleep(0)


def run_and_abandon(main: Coroutine[Any, Any, None]) -> None:
    """Run until it is done, and cancel nothing of what it left."""
    loop = asyncio.new_event_loop()
    try:
        loop.run_until_complete(main)
    finally:
        loop.close()


@pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning", "ignore:Unclosed:ResourceWarning")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("run", [run_and_abandon, asyncio.run])
def test_the_next_loop_neither_waits_for_it_nor_loses_what_waited(
    line: Line, run: Callable[[Coroutine[Any, Any, None]], None]
) -> None:
    dispatcher, left, bots = Dispatcher(), list[Any](), list[SessionBot]()

    @dispatcher.message()
    async def handle(message: Message) -> None:
        if message.text == "wait":
            await asyncio.Event().wait()

    def update(number: int, text: str) -> Update:
        return Update.model_validate({"update_id": number, "message": message(number) | {"text": text}})

    async def first() -> None:
        bot = SessionBot(TOKEN)
        bots.append(bot)
        storage: Any = line
        setup_sessions(dispatcher, bot, storage=storage)
        await dispatcher.emit_startup(bot=bot)
        await bot.sessions.get(7).open()
        left.extend(
            asyncio.create_task(dispatcher.feed_update(bot, update(number, text)))
            for number, text in ((1, "hangs"), (2, "wait"))
        )
        await turns()
        line.is_down = True
        left.append(asyncio.create_task(dispatcher.feed_update(bot, update(3, "kept"))))
        await turns()
        line.is_down = False

    async def second() -> None:
        [bot] = bots
        await dispatcher.emit_startup(bot=bot)
        async with asyncio.timeout(4):  # less than a shutdown waits for handlers
            await dispatcher.feed_update(bot, update(4, "later"))
            held = {entry.message_id for entry in await bot.sessions.get(7).messages()}
            await dispatcher.emit_shutdown(bot=bot)
        assert 4 in held
        assert 3 in held or is_behind_another

    is_behind_another = isinstance(line._storage, HangingOnce)  # then it still waited for the one before
    run(first())
    asyncio.run(second())
    left.clear()
    gc.collect()  # here, where Python's complaints about what was left are expected


def test_a_predicate_goes_on_choosing_in_the_next_loop() -> None:
    dispatcher, bot = Dispatcher(), SessionBot(TOKEN)
    setup_sessions(dispatcher, bot)
    key = SessionKey(bot.id, 7, qualifier="order")

    async def run(number: int) -> None:
        bot.sessions.subscribe(key, F.message)
        event = {"update_id": number, "message": message(number)}
        await dispatcher.feed_update(bot, Update.model_validate(event))
        entries = await bot.sessions.handle(key).messages()
        assert [entry.message_id for entry in entries] == list(range(1, number + 1))

    for number in (1, 2, 3):
        asyncio.run(run(number))
