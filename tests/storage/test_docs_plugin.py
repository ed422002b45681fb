"""The storage that the docs write passes the contract, run as the docs run it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.forks import run_pytest

PAGE = Path(__file__).parents[2] / "docs" / "storages.md"


def blocks() -> list[str]:
    return re.findall(r"^```python\n(.*?)^```$", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL)


def test_the_docs_own_storage_passes_the_contract(pytester: pytest.Pytester) -> None:
    storage, contract = blocks()[-2:]
    pytester.makepyfile(test_plugin=f"{storage}\n\n{contract}")
    pytester.makeini("[pytest]\nasyncio_mode = auto\nasyncio_default_fixture_loop_scope = function\n")
    result = run_pytest(pytester, "-p", "no:randomly", "-q")
    outcomes = result.parseoutcomes()
    assert set(outcomes) == {"passed"}
    assert outcomes["passed"] >= 10


def test_the_docs_own_storage_takes_less_than_sixty_lines() -> None:
    storage = blocks()[-2]
    assert len([line for line in storage.splitlines() if line.strip()]) < 60
