"""The files that the page about testing shows are a project: its tests pass, and its program runs."""

from __future__ import annotations

import re
import signal

import aiohttp
import pytest

from tests.docs.pages import ROOT, blocks_of, files_of
from tests.forks import run_pytest, start

PAGE = ROOT / "docs" / "testing.md"


@pytest.fixture
def project(pytester: pytest.Pytester) -> pytest.Pytester:
    """Nothing is added: what the page forgets to mention, its reader would miss."""
    for name, source in files_of(PAGE.read_text("utf-8")).items():
        (pytester.path / name).write_text(source, "utf-8")
    return pytester


def test_the_files_of_the_page_are_a_project_whose_tests_pass(project: pytest.Pytester) -> None:
    tests = {"test_mybot.py", "test_patience.py", "test_restart.py", "test_moderation.py", "test_tea.py"}
    names = {"mybot.py", "conftest.py", "pytest.ini", "by_hand.py", *tests}
    assert {path.name for path in project.path.iterdir()} == names

    result = run_pytest(project, "-p", "no:randomly")

    result.assert_outcomes(passed=7)  # two of them on two storages


def test_a_failure_reads_as_the_page_shows_it(project: pytest.Pytester) -> None:
    """The reader misspells a command."""
    test = project.path / "test_mybot.py"
    test.write_text(test.read_text("utf-8").replace('types("/order")', 'types("/ordr")'), "utf-8")
    result = run_pytest(project, "-p", "no:randomly", "--tb=short", "-k", "memory")
    [shown] = [block.source for block in blocks_of(PAGE.read_text("utf-8")) if "test_mybot.py:8" in block.source]
    assert shown in "\n".join(result.outlines)


async def test_the_program_of_the_page_serves_the_chat_page_until_it_is_interrupted(project: pytest.Pytester) -> None:
    program = await start("by_hand.py", cwd=project.path)
    try:
        printed = (await program.stdout.readline()).decode()
        url = re.fullmatch(r"Open (http://127\.0\.0\.1:\d+/) and type /order\.\n", printed)
        assert url is not None, printed
        async with aiohttp.ClientSession() as client, client.get(url[1]) as page:
            assert page.status == 200
        program.send_signal(signal.SIGINT)
        assert await program.wait() == 0
    finally:
        program.kill()
        await program.wait()
