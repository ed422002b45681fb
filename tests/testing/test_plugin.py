"""The pytest plugin, as somebody else's project uses it."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest

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
    result = project.runpytest_subprocess("-p", "no:randomly", "-v")
    result.assert_outcomes(passed=9)
    result.stdout.fnmatch_lines(["*test_on_every_storage[[]memory://[]] PASSED*"])


def test_the_plugin_is_loaded_only_when_asked_for(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("def test_it(bot_api): pass")
    result = pytester.runpytest_subprocess()
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
    result = pytester.runpytest_subprocess("-p", "no:randomly")
    result.stdout.fnmatch_lines(["*LookupError: no such order*"])
    assert result.ret != 0


def test_the_path_of_a_storage_is_the_tests_own(project: pytest.Pytester, tmp_path: Path) -> None:
    project.runpytest_subprocess("-p", "no:randomly", f"--basetemp={tmp_path}/base", "-k", "on_every_storage")
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
        pytester.runpytest_subprocess("-p", "no:randomly").assert_outcomes(passed=2)
