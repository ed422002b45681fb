"""Every link between the project's own pages leads to a file, and to a heading where it names one."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

import pytest

from tests.docs.pages import PAGES, ROOT

LINK: Final = re.compile(r"\]\((?!https?://|mailto:)([^)\s#]*)(?:#([^)\s]+))?\)")
HEADING: Final = re.compile(r"^#+ +(.+?) *$", re.MULTILINE)
ENTRY: Final = re.compile(r"^::: ([\w.]+)$", re.MULTILINE)
LINKING: Final = [*PAGES, *(ROOT / name for name in ("CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md"))]


def anchors_of(page: Path) -> set[str]:
    """Return the anchors that a page has when it is rendered: of its headings, and of its entries in the reference."""
    text = page.read_text("utf-8")
    headings = {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in HEADING.findall(text)}
    return headings | set(ENTRY.findall(text))


def links_of(page: Path) -> list[tuple[str, str]]:
    """Return path and anchor of every link to a page or file of the project."""
    return LINK.findall(page.read_text("utf-8"))


def test_links_are_found() -> None:
    assert ("docs/quickstart.md", "") in links_of(ROOT / "README.md")


@pytest.mark.parametrize("page", LINKING, ids=lambda page: page.name)
def test_every_link_leads_somewhere(page: Path) -> None:
    for path, anchor in links_of(page):
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), path
        assert not anchor or anchor in anchors_of(target), f"{path}#{anchor}"


IMAGES: Final = ROOT / "docs" / "images"


def test_every_picture_is_on_a_page() -> None:
    shown = {(page.parent / path).resolve() for page in LINKING for path, _ in links_of(page)}
    assert [image.name for image in sorted(IMAGES.iterdir()) if image not in shown] == []


def test_every_picture_is_taken_by_a_test_and_the_other_way_round() -> None:
    sources = [path.read_text("utf-8") for path in ROOT.glob("tests/browser/test_*.py")]
    taken = {f"{name}.png" for source in sources for name in re.findall(r"\.picture\(\"([\w-]+)\"\)", source)}
    assert taken == {image.name for image in IMAGES.glob("*.png")}
