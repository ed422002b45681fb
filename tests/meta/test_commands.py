"""The commands that the README gives are the ones that CI runs."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parents[2]


@pytest.mark.parametrize("command", ["pytest", "python -m examples.order_flow"])
def test_a_command_of_the_readme_is_one_line_that_brings_uv_with_it(command: str) -> None:
    lines = re.findall(r"^pip install uv && uv run .*$", (ROOT / "README.md").read_text("utf-8"), re.MULTILINE)
    assert f"pip install uv && uv run {command}" in lines


def test_ci_takes_its_commands_from_the_readme() -> None:
    script = (ROOT / ".ci" / "run").read_text("utf-8")
    assert "readme_command 'pytest'" in script
    assert "readme_command 'python -m examples.order_flow'" in script
