"""The pytest plugin: a fresh emulator for every test.

Put ``pytest_plugins = ["tgslices.testing.plugin"]`` into the top-level ``conftest.py``, or run
``pytest -p tgslices.testing.plugin``.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, Final

import pytest
import pytest_asyncio
from aiogram import Dispatcher

from tgslices.session_bot import SessionBot
from tgslices.storage.lifetime import durable
from tgslices.storage.opening import open_storage
from tgslices.storage.protocol import SessionStorage
from tgslices.testing.people.chat_view import ChatView
from tgslices.testing.people.person import Person
from tgslices.testing.running import Run, running
from tgslices.testing.server import BotApi
from tgslices.testing.state.accounts import BotAccount

_OPTION: Final = "tgslices_storages"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option that names the storages of a project's tests."""
    parser.addini(
        _OPTION,
        "URLs of the storages that tests with the session_storage fixture run on; {tmp_path} is the test's own folder",
        type="linelist",
        default=["memory://"],
    )


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test that uses ``session_storage`` once for each storage."""
    if "session_storage" in metafunc.fixturenames:
        metafunc.parametrize("session_storage", metafunc.config.getini(_OPTION), indirect=True)


@pytest_asyncio.fixture
async def _storages() -> AsyncIterator[AsyncExitStack]:
    """The storages of a test. They close after everything that uses them, whatever order the test names."""
    async with AsyncExitStack() as stack:
        yield stack


@pytest_asyncio.fixture
async def session_storage(request: pytest.FixtureRequest, tmp_path: Path, _storages: AsyncExitStack) -> SessionStorage:
    """A storage for ``setup_sessions``, opened for each test and closed after it.

    The ini option ``tgslices_storages`` names the storages, a URL a line; the default is one in memory. A database
    keeps what a test leaves, and no other test sees it: every test's bot has an id of its own.
    """
    storage = open_storage(request.param.replace("{tmp_path}", str(tmp_path)))
    _storages.push_async_callback(durable(storage).aclose)
    return storage


@pytest_asyncio.fixture
async def bot_api() -> AsyncIterator[BotApi]:
    """An empty emulator on a free loopback port."""
    async with BotApi() as api:
        yield api


@pytest.fixture
def bot_account(bot_api: BotApi) -> BotAccount:
    """The bot's account at the emulator: its id, token and username."""
    return bot_api.add_bot("test_bot")


@pytest_asyncio.fixture
async def bot(bot_api: BotApi, bot_account: BotAccount, _storages: AsyncExitStack) -> AsyncIterator[SessionBot]:
    """A bot that talks to the emulator with aiogram's ordinary client."""
    async with SessionBot(bot_account.token, session=bot_api.client_session()) as bot:
        yield bot


@pytest.fixture
def person(bot_api: BotApi) -> Person:
    """A user of the bot."""
    return bot_api.add_person("Ann")


@pytest.fixture
def chat(person: Person, bot_account: BotAccount) -> ChatView:
    """The person's private chat with the bot, as that person sees it."""
    return person.private_chat(bot_account)


@pytest_asyncio.fixture
async def run(bot: SessionBot) -> AsyncIterator[Run]:
    """A function that starts a dispatcher: ``await run(dispatcher)`` polls the bot's updates until the test ends.

    An error of a handler fails the test at its end.
    """
    async with AsyncExitStack() as stack:

        async def start(dispatcher: Dispatcher, **data: Any) -> None:
            await stack.enter_async_context(running(dispatcher, bot, **data))

        yield start
