"""Promise: an update is confirmed once it is recorded, also as aiogram polls by default, with handlers in tasks."""

from __future__ import annotations

import asyncio
import random
from pathlib import Path

import pytest
from aiogram import Dispatcher
from aiogram.filters import Command
from aiogram.types import Message

from tests.acceptance.test_kills import MAKING, Keeper
from tests.acceptance.worker import Order
from tests.storage.conftest import postgres, postgres_url
from tests.thoroughness import tries
from tgslices import SessionBot, setup_sessions
from tgslices.storage import open_storage
from tgslices.testing import BotAccount, BotApi, ChatView

__all__ = ["postgres", "postgres_url"]

KILLS = 10
RUNS = tries(5)
"""Fifty kills in all, where chance is given all of it."""


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where each worker keeps its slices."""
    if request.param == "sqlite":
        return f"sqlite+aiosqlite:///{tmp_path / 'slices.db'}"
    return str(request.getfixturevalue("postgres_url"))


async def at_rest(api: BotApi) -> None:
    """Wait until no handler sends anything any more."""
    made = -1
    while made != (made := sum(call.method in MAKING for call in api.requests)):
        await api.idle(timeout=60)
        await asyncio.sleep(0.5)


async def finish(chat: ChatView, keeper: Keeper, api: BotApi) -> None:
    """Let the handlers come to rest, and end the order.

    Handlers of one person run side by side here, and what one sends after another has closed the session stays.
    """
    await at_rest(api)
    while "Bye" not in chat.texts():
        await chat.types("/done")
        await chat.until(lambda view: "Bye" in view.texts(), timeout=60)


@pytest.mark.timeout(300)
async def test_kills_under_default_polling_lose_nothing(tmp_path: Path, url: str) -> None:
    """Nothing acknowledged is missing from the slice, and nothing that a person typed into it stays."""
    for seed in range(RUNS):
        chance, folder = random.Random(seed), tmp_path / str(seed)
        folder.mkdir()
        async with BotApi() as api:
            account = api.add_bot("order_bot")
            ann = api.add_person("Ann")
            chat = ann.private_chat(account)
            keeper = Keeper(api, account, chat, folder, url, target="poll_in_tasks")
            try:
                keeper.start()
                await chat.types("/order")
                await chat.until(lambda view: len(view.texts()) > 1, timeout=60)
                for number in range(KILLS):
                    killing = asyncio.create_task(
                        keeper.kill_at(None, skip=chance.randrange(4), after_work=chance.random() < 0.5)
                    )
                    for item in range(3):
                        await chat.types(f"item {number}.{item}")
                    await killing
                await finish(chat, keeper, api)
                left = chat.visible()
                assert not keeper.acknowledged() & {message.message_id for message in left}, (seed, str(chat))
                # Of the bot's own only what was on its way when it was killed: nobody else can know those.
                assert [message.text for message in left if message.from_id == ann.id] == ["/order"], str(chat)
            finally:
                await keeper.kill()


async def interrupted(api: BotApi, account: BotAccount, url: str, chat: ChatView, texts: list[str]) -> None:
    """Run the bot as most are run beside a web server, and cancel its polling in the middle."""
    bot = SessionBot(account.token, session=api.client_session())
    dispatcher = Dispatcher()
    setup_sessions(dispatcher, bot, storage=open_storage(url))

    @dispatcher.message(Command("done"))
    async def done(message: Message, order: Order) -> None:
        await order.clear()
        await order.close()
        await message.answer("Bye")

    @dispatcher.message()
    async def item(message: Message, order: Order) -> None:
        async with order:
            await message.answer("noted")

    polling = asyncio.create_task(dispatcher.start_polling(bot, handle_signals=False, close_bot_session=False))
    for text in texts:
        await chat.types(text)
    answer = {"first": "noted", "/done": "Bye"}.get(texts[0]) if texts else None
    if answer is not None:
        await chat.until(lambda view: answer in view.texts(), timeout=60)
    elif not texts:
        await at_rest(api)
    else:
        await asyncio.sleep(0.02)
    polling.cancel()
    await asyncio.wait({polling})
    await bot.session.close()


@pytest.mark.timeout(120)
async def test_fifteen_cancelled_pollings_lose_nothing(url: str) -> None:
    async with BotApi() as api:
        account = api.add_bot("order_bot")
        chat = api.add_person("Ann").private_chat(account)
        await interrupted(api, account, url, chat, ["first"])
        for number in range(15):
            await interrupted(api, account, url, chat, [f"{number}.{item}" for item in range(3)])
        await interrupted(api, account, url, chat, [])  # whatever waits is handled, before the order is ended
        while "Bye" not in chat.texts():
            await interrupted(api, account, url, chat, ["/done"])
        assert chat.texts() == ["first", "Bye"]
