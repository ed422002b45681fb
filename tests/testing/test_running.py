"""A dispatcher run against the emulator for the length of a block."""

from __future__ import annotations

import asyncio

import pytest
from aiogram import Bot, Dispatcher
from aiogram.methods import SendMessage
from aiogram.types import Message

from tgslices.testing import BotApi
from tgslices.testing.running import running


def echo() -> Dispatcher:
    dispatcher = Dispatcher()

    @dispatcher.message()
    async def answer(message: Message) -> SendMessage:
        if message.text == "fail":
            raise LookupError("no such order")
        return message.answer(f"you said {message.text}")

    return dispatcher


async def test_one_dispatcher_serves_several_event_loops() -> None:
    dispatcher = echo()

    async def converse() -> list[str]:
        async with BotApi() as api:
            account = api.add_bot("echo_bot")
            chat = api.add_person("Ann").private_chat(account)
            async with Bot(account.token, session=api.client_session()) as bot, running(dispatcher, bot):
                await chat.types("hi")
                await chat.until(lambda view: len(view.texts()) == 2)
                return chat.texts()

    for _ in range(2):
        assert await asyncio.to_thread(lambda: asyncio.run(converse())) == ["hi", "you said hi"]


async def test_what_a_handler_raised_is_raised_at_the_end() -> None:
    async with BotApi() as api:
        account = api.add_bot("echo_bot")
        chat = api.add_person("Ann").private_chat(account)
        async with Bot(account.token, session=api.client_session()) as bot:
            with pytest.raises(ExceptionGroup) as caught:
                async with running(echo(), bot):
                    await chat.types("fail")
                    await chat.types("go on")
                    await chat.until(lambda view: view.texts()[-1] == "you said go on")
    assert [str(error) for error in caught.value.exceptions] == ["no such order"]


async def test_startup_and_shutdown_are_called_around_the_block() -> None:
    called: list[str] = []
    dispatcher = echo()

    async def started(bots: tuple[Bot, ...]) -> None:
        called.append(f"started with {len(bots)}")

    async def stopped() -> None:
        called.append("stopped")

    dispatcher.startup.register(started)
    dispatcher.shutdown.register(stopped)
    async with (
        BotApi() as api,
        Bot(api.add_bot("echo_bot").token, session=api.client_session()) as bot,
        running(dispatcher, bot),
    ):
        called.append("inside")
    assert called == ["started with 1", "inside", "stopped"]
