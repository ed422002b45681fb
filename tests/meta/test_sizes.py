"""Long files and functions say why they are long."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import tgslices

PACKAGE = Path(tgslices.__file__).parent
MAX_FILE = 300
MAX_FUNCTION = 40


def _without_reason() -> Iterator[str]:
    for path in sorted(PACKAGE.rglob("*.py")):
        name, source = path.relative_to(PACKAGE).as_posix(), path.read_text("utf-8")
        module = ast.parse(source)
        if source.count("\n") > MAX_FILE and f"Past {MAX_FILE} lines" not in _words(module):
            yield name
        for function in ast.walk(module):
            if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
                lines = (function.end_lineno or function.lineno) - function.lineno + 1
                if lines > MAX_FUNCTION and f"Past {MAX_FUNCTION} lines" not in _words(function):
                    yield f"{name}: {function.name}"


def _words(node: ast.Module | ast.FunctionDef | ast.AsyncFunctionDef) -> str:
    return " ".join((ast.get_docstring(node) or "").split())


def test_files_past_300_lines_and_functions_past_40_say_why() -> None:
    assert list(_without_reason()) == [], 'split them, or say "Past … lines, because …" in the docstring'


def test_the_pages_scripts_are_shorter() -> None:
    scripts = [path for path in PACKAGE.rglob("*.js") if path.read_text("utf-8").count("\n") > MAX_FILE]
    assert scripts == []
