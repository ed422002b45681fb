"""``--chat``: the bot on a page that a person opens in a browser."""

from __future__ import annotations

import re
import signal
from typing import Any

import aiohttp
import pytest

from tests.examples.runs import MODULE, start

pytestmark = pytest.mark.timeout(120)


class OpenPage:
    """What a tab does, without drawing: it keeps what it is told, and sends what a person does."""

    def __init__(self, client: aiohttp.ClientSession, url: str, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._client, self._url, self._socket = client, url, socket
        self.things: dict[str, Any] = {}

    async def until(self, what: str, **wanted: Any) -> dict[str, Any]:
        """Wait for a thing of this kind with these fields."""
        while True:
            for name, thing in self.things.items():
                if name.startswith(f"{what}:") and wanted.items() <= thing.items():
                    return dict(thing)
            news = await self._socket.receive_json(timeout=60)
            self.things = {name: thing for name, thing in self.things.items() if name not in news["gone"]}
            self.things |= news["set"]

    async def does(self, deed: str, **command: Any) -> None:
        async with self._client.post(f"{self._url}page/do", json={"do": deed, **command}) as answer:
            assert answer.status == 200, await answer.text()


async def test_the_bot_behind_the_page_answers_until_it_is_interrupted() -> None:
    process = await start(MODULE, "--chat")
    try:
        printed = (await process.stdout.readline()).decode()
        url = re.search(r"Open (http://127\.0\.0\.1:\d+/) in a browser", printed)
        assert url, printed
        async with aiohttp.ClientSession() as client, client.ws_connect(f"{url[1]}page/live") as socket:
            async with client.get(url[1]) as answer:
                assert (answer.status, answer.content_type) == (200, "text/html")
            page = OpenPage(client, url[1], socket)
            place = await page.until("place", kind="private")
            here = {"place": place["name"], "person": place["people"][0]}
            await page.does("type", text="/order", **here)
            asked = await page.until("message", text="What would you like?")
            assert [[button["text"] for button in row] for row in asked["buttons"]] == [["Pizza", "Pasta", "Salad"]]
            await page.does("tap", serial=asked["serial"], row=0, column=1, **here)
            await page.until("message", serial=asked["serial"], text="One pasta. Which size?")
        process.send_signal(signal.SIGINT)
        _, errors = await process.communicate()
        assert process.returncode == 0
        assert "Traceback" not in errors.decode()
    finally:
        process.kill()
        await process.wait()
