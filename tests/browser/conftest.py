"""A real browser on the chat page, and the example's bot behind it: one browser, and a fresh world for each test."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from aiogram import Bot
from playwright.async_api import Browser, async_playwright

from examples.order_flow import leaving, order, support
from examples.order_flow.bot import make_bot, make_dispatcher
from tests.browser.cafe import Cafe
from tests.browser.desk import CHROMIUM, CHROMIUM_OPTIONS, Desk
from tgslices import MemorySessionStorage
from tgslices.testing import BotApi


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def chromium() -> AsyncIterator[Browser]:
    if not Path(CHROMIUM).exists():
        pytest.skip(f"{CHROMIUM} is missing; install Debian's package chromium")  # in CI a failure
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_OPTIONS)
        yield browser
        await browser.close()


@pytest_asyncio.fixture(loop_scope="session")
async def empty(chromium: Browser) -> AsyncIterator[Desk]:
    """The page of a world without anybody in it."""
    async with BotApi(page=True) as api:
        desk = Desk(api, chromium)
        yield desk
        await desk.close()


@pytest_asyncio.fixture(loop_scope="session")
async def desk(empty: Desk, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Desk]:
    """The page with Ann, and the order bot, whose sessions are inspected."""
    for router in (support.router, order.router, leaving.router):
        monkeypatch.setattr(router, "_parent_router", None)  # other tests of this process included them, too
    api = empty.api
    account = api.add_bot("order_flow_bot", first_name="Order bot")
    api.add_person("Ann")
    bot = make_bot(account.token, api.url)
    dispatcher = make_dispatcher(bot, MemorySessionStorage())
    api.inspect(bot.sessions)
    polling = asyncio.create_task(dispatcher.start_polling(bot, handle_signals=False))
    yield empty
    api.faults.clear()
    await dispatcher.stop_polling()
    await polling


@pytest_asyncio.fixture(loop_scope="session")
async def cafe(empty: Desk) -> AsyncIterator[Cafe]:
    """The page with Ann and Bob, and a bot that only does what a test makes it do."""
    account = empty.api.add_bot("cafe_bot", first_name="Café bot")
    ann, bob = empty.api.add_person("Ann"), empty.api.add_person("Bob")
    async with Bot(account.token, session=empty.api.client_session()) as bot:
        yield Cafe(empty, account, bot, ann, bob)
