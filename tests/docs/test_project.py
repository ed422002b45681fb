"""The files that the page about testing shows are a project, and its tests pass."""

from __future__ import annotations

import pytest

from tests.docs.pages import ROOT, files_of


def test_the_files_of_the_page_are_a_project_whose_tests_pass(pytester: pytest.Pytester) -> None:
    """Nothing is added: what the page forgets to mention, its reader would miss."""
    files = files_of((ROOT / "docs" / "testing.md").read_text("utf-8"))
    assert list(files) == ["mybot.py", "conftest.py", "pytest.ini", "test_mybot.py", "test_tea.py"]
    for name, source in files.items():
        (pytester.path / name).write_text(source, "utf-8")

    result = pytester.runpytest_subprocess("-p", "no:randomly")

    result.assert_outcomes(passed=3)  # one of them on two storages
