"""``--chat``: the bot on a page that a person opens in a browser."""

from __future__ import annotations

import asyncio
import re
import signal
import sys
from pathlib import Path

import aiohttp
import pytest

pytestmark = pytest.mark.timeout(120)


async def test_the_page_is_served_with_the_bot_behind_it_until_it_is_interrupted() -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "examples.order_flow", "--chat"),
        cwd=Path(__file__).parents[2],
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    try:
        printed = (await process.stdout.readline()).decode()
        page = re.search(r"Open (http://127\.0\.0\.1:\d+/) in a browser", printed)
        assert page, printed
        async with aiohttp.ClientSession() as client, client.get(page[1]) as answer:
            assert (answer.status, answer.content_type) == (200, "text/html")
        process.send_signal(signal.SIGINT)
        _, errors = await process.communicate()
        assert process.returncode == 0
        assert "Traceback" not in errors.decode()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
