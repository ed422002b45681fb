"""How the suite itself runs: on every core as in one process, and no test is skipped in CI."""

from __future__ import annotations

from pathlib import Path

import pytest

CONFTEST = Path(__file__).parents[1] / "conftest.py"
SKIPPED = "import pytest\n\ndef test_nothing():\n    pytest.skip('no reason')\n\ndef test_something():\n    pass\n"
FAILURE = "1 skipped, which is a failure in CI: a test runs or is deleted"


@pytest.fixture
def suite(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """A suite of two tests, of which one is skipped, in CI."""
    monkeypatch.setenv("CI", "true")
    pytester.makeini("[pytest]\ntestpaths = tests\naddopts = -n auto\n")
    tests = pytester.mkdir("tests")
    (tests / "conftest.py").write_text(CONFTEST.read_text("utf-8"), "utf-8")
    (tests / "test_it.py").write_text(SKIPPED, "utf-8")
    return pytester


def test_the_whole_runs_on_every_core_in_an_order_that_can_be_repeated(suite: pytest.Pytester) -> None:
    result = suite.runpytest_subprocess("-v")

    result.stdout.fnmatch_lines(["Using --randomly-seed=*", "[[]gw?[]]*PASSED*", FAILURE])
    assert result.ret is pytest.ExitCode.TESTS_FAILED


def test_a_part_that_is_named_runs_in_one_process(suite: pytest.Pytester) -> None:
    result = suite.runpytest_subprocess("-v", "tests/test_it.py")

    result.stdout.no_fnmatch_line("[[]gw*")
    result.stdout.fnmatch_lines(FAILURE)
    assert result.ret is pytest.ExitCode.TESTS_FAILED
