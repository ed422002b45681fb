"""Every public name has an entry in the reference: what the package exports, and what pages and examples import."""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
import re
from collections.abc import Iterator
from types import ModuleType
from typing import Any, Final

import pytest

import tgslices
from tests.docs.pages import PAGES, ROOT, blocks_of
from tests.site.built import Site

pytestmark = pytest.mark.xdist_group("site")

INNER: Final = frozenset({"tgslices.testing.page", "tgslices.testing.text"})
"""Packages that export to their neighbours alone."""

WHOLE: Final = (
    "tgslices.fsm",
    "tgslices.fsm_states.scenes",
    "tgslices.storage.codec",
    "tgslices.storage.data_protocol",
    "tgslices.storage.ending_protocol",
    "tgslices.storage.listing_protocol",
    "tgslices.telemetry.otel",
    "tgslices.telemetry.prometheus",
    "tgslices.testing.plugin",
)
"""Modules without ``__all__`` from which a bot's author imports."""

NO_BUSINESS_OF_AUTHORS: Final = frozenset(
    {
        "tgslices.fsm_states.scenes.check_actions",
        "tgslices.fsm_states.scenes.followed_scenes",
        "tgslices.storage.listing_protocol.no_such_place",
    }
)


def _found(path: str) -> Any:
    """Return what a dotted path names: of a module, before a module of the same name; None where it names nothing."""
    parts = path.split(".")
    for end in range(len(parts) - 1, 0, -1):
        try:
            value: Any = importlib.import_module(".".join(parts[:end]))
        except ImportError:
            continue
        for name in parts[end:]:
            # A module may load a name when it is asked for.
            value = (getattr if isinstance(value, ModuleType) else inspect.getattr_static)(value, name, None)
        if value is not None:
            return value
    return None


def _public() -> Iterator[tuple[str, Any]]:
    for module in _exporting():
        yield from ((f"{module.__name__}.{name}", getattr(module, name)) for name in module.__all__)
    for module in map(importlib.import_module, WHOLE):
        yield from _defined_in(module)
    for path in sorted(_imported()):
        yield path, _found(path)


def _exporting() -> Iterator[ModuleType]:
    """Yield every package that says what it exports."""
    packages = [found.name for found in pkgutil.walk_packages(tgslices.__path__, "tgslices.") if found.ispkg]
    for name in sorted({"tgslices", *packages} - INNER):
        module = importlib.import_module(name)
        if hasattr(module, "__all__"):
            yield module


def _defined_in(module: ModuleType) -> Iterator[tuple[str, Any]]:
    for name, value in vars(module).items():
        path = f"{module.__name__}.{name}"
        is_its_own = str(getattr(value, "__module__", "")).startswith(module.__name__)
        is_hidden = name.startswith(("_", "pytest_")) or path in NO_BUSINESS_OF_AUTHORS
        if callable(value) and is_its_own and not is_hidden:
            yield path, value


def _imported() -> set[str]:
    """Return every name that a page or an example imports from the package."""
    sources = [
        block.source for page in PAGES for block in blocks_of(page.read_text("utf-8")) if block.language == "python"
    ]
    sources += [path.read_text("utf-8") for path in (ROOT / "examples").rglob("*.py")]
    return {
        f"{node.module}.{each.name}"
        for source in sources
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.ImportFrom) and node.module and node.module.partition(".")[0] == "tgslices"
        for each in node.names
    }


def test_every_public_name_has_an_entry(site: Site) -> None:
    anchors = {anchor for page in site.pages.values() for anchor in page.anchors if anchor.startswith("tgslices.")}
    entries = [_found(anchor) for anchor in anchors]
    missing = sorted(path for path, value in _public() if not any(entry is value for entry in entries))
    assert missing == [], "add '::: NAME' to a page under docs/reference"


def test_no_name_has_two_entries(site: Site) -> None:
    anchors = [
        anchor
        for page in site.pages.values()
        for anchor in sorted(page.anchors)
        if anchor.startswith("tgslices.") and inspect.isclass(_found(anchor))
    ]
    values = [_found(anchor) for anchor in anchors]
    assert [anchor for anchor, value in zip(anchors, values, strict=True) if values.count(value) > 1] == []


def test_no_role_of_a_docstring_is_left_in_its_raw_form(site: Site) -> None:
    texts = {path: path.read_text("utf-8") for path in site.folder.rglob("*.html")}
    assert [path.name for path, text in texts.items() if re.search(r":(class|meth|func|data|attr|mod):", text)] == []


def test_a_docstring_leads_to_what_it_names(site: Site) -> None:
    assert "../wiring/#tgslices.SessionManager" in site.page("reference/session/").links
    assert "#tgslices.Session.clear" in site.page("reference/session/").links


@pytest.mark.parametrize("module", WHOLE)
def test_what_a_module_defines_is_found(module: str) -> None:
    assert list(_defined_in(importlib.import_module(module))) != []
