"""The pytest plugin, as somebody else's project uses it."""

from __future__ import annotations

import asyncio
import os
import re
import sys
import textwrap
from pathlib import Path

import aiohttp
import pytest

from tests.forks import run_pytest

BOT = """
    from typing import Annotated

    from aiogram import Dispatcher
    from aiogram.filters import Command
    from aiogram.types import Message

    from tgslices import Session, SessionBot, SessionQualifier, setup_sessions

    def build(bot, storage=None):
        dispatcher = Dispatcher()
        setup_sessions(dispatcher, bot, storage=storage)

        @dispatcher.message(Command("order"))
        async def start(message: Message, order: Annotated[Session, SessionQualifier("order")]):
            async with order:
                await message.answer("What would you like?")

        @dispatcher.message(Command("done"))
        async def done(message: Message, order: Annotated[Session, SessionQualifier("order")]):
            await order.clear()
            await order.close()
            await message.answer("Bye")

        return dispatcher
"""

TESTS = """
    import pytest
    from mybot import build

    pytest_plugins = ["tgslices.testing.plugin"]

    async def converse(chat):
        await chat.types("/order")
        await chat.until(lambda view: len(view.texts()) == 2)
        await chat.types("/done")
        await chat.until(lambda view: view.texts() == ["/order", "Bye"])

    async def test_in_three_lines(bot, chat, run):
        await run(build(bot))
        await converse(chat)

    async def test_on_every_storage(bot, chat, run, session_storage):
        await run(build(bot, session_storage))
        await converse(chat)

    async def test_that_ends_while_a_handler_writes(session_storage, bot, chat, run):
        await run(build(bot, session_storage))
        await chat.types("/order")

    async def test_that_ends_while_a_handler_writes_named_the_other_way_round(run, chat, bot, session_storage):
        await run(build(bot, session_storage))
        await chat.types("/order")

    @pytest.mark.parametrize("time", [1, 2])
    async def test_nothing_leaks(chat, person, bot_api, time):
        assert chat.texts() == []
        assert person.first_name == "Ann"
        await chat.types("hello")
        assert bot_api.requests == []
"""


@pytest.fixture
def project(pytester: pytest.Pytester) -> pytest.Pytester:
    pytester.makepyfile(mybot=textwrap.dedent(BOT), test_mybot=textwrap.dedent(TESTS))
    pytester.makeini(
        """
        [pytest]
        asyncio_mode = auto
        asyncio_default_fixture_loop_scope = function
        tgslices_storages =
            memory://
            sqlite+aiosqlite:///{tmp_path}/slices.db
        """
    )
    return pytester


def test_a_project_tests_its_bot_on_every_storage_that_it_names(project: pytest.Pytester) -> None:
    result = run_pytest(project, "-p", "no:randomly", "-v")
    result.assert_outcomes(passed=9)
    result.stdout.fnmatch_lines(["*test_on_every_storage[[]memory[]] PASSED*"])


