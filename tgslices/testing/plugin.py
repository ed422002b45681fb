"""The pytest plugin: a fresh emulator for every test.

Put ``pytest_plugins = ["tgslices.testing.plugin"]`` into the top-level ``conftest.py``, or run
``pytest -p tgslices.testing.plugin``.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Generator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, Final

import pytest
import pytest_asyncio
from aiogram import Dispatcher

from tgslices.session_bot import SessionBot
from tgslices.storage.acquiring import durable
from tgslices.storage.opening import open_storage
from tgslices.storage.protocol import SessionStorage
from tgslices.testing.failed_world import FAILURE, show
from tgslices.testing.people.chat_view import ChatView
from tgslices.testing.people.person import Person
from tgslices.testing.running import Run, running
from tgslices.testing.server import BotApi
from tgslices.testing.state.accounts import BotAccount

__tracebackhide__ = True  # pytest leaves the frames of this module out

_OPTION: Final = "tgslices_storages"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option that names the storages of a project's tests, and the one that shows failed tests."""
    parser.getgroup("tgslices").addoption(
        "--chat-page",
        action="store_true",
        help="leave the world of each failed test open in the browser, with its bot, until Enter is pressed",
    )
    parser.addini(
        _OPTION,
        "URLs of the storages that tests with the session_storage fixture run on; {tmp_path} is the test's own folder",
        type="linelist",
        default=["memory://"],
    )


def pytest_configure(config: pytest.Config) -> None:
    """Refuse ``--chat-page`` where tests run in processes without a terminal.

    Raises:
        pytest.UsageError: pytest-xdist is to distribute the tests.
    """
    if _shows_page(config) and getattr(config.option, "numprocesses", None):
        raise pytest.UsageError("--chat-page leaves the world of a failed test open in this process: add -n0")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test that uses ``session_storage`` once for each storage. Its id names the kind of the storage."""
    if "session_storage" in metafunc.fixturenames:
        urls = metafunc.config.getini(_OPTION)
        kinds = [url.partition(":")[0].partition("+")[0] for url in urls]
        metafunc.parametrize("session_storage", urls, indirect=True, ids=kinds)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Keep the report of a test that failed, if its world is to be shown."""
    report = yield
    if report.when == "call" and report.failed and _shows_page(item.config):
        item.stash[FAILURE] = report.longreprtext
    return report


def _shows_page(config: pytest.Config) -> bool:
    return bool(config.getoption("chat_page", default=False))


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
async def bot_api(request: pytest.FixtureRequest) -> AsyncIterator[BotApi]:
    """An empty emulator on a free loopback port."""
    async with BotApi(page=_shows_page(request.config)) as api:
        yield api
        await show(api, request.node)


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
async def run(request: pytest.FixtureRequest, bot_api: BotApi, bot: SessionBot) -> AsyncIterator[Run]:
    """A function that starts a dispatcher: ``await run(dispatcher)`` polls the bot's updates until the test ends.

    An error of a handler that the test was not told of fails it at its end.
    """
    async with AsyncExitStack() as stack:

        async def start(dispatcher: Dispatcher, *, people_wait: bool = True, **data: Any) -> None:
            bot_api.watch(dispatcher)
            bot_api.inspect(bot.sessions)
            await stack.enter_async_context(running(dispatcher, bot, people_wait=people_wait, **data))

        yield start
        await show(bot_api, request.node)
