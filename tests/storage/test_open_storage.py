"""A storage by its URL: those that ship with the library, and those that packages bring."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from tgslices import MemorySessionStorage, SessionKey
from tgslices.errors import InvalidStorage, StorageError
from tgslices.storage import open_storage
from tgslices.storage.sqlalchemy import SQLAlchemySessionStorage
from tgslices.testing.contract.samples import sent

KNOWN = (
    "memory, postgres, postgresql, postgresql+asyncpg, redis, redis+cluster, rediss, rediss+cluster, "
    "sqlite, sqlite+aiosqlite, unix"
)

PLUGIN = """
class ListStorage:
    def __init__(self, url):
        self.url, self.entries = url, []

    async def add(self, key, message):
        self.entries.append((key, message))

    async def list(self, key):
        return [message for there, message in self.entries if there == key]

    async def remove(self, key, messages):
        return 0

    async def clear(self, key):
        self.entries.clear()
"""


@pytest.fixture
def packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Returns what installs a package with an entry point."""
    monkeypatch.syspath_prepend(tmp_path)

    def install(name: str, scheme: str, target: str, code: str = PLUGIN) -> None:
        (tmp_path / f"{name}.py").write_text(code, encoding="utf-8")
        information = tmp_path / f"{name}-1.0.dist-info"
        information.mkdir()
        (information / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n", encoding="utf-8")
        (information / "entry_points.txt").write_text(f"[tgslices.storages]\n{scheme} = {target}\n", encoding="utf-8")

    yield install
    for name in [name for name in sys.modules if name.startswith("fresh_")]:
        del sys.modules[name]


def refusal_of(url: str) -> str:
    with pytest.raises(StorageError) as caught:
        open_storage(url)
    return str(caught.value)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("sqlite:///slices.db", "sqlite+aiosqlite:///slices.db"),
        ("sqlite+aiosqlite:////var/lib/slices.db", "sqlite+aiosqlite:////var/lib/slices.db"),
        ("postgres://bot:topsecret@host/slices", "postgresql+asyncpg://bot:***@host/slices"),
        ("postgresql://host:5433/slices", "postgresql+asyncpg://host:5433/slices"),
        ("postgresql+asyncpg://host/slices", "postgresql+asyncpg://host/slices"),
    ],
)
def test_a_url_may_be_short(url: str, shown: str) -> None:
    storage = open_storage(url)
    assert isinstance(storage, SQLAlchemySessionStorage)
    assert repr(storage) == f"SQLAlchemySessionStorage({shown!r})"


def test_memory_has_a_url_as_well() -> None:
    assert isinstance(open_storage("memory://"), MemorySessionStorage)


async def test_a_package_brings_its_own_scheme(packages: Any) -> None:
    packages("fresh_lists", "lists", "fresh_lists:ListStorage")
    storage: Any = open_storage("lists://somewhere?size=3")
    assert storage.url == "lists://somewhere?size=3"
    await storage.add(SessionKey(42, 7), sent(1))
    assert await storage.list(SessionKey(42, 7)) == [sent(1)]


def test_a_url_without_a_scheme_is_refused() -> None:
    assert refusal_of("slices.db") == (
        "The URL of the storage has no scheme. "
        "Write it like sqlite:///slices.db, postgresql://user:password@host/database, redis://host or memory://."
    )


def test_an_unknown_scheme_is_refused_with_those_that_are_known(packages: Any) -> None:
    packages("fresh_lists", "lists", "fresh_lists:ListStorage")
    assert refusal_of("mysql://bot:topsecret@host/slices") == (
        "No storage is known for URLs that begin with 'mysql'. "
        f"Use one of {KNOWN.replace('memory', 'lists, memory')}, "
        "or install a package that names 'mysql' under tgslices.storages."
    )


@pytest.mark.parametrize(
    ("scheme", "near"),
    [("sqllite", "sqlite"), ("SQLite", "sqlite"), ("postgress", "postgres"), ("mem", "memory"), ("ftp", None)],
)
def test_a_scheme_that_is_nearly_known_is_asked_about(scheme: str, near: str | None) -> None:
    hint = "" if near is None else f"Did you mean {near!r}? "
    assert refusal_of(f"{scheme}://bot:topsecret@host/slices") == (
        f"No storage is known for URLs that begin with {scheme!r}. {hint}"
        f"Use one of {KNOWN}, or install a package that names {scheme!r} under tgslices.storages."
    )


@pytest.mark.parametrize("url", [None, Path("slices.db"), b"sqlite:///slices.db", 5])
def test_what_is_no_text_is_refused(url: Any) -> None:
    assert refusal_of(url) == (
        f"The URL of the storage is of the type {type(url).__name__}. "
        "Write it like sqlite:///slices.db, postgresql://user:password@host/database, redis://host or memory://."
    )


def test_a_package_that_cannot_be_loaded_is_named(packages: Any) -> None:
    packages("fresh_broken", "broken", "fresh_broken:Storage", "import nowhere_to_be_found")
    packages("fresh_empty", "empty", "fresh_empty:Storage", "")
    assert refusal_of("broken://bot:topsecret@host") == (
        "The storage for broken:// cannot be loaded from fresh_broken:Storage "
        "(ModuleNotFoundError: No module named 'nowhere_to_be_found'). "
        "Install what it needs, or a release of it that goes together with this one."
    )
    assert "module 'fresh_empty' has no attribute 'Storage'" in refusal_of("empty://")


def test_two_packages_for_one_scheme_are_both_named(packages: Any) -> None:
    packages("fresh_lists", "lists", "fresh_lists:ListStorage")
    packages("fresh_others", "lists", "fresh_others:ListStorage")
    assert refusal_of("lists://") == (
        "Several packages offer a storage for URLs that begin with 'lists': fresh_lists, fresh_others. "
        "Uninstall all but one of them."
    )


def test_a_package_that_brings_something_else_is_refused(packages: Any) -> None:
    packages("fresh_dicts", "dicts", "fresh_dicts:make", "def make(url):\n    return {}\n")
    with pytest.raises(InvalidStorage):
        open_storage("dicts://")


@pytest.mark.parametrize("url", ["postgresql://bot:topsecret@host/slices", "postgres://bot:topsecret@host/slices"])
def test_a_missing_driver_is_named_with_the_extra_that_brings_it(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setitem(sys.modules, "asyncpg", None)
    assert refusal_of(url) == (
        "A storage at postgresql+asyncpg:// needs asyncpg, which is not installed. "
        "Install it: pip install 'tgslices[postgres]'"
    )
