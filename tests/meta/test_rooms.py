"""The import contract knows every module, so that a new one has to take its place."""

from __future__ import annotations

import pkgutil
import re
import tomllib
from collections.abc import Iterator
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
