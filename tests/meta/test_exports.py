"""What the package shows: everything in ``__all__``, with a docstring, and no driver loaded for it."""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Final

import pytest

import tgslices
from tgslices.storage.protocol import DURABLE_METHODS, PLUGIN_METHODS

DRIVERS: Final = (
    *("sqlalchemy", "redis", "asyncpg", "aiosqlite", "pytest", "hypothesis", "tgslices.testing"),
    *("opentelemetry", "prometheus_client"),
)


NOT_OURS: Final = {"annotations", "import_module", "TYPE_CHECKING", "Any", "Final"}


def _modules() -> list[str]:
    return [tgslices.__name__, *(found.name for found in pkgutil.walk_packages(tgslices.__path__, "tgslices."))]


def _with_exports() -> list[ModuleType]:
    names = ("tgslices", "tgslices.storage", "tgslices.testing")
    return [module for module in map(importlib.import_module, names) if hasattr(module, "__all__")]


@pytest.mark.parametrize("module", _with_exports(), ids=lambda module: module.__name__)
def test_exports_equal_all(module: ModuleType) -> None:
    public = {
        name
        for name in dir(module)
        if not (name.startswith("_") or name in NOT_OURS) and not isinstance(getattr(module, name), ModuleType)
    }
    assert public == set(module.__all__)
    assert len(module.__all__) == len(set(module.__all__))


def test_the_package_finds_each_name_where_a_type_checker_does() -> None:
    tree = ast.parse(Path(tgslices.__file__).read_text())
    [checked] = [node for node in tree.body if isinstance(node, ast.If)]
    seen = {
        node.module: tuple(name.name for name in node.names)
        for node in ast.walk(checked)
        if isinstance(node, ast.ImportFrom)
    }
    assert seen == tgslices._HOMES
    with pytest.raises(AttributeError, match="module 'tgslices' has no attribute 'Sesion'"):
        tgslices.Sesion  # noqa: B018


def test_importing_the_package_loads_no_driver_and_no_test_tool() -> None:
    code = f"import sys, tgslices, tgslices.storage; print([name for name in {DRIVERS!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def _loaded(before: str, then: str) -> list[str]:
    """Return the packages that one import loads and another has not loaded before, ours and Python's left out."""
    code = f"import sys, {before}; there = set(sys.modules); import {then}; print(*(set(sys.modules) - there))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    roots = {name.partition(".")[0] for name in done.stdout.split()}
    return sorted(roots - {"tgslices", *sys.stdlib_module_names})


def test_importing_the_package_loads_nothing_before_a_name_is_asked_for() -> None:
    assert _loaded("sys", "tgslices") == []


def test_all_names_load_nothing_but_aiogram() -> None:
    assert set(_loaded("sys", ", ".join(sorted(tgslices._HOMES)))) == set(_loaded("sys", "aiogram"))


@pytest.mark.parametrize(
    ("storage", "strays"),
    [("sqlalchemy", {"asyncpg", "redis", "hiredis"}), ("redis", {"sqlalchemy", "aiosqlite", "asyncpg"})],
)
def test_a_storage_loads_what_it_stands_on_and_no_driver_of_another(storage: str, strays: set[str]) -> None:
    loaded = set(_loaded("tgslices", f"tgslices.storage.{storage}"))
    assert storage in loaded
    assert not loaded & strays


@pytest.mark.parametrize("module", _with_exports(), ids=lambda module: module.__name__)
def test_every_exported_name_says_what_it_is(module: ModuleType) -> None:
    silent = []
    for name in module.__all__:
        value = getattr(module, name)
        if not (inspect.isclass(value) or inspect.isroutine(value)):
            continue
        if not inspect.getdoc(value):
            silent.append(name)
        if inspect.isclass(value):
            silent += [f"{name}.{member}" for member in _undocumented(value)]
    assert silent == []


def _undocumented(owner: type) -> list[str]:
    """Return the public methods and properties that say nothing, neither here nor in the protocol that they fulfil.

    Those of base classes from elsewhere do not count.
    """
    is_storage = owner is not tgslices.DurableSessionStorage and all(hasattr(owner, name) for name in PLUGIN_METHODS)
    contract = {name for name in DURABLE_METHODS if inspect.getdoc(getattr(tgslices.DurableSessionStorage, name))}
    return [
        name
        for name, member in inspect.getmembers(owner)
        if not name.startswith("_")
        and not (is_storage and name in contract)
        and (inspect.isroutine(member) or isinstance(member, property))
        and _is_ours(member)
        and not inspect.getdoc(member)
    ]


def _is_ours(member: object) -> bool:
    function = member.fget if isinstance(member, property) else member
    return str(getattr(function, "__module__", "")).startswith("tgslices")


@pytest.mark.parametrize("name", _modules())
def test_every_module_says_what_it_is_for(name: str) -> None:
    if not name.endswith("__main__"):
        assert (importlib.import_module(name).__doc__ or "").strip()
