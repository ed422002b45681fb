"""The documentation as a site: no link is broken, nothing is fetched from elsewhere, every page can be found."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.site.built import HOST, Site
from tests.site.conftest import ROOT, Build

pytestmark = pytest.mark.xdist_group("site")


def _listed(nav: Any) -> Iterator[str]:
    """Yield the pages of a navigation, in order."""
    if isinstance(nav, str):
        yield nav
        return
    for item in nav if isinstance(nav, list) else nav.values():
        yield from _listed(item)


def test_no_link_and_no_anchor_is_broken(site: Site) -> None:
    assert site.broken() == []


def test_nothing_is_loaded_from_elsewhere(site: Site) -> None:
    assert site.loaded_from_elsewhere() == []


def test_the_build_keeps_a_processor_busy_for_less_than_ten_seconds(build: Build) -> None:
    assert build.seconds < 10


def test_the_build_complains_of_nothing(build: Build) -> None:
    assert "No issues found" in build.said


def test_every_page_stands_in_the_navigation_once() -> None:
    nav = list(_listed(yaml.safe_load((ROOT / "mkdocs.yml").read_text("utf-8"))["nav"]))
    pages = {path.relative_to(ROOT / "docs").as_posix() for path in (ROOT / "docs").rglob("*.md")}
    assert sorted(nav) == sorted(pages)


def test_every_page_has_one_title_and_no_heading_skips_a_level(site: Site) -> None:
    wrong = []
    for page in site.pages.values():
        levels = [int(heading[1]) for heading in page.headings]
        if levels.count(1) != 1 or any(after > before + 1 for before, after in pairwise(levels)):
            wrong.append(page.url)
    assert wrong == []


def test_every_picture_is_told_in_words(site: Site) -> None:
    assert [(page.url, image) for page in site.pages.values() for image in page.images_without_words] == []


@pytest.mark.parametrize("word", ["rewind", "SQLAlchemySessionStorage", "Several workers", "deleteMessages"])
def test_a_search_finds(site: Site, word: str) -> None:
    found = json.loads((site.folder / "search.json").read_text("utf-8"))
    assert any(word in json.dumps(item) for item in found["items"])


# The checker itself


@pytest.fixture
def small(tmp_path: Path) -> Path:
    (tmp_path / "there").mkdir()
    (tmp_path / "there" / "index.html").write_text('<h1 id="top">There</h1>', "utf-8")
    return tmp_path


@pytest.mark.parametrize(
    ("body", "broken"),
    [
        ('<a href="there/">there</a>', []),
        ('<a href="there/#top">there</a>', []),
        ('<a href="https://elsewhere.example/">elsewhere</a>', []),
        ('<a href="there">a folder without its slash</a>', ["index: there"]),
        ('<a href="gone/">gone</a>', ["index: gone/"]),
        ('<a href="there/#bottom">gone</a>', ["index: there/#bottom"]),
        ('<a href="#bottom">gone</a>', ["index: #bottom"]),
        ('<img src="gone.png" alt="x">', ["index: gone.png"]),
    ],
)
def test_a_broken_link_is_found(small: Path, body: str, broken: list[str]) -> None:
    (small / "index.html").write_text(body, "utf-8")
    assert Site(small).broken() == broken


@pytest.mark.parametrize(
    "body",
    [
        '<script src="https://cdn.example/x.js"></script>',
        '<link rel="stylesheet" href="//fonts.example/x.css">',
        '<img src="http://elsewhere.example/x.png" alt="x">',
    ],
)
def test_what_another_host_would_serve_is_found(small: Path, body: str) -> None:
    (small / "index.html").write_text(body, "utf-8")
    assert len(Site(small).loaded_from_elsewhere()) == 1
    assert Site(small).page("").url == HOST
