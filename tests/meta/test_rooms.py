"""The import contract knows every module, so that a new one has to take its place."""

from __future__ import annotations

import ast
import pkgutil
import re
import tomllib
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

import tgslices

ROOT = Path(__file__).parents[2]


def _contracts() -> list[dict[str, Any]]:
    with (ROOT / "pyproject.toml").open("rb") as file:
        return list(tomllib.load(file)["tool"]["importlinter"]["contracts"])


def test_every_module_stands_in_a_row() -> None:
    named = set(_named_by_the_contracts_of_layers())
    modules = [found.name for found in pkgutil.walk_packages(tgslices.__path__, "tgslices.") if not found.ispkg]
    lacking = [module for module in modules if not any(f"{module}.".startswith(f"{name}.") for name in named)]
    assert lacking == [], "add them to the layers under [tool.importlinter] in pyproject.toml"


def _named_by_the_contracts_of_layers() -> Iterator[str]:
    for contract in _contracts():
        if contract["type"] == "layers":
            for container in contract.get("containers", [""]):
                names = (name.strip("() ") for row in contract["layers"] for name in re.split(r"[|:]", row))
                yield from (f"{container}.{name}" if container else name for name in names)


def test_no_module_imports_itself_by_a_circle() -> None:
    """An import that waits for a call counts, too."""
    paths = {_name_of(path): path for path in (ROOT / "tgslices").rglob("*.py")}
    imports = {name: set(_imported_by(path)) & {*paths} for name, path in paths.items()}
    assert imports["tgslices.wiring"] > {"tgslices.manager"}
    TopologicalSorter(imports).prepare()  # it raises for a circle, and names it


def _name_of(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def _imported_by(path: Path) -> Iterator[str]:
    """Yield what a file imports: modules, and names of them. A package that imports its own modules is no circle."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (each.name for each in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{each.name}" for each in node.names)
            if node.module != _name_of(path):
                yield node.module
