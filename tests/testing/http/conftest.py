"""An emulator whose webhooks are tried again at once, a web server for them, and another bot."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from aiogram import Bot
from aiohttp import web

from tests.testing.http.hook import Hook
from tgslices.testing import BotApi


@pytest.fixture
async def api() -> AsyncIterator[BotApi]:
    async with BotApi(webhook_retry_delay=timedelta(milliseconds=1)) as api:
        yield api


@pytest.fixture
async def hook() -> AsyncIterator[Hook]:
    hook = Hook()
    runner = web.ServerRunner(web.Server(hook.handle, access_log=None))
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    hook.url = f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
    yield hook
    await runner.cleanup()


@pytest.fixture
async def other(api: BotApi) -> AsyncIterator[Bot]:
    async with Bot(api.add_bot("other_bot").token, session=api.client_session()) as bot:
        yield bot
