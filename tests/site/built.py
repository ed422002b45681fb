"""The site as it is built: its pages, what they link to and load, and where each anchor is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urljoin, urlsplit

HOST: Final = "https://site.invalid/"
"""Stands for wherever the site is served."""

_LOADED: Final = {"img": "src", "script": "src", "source": "src", "iframe": "src", "video": "src", "use": "href"}
_LOADED_RELS: Final = frozenset({"stylesheet", "icon", "preload", "modulepreload", "preconnect", "dns-prefetch"})


@dataclass
class Page:
    """One page: its address on the site, the addresses that it names, and its anchors."""

    url: str
    anchors: set[str] = field(default_factory=set)
    links: list[str] = field(default_factory=list)
    loaded: list[str] = field(default_factory=list)
    images_without_words: list[str] = field(default_factory=list)
    headings: list[str] = field(default_factory=list)


class _Reader(HTMLParser):
    def __init__(self, page: Page) -> None:
        super().__init__()
        self.page = page

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attributes}
        if "id" in given:
            self.page.anchors.add(given["id"])
        if tag == "a" and "href" in given:
            self.page.links.append(given["href"])
        if tag == "link" and _LOADED_RELS & set(given.get("rel", "").split()):
            self.page.loaded.append(given["href"])
        if (loaded := given.get(_LOADED.get(tag, ""))) is not None:
            self.page.loaded.append(loaded)
        if tag == "img" and not given.get("alt"):
            self.page.images_without_words.append(given.get("src", "?"))
        if tag in {"h1", "h2", "h3", "h4", "h5", "h6"}:
            self.page.headings.append(tag)


class Site:
    """All pages of a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.pages = {page.url: page for page in self._read()}

    def _read(self) -> Iterator[Page]:
        for path in sorted(self.folder.rglob("*.html")):
            name = path.relative_to(self.folder).as_posix()
            page = Page(urljoin(HOST, name.removesuffix("index.html")))
            _Reader(page).feed(path.read_text("utf-8"))
            yield page

    def page(self, path: str) -> Page:
        """Return the page at a path of the site, such as ``"concepts/"``."""
        return self.pages[urljoin(HOST, path)]

    def broken(self) -> list[str]:
        """Return every link, and everything that is loaded, that leads to no file or to no anchor of the site."""
        return [
            f"{page.url.removeprefix(HOST) or 'index'}: {link}"
            for page in self.pages.values()
            for link in [*page.links, *page.loaded]
            if not self._leads_somewhere(page, link)
        ]

    def _leads_somewhere(self, page: Page, link: str) -> bool:
        whole = urljoin(page.url, link)
        if not whole.startswith(HOST):
            return True  # elsewhere; ``loaded_from_elsewhere`` tells what must not be
        parts = urlsplit(whole)
        path, anchor = unquote(parts.path), unquote(parts.fragment)
        file = self.folder / path.lstrip("/")
        if not (file / "index.html" if path.endswith("/") else file).is_file():
            return False
        target = self.pages.get(urljoin(HOST, path))
        return not anchor or (target is not None and anchor in target.anchors)

    def loaded_from_elsewhere(self) -> list[str]:
        """Return what a reader's browser would fetch from another host."""
        return [
            f"{page.url.removeprefix(HOST)}: {link}"
            for page in self.pages.values()
            for link in page.loaded
            if not urljoin(page.url, link).startswith((HOST, "data:"))
        ]
