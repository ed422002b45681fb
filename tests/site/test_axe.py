"""The site keeps the rules that axe-core calls serious: light and dark, on phones and on wide screens."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final, Literal
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]  # it has no py.typed
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.browser.desk import CHROMIUM, CHROMIUM_OPTIONS
from tests.site.built import Site

pytestmark = pytest.mark.xdist_group("site")

KINDS: Final = ("", "quickstart/", "concepts/", "reference/errors/")
"""The front page, one with code, one with wide tables and drawings, and one of the reference."""


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name is the parent's
        pass


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    if not Path(CHROMIUM).exists():
        pytest.skip(f"{CHROMIUM} is missing; install Debian's package chromium")  # in CI a failure
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_OPTIONS)
        yield browser
        browser.close()


@pytest.fixture
def address(site: Site) -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(site.folder))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


def faults(page: Page, *, but: frozenset[str] = frozenset()) -> list[str]:
    """What axe finds, one line a rule. What is less than serious is the theme's: the names of its landmarks."""
    found = Axe().run(page).response["violations"]
    bad = [fault for fault in found if fault["impact"] in ("serious", "critical") and fault["id"] not in but]
    return [
        f"{page.url}: {fault['id']}, {len(fault['nodes'])} times: {fault['nodes'][0]['html'][:200]}" for fault in bad
    ]


@pytest.mark.parametrize(("scheme", "width"), [("light", 320), ("light", 1920), ("dark", 1920)])
def test_pages_of_each_kind_have_no_serious_faults(
    chromium: Browser, address: str, scheme: Literal["light", "dark"], width: int
) -> None:
    with chromium.new_context(color_scheme=scheme, viewport={"width": width, "height": 800}) as context:
        page = context.new_page()
        for kind in KINDS:
            page.goto(address + kind)
            assert faults(page) == []
            assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_an_open_search_has_no_serious_faults_and_is_walked_with_the_arrow_keys(
    chromium: Browser, address: str, scheme: Literal["light", "dark"]
) -> None:
    with chromium.new_context(color_scheme=scheme) as context:
        page = context.new_page()
        page.goto(address)
        page.locator(".md-search__button").click()
        page.keyboard.type("rewind")
        expect(page.get_by_role("option", name="Going back")).to_be_visible()
        assert faults(page, but=frozenset({"scrollable-region-focusable"})) == []  # the arrow keys scroll the results
        page.keyboard.press("ArrowDown")
        page.keyboard.press("Enter")
        page.wait_for_url(lambda url: urlsplit(url).path != "/")
