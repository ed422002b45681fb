"""What the browser tests have before them: tabs with the chat page, and words for what one does there."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Final

from playwright.async_api import Browser, BrowserContext, FilePayload, Locator, Page, expect

from tgslices.testing import BotApi

CHROMIUM: Final = "/usr/bin/chromium"
CHROMIUM_OPTIONS: Final = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip
PATIENCE: Final = 30_000
"""Milliseconds to wait for what should happen soon: the machine may be busy."""

IMAGES: Final = Path(os.environ.get("TGSLICES_IMAGES", ""))
"""Where pictures for the docs are kept (``TGSLICES_IMAGES=docs/images``); nowhere unless told."""

PHONE: Final[dict[str, Any]] = {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True}

expect.set_options(timeout=PATIENCE)


class Tab:
    """One tab with the page."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.complaints: list[str] = []
        page.on("console", lambda message: self._hear(message.type, message.text))
        page.on("pageerror", lambda error: self._hear("error", str(error)))

    def _hear(self, kind: str, text: str) -> None:
        if kind in {"error", "warning"}:
            self.complaints.append(text)

    @property
    def bubbles(self) -> Locator:
        """The texts of the messages that are there, those that are just going left out."""
        return self.page.locator("#messages li:not(.going) .text")

    @property
    def input(self) -> Locator:
        return self.page.get_by_role("textbox", name="Message", exact=True)

    async def types(self, text: str) -> None:
        await self.input.fill(text)
        await self.input.press("Enter")

    async def taps(self, caption: str) -> None:
        await self.page.locator("#messages").get_by_role("button", name=caption, exact=True).last.click()

    async def reads(self, text: str) -> None:
        """Wait until a message reads like this."""
        await expect(self.bubbles.filter(has_text=text).last).to_be_visible()

    async def attaches(self, *files: FilePayload, caption: str | None = None, is_sent: bool = True) -> None:
        """Send files, with this caption or the one that is proposed."""
        await self.page.locator("#files").set_input_files(files)
        if caption is not None:
            await self.page.get_by_label("Caption").fill(caption)
        await self.page.get_by_role("button", name="Send", exact=True).last.click()
        if is_sent:
            await expect(self.page.get_by_role("dialog")).to_be_hidden()

    async def opens(self, tab: str) -> None:
        await self.page.get_by_role("tab", name=tab).click()

    async def orders(self, address: str = "12 Harbour Road") -> None:
        """Order a large pizza, as far as it can be done without /done."""
        await self.types("/order")
        await self.reads("What would you like")
        await self.taps("Pizza")
        await self.reads("Which size?")
        await self.taps("Large")
        await self.reads("Where to?")
        await self.types(address)
        await self.reads("Shall we?")
        await self.taps("Order it")
        await self.reads("On its way")

    async def switches(self, fault: str, mode: str, method: str = "") -> None:
        await self.opens("Switches")
        await self.page.locator("#fault-method").fill(method)
        await self.page.locator(f"#fault-{fault}").get_by_role("radio", name=mode).check()

    async def settles(self) -> None:
        """Wait until nothing moves any more."""
        await self.page.evaluate(
            """Promise.all(document.getAnimations().filter((a) => a.effect.getTiming().iterations !== Infinity)
                .map((a) => a.finished.catch(() => {})))"""
        )
        await expect(self.page.locator(".going")).to_have_count(0)

    async def picture(self, name: str) -> None:
        """Keep a picture for the docs, if they are wanted."""
        if IMAGES.parts:
            await self.page.mouse.move(0, 0)  # away from what shows more while it is pointed at
            await self.settles()
            await self.page.screenshot(path=IMAGES / f"{name}.png")

    async def is_wider_than_shown(self) -> bool:
        return bool(await self.page.evaluate("document.documentElement.scrollWidth > innerWidth"))


class Desk:
    """The emulator, and a browser to look at it with."""

    def __init__(self, api: BotApi, browser: Browser) -> None:
        self.api = api
        self._browser = browser
        self._contexts: list[BrowserContext] = []
        self._tabs: list[Tab] = []

    async def tab(self, where: str = "", **options: Any) -> Tab:
        """A tab of a browser of its own; ``where`` is the part of the address behind the ``#``."""
        options.setdefault("viewport", {"width": 1360, "height": 820})
        context = await self._browser.new_context(locale="en-GB", **options)
        context.set_default_timeout(PATIENCE)
        self._contexts.append(context)
        tab = Tab(await context.new_page())
        self._tabs.append(tab)
        await tab.page.goto(f"{self.api.page_url}{where}")
        await expect(tab.page.locator("#offline")).to_be_hidden()
        return tab

    async def close(self) -> None:
        """Close all tabs; none may have complained."""
        for context in self._contexts:
            await context.close()
        assert [complaint for tab in self._tabs for complaint in tab.complaints] == []