def test_the_plugin_is_loaded_only_when_asked_for(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("def test_it(bot_api): pass")
    result = run_pytest(pytester)
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*fixture 'bot_api' not found*"])


def test_what_a_handler_raises_fails_the_test(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        from aiogram import Dispatcher

        pytest_plugins = ["tgslices.testing.plugin"]

        async def test_it(bot, bot_api, chat, run):
            dispatcher = Dispatcher()

            @dispatcher.message()
            async def fail(message):
                raise LookupError("no such order")

            await run(dispatcher)
            await chat.types("hello")
            await bot_api.idle()
        """
    )
    pytester.makeini("[pytest]\nasyncio_mode = auto\nasyncio_default_fixture_loop_scope = function\n")
    result = run_pytest(pytester, "-p", "no:randomly")
    result.stdout.fnmatch_lines(["*LookupError: no such order*"])
    assert result.ret != 0


def test_the_path_of_a_storage_is_the_tests_own(project: pytest.Pytester, tmp_path: Path) -> None:
    run_pytest(project, "-p", "no:randomly", f"--basetemp={tmp_path}/base", "-k", "on_every_storage")
    assert list((tmp_path / "base").rglob("slices.db"))


SHARING = """
    import pytest
    from mybot import build

    pytest_plugins = ["tgslices.testing.plugin"]

    @pytest.mark.parametrize("time", [1, 2])
    async def test_an_order_that_is_never_done(bot, chat, person, run, session_storage, time):
        await run(build(bot, session_storage))
        order = bot.sessions.get(person.id, person.id, qualifier="order")
        assert await order.messages() == []
        await order.close()
        await chat.types("hello")
        await chat.types("/order")
        await chat.until(lambda view: len(view.texts()) == 3)
"""


def test_tests_that_share_a_database_do_not_see_each_others_sessions(pytester: pytest.Pytester) -> None:
    """Sessions are left open in a file that stays, by the same person of a bot of the same name."""
    pytester.makepyfile(mybot=textwrap.dedent(BOT), test_mybot=textwrap.dedent(SHARING))
    pytester.makeini(
        f"""
        [pytest]
        asyncio_mode = auto
        asyncio_default_fixture_loop_scope = function
        tgslices_storages = sqlite:///{pytester.path}/slices.db
        """
    )
    for _ in range(2):
        run_pytest(pytester, "-p", "no:randomly").assert_outcomes(passed=2)


def test_a_test_on_a_storage_is_named_by_its_kind_alone(project: pytest.Pytester) -> None:
    project.makeini(
        """
        [pytest]
        asyncio_mode = auto
        asyncio_default_fixture_loop_scope = function
        tgslices_storages =
            memory://
            sqlite+aiosqlite:///{tmp_path}/slices.db
            sqlite:///{tmp_path}/other.db
        """
    )
    result = run_pytest(project, "-p", "no:randomly", "-v", "-k", "on_every_storage and sqlite")
    result.assert_outcomes(passed=2, deselected=10)


FAILING = """
    import pytest
    from aiogram import Dispatcher

    pytest_plugins = ["tgslices.testing.plugin"]

    def build():
        dispatcher = Dispatcher()

        @dispatcher.message()
        async def answer(message):
            if message.text == "fail":
                raise LookupError("no such order")
            await message.answer("Which size?")

        return dispatcher

    async def test_a_handler_fails(chat, run):
        await run(build())
        await chat.types("fail")

    async def test_something_else_shows(chat, run):
        await run(build())
        await chat.types("/order")
        await chat.sees("Which colour?", timeout=0.1)

    async def test_a_button_is_missing(chat, run):
        await run(build())
        await chat.taps("Small")

    async def test_nobody_polls(chat):
        await chat.types("/order")
        await chat.sees("Which size?", timeout=0.1)
"""


def test_a_report_has_the_lines_of_the_test_and_the_bot_and_no_others(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(test_failing=textwrap.dedent(FAILING))
    pytester.makeini("[pytest]\nasyncio_mode = auto\nasyncio_default_fixture_loop_scope = function\n")
    result = run_pytest(pytester, "-p", "no:randomly", "--tb=short")
    result.assert_outcomes(failed=4)
    where = [line for line in result.outlines if re.match(r"\S+:\d+: in ", line)]
    assert [re.sub(r":\d+:", "", line) for line in where] == [
        "test_failing.py in test_a_handler_fails",
        "test_failing.py in answer",
        "test_failing.py in test_something_else_shows",
        "test_failing.py in test_a_button_is_missing",
        "test_failing.py in test_nobody_polls",
    ]
    result.stdout.fnmatch_lines(["E   LookupError: no such order"])
    result.stdout.fnmatch_lines(
        ["E   AssertionError: Ann did not see 'Which colour?' in 0.1 s:", "*2  test_bot: Which size?"]
    )
    result.stdout.fnmatch_lines(["*test_bot fetches no updates; waiting: 1. Start its dispatcher:*"])


CHAT_PAGE = """
    import pytest
    from test_failing import build

    async def test_it_passes(chat, run):
        await run(build())
        await chat.types("/order")

    @pytest.mark.timeout(1)
    async def test_it_fails(chat, run):
        await run(build())
        await chat.types("/order")
        await chat.sees_only([], timeout=0.1)
"""


async def test_the_world_of_a_failed_test_stays_open_with_its_bot(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(test_failing=textwrap.dedent(FAILING), test_page=textwrap.dedent(CHAT_PAGE))
    pytester.makeconftest('pytest_plugins = ["tgslices.testing.plugin"]')
    pytester.makeini("[pytest]\nasyncio_mode = auto\nasyncio_default_fixture_loop_scope = function\n")
    browser = pytester.path / "browser"
    browser.write_text(f'#!/bin/sh\necho "$1" >> {pytester.path}/opened\n')
    browser.chmod(0o755)
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "pytest", "--chat-page", "-p", "no:randomly", "test_page.py",
        cwd=pytester.path, env={**os.environ, "BROWSER": f"{browser} %s"},
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    assert process.stdout is not None
    said = await asyncio.wait_for(process.stdout.readuntil(b"Ctrl-C ends them.\n"), 60)
    [url] = re.findall(r"test_it_fails failed. Its world is open: (http\S+)", said.decode())
    assert "did not see only [] in 0.1 s" in said.decode()
    async with aiohttp.ClientSession() as client, client.ws_connect(f"{url}page/live") as socket:
        picture = await asyncio.wait_for(socket.receive_json(), 10)
        [place] = [value for name, value in picture["set"].items() if name.startswith("place:")]
        typed = {"do": "type", "person": place["people"][0], "place": place["name"], "text": "Are you there?"}
        async with client.post(f"{url}page/do", json=typed) as response:
            assert response.status == 200
        shown = ""
        while "Are you there?" not in shown or shown.count("Which size?") < 1:
            shown += str(await asyncio.wait_for(socket.receive_json(), 10))
    rest, _ = await asyncio.wait_for(process.communicate(b"\n"), 60)
    assert "1 failed, 1 passed" in rest.decode()
    assert (pytester.path / "opened").read_text() == f"{url}\n"


def test_worlds_are_left_open_in_one_process_only(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("def test_it(): pass")
    result = run_pytest(pytester, "-p", "tgslices.testing.plugin", "--chat-page", "-n2")
    result.stderr.fnmatch_lines(["*--chat-page leaves the world of a failed test open in this process: add -n0*"])
