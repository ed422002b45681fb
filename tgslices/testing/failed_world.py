"""The world of a test that failed, left open in a browser until somebody has looked at it."""

from __future__ import annotations

import asyncio
import os
import sys
import threading
import webbrowser
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, Final

import pytest

from tgslices.testing.server import BotApi

FAILURE: Final = pytest.StashKey[str]()
"""The report of a test that failed; it goes as soon as somebody was shown the world."""


async def show(api: BotApi, item: pytest.Item) -> None:
    """If the test failed, open its world in a browser, and wait for the Enter key or the end of the input.

    The bot goes on meanwhile, if it still runs. A test's limit of time by pytest-timeout does not count here.
    """
    report = item.stash.get(FAILURE, "")
    if not report:
        return
    del item.stash[FAILURE]
    if hasattr(item.ihook, "pytest_timeout_cancel_timer"):
        item.ihook.pytest_timeout_cancel_timer(item=item)
    with _terminal(item.config) as writer:
        writer.write(f"\n{report}\n\n{item.nodeid} failed. Its world is open: {api.page_url}\n")
        writer.write("Enter goes on with the tests, Ctrl-C ends them.\n")
        writer.flush()
        webbrowser.open(api.page_url)
        await _enter()


@contextmanager
def _terminal(config: pytest.Config) -> Iterator[Any]:
    """The terminal, which pytest takes nothing from inside the block."""
    capture = config.pluginmanager.getplugin("capturemanager")
    if capture is not None:
        capture.suspend(in_=True)
    try:
        yield sys.__stdout__
    finally:
        if capture is not None:
            capture.resume()


async def _enter() -> None:
    """Wait for a line. A thread waits that ends with the process: one of the event loop's would keep it from ending."""
    loop, entered = asyncio.get_running_loop(), asyncio.Event()

    def read() -> None:
        with suppress(OSError):  # there is no input at all
            os.read(0, 4096)
        loop.call_soon_threadsafe(entered.set)

    threading.Thread(target=read, daemon=True).start()
    await entered.wait()
