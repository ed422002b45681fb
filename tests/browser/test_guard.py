"""Who is answered at the page's addresses: its own tabs, and nobody else. This needs no browser."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from itertools import product
from typing import Any

import aiohttp
import pytest

from tgslices.testing import BotApi
from tgslices.testing.http.origin_guard import is_local_name, refusal
from tgslices.testing.page.fields import BadCommand

TYPE = {"do": "person", "name": "Eve"}


@pytest.fixture
async def api() -> AsyncIterator[BotApi]:
    async with BotApi(page=True) as api:
        yield api


@pytest.fixture
async def client() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as client:
        yield client


async def asked(client: aiohttp.ClientSession, url: str, command: object = TYPE, **headers: str) -> tuple[int, str]:
    async with client.post(f"{url}page/do", json=command, headers=headers) as response:
        return response.status, await response.text()


@pytest.mark.parametrize("host", ["127.0.0.1:80", "localhost:8081", "localhost", "[::1]:80", "[::1]", "192.168.1.7:80"])
def test_addresses_are_local_names(host: str) -> None:
    assert is_local_name(host)


@pytest.mark.parametrize("host", ["", "evil.example", "evil.example:80", "127.0.0.1.evil.example", "localhost.evil:1"])
def test_names_that_a_foreign_server_can_redirect_are_not(host: str) -> None:
    assert not is_local_name(host)


@pytest.mark.parametrize(("host", "is_served"), [("bot-emulator:81", True), ("BOT-EMULATOR", True), ("bot:81", False)])
async def test_a_host_name_that_was_allowed_is_served(
    client: aiohttp.ClientSession, host: str, is_served: bool
) -> None:
    async with BotApi(page=True, allowed_hosts=["bot-emulator"]) as api:
        async with client.get(api.page_url, headers={"Host": host}) as response:
            assert (response.status == 200) is is_served
        headers = {"Host": host, "Origin": "http://evil.example"}
        assert (await asked(client, api.page_url, **headers))[0] == 403


def test_a_tab_of_the_page_itself_is_answered() -> None:
    headers = {"Host": "127.0.0.1:81", "Origin": "http://127.0.0.1:81", "Sec-Fetch-Site": "same-origin"}
    assert refusal(headers, "The chat page") is None


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example"},
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:1"},
        {"Sec-Fetch-Site": "cross-site"},
    ],
)
async def test_other_sites_are_refused(api: BotApi, client: aiohttp.ClientSession, headers: dict[str, str]) -> None:
    status, text = await asked(client, api.page_url, **headers)
    assert (status, text[:14]) == (403, "The chat page ")
    assert not api.world.users
    async with client.get(f"{api.page_url}page/live", headers=headers) as response:
        assert response.status == 403


async def test_a_form_of_another_site_can_send_nothing(api: BotApi, client: aiohttp.ClientSession) -> None:
    async with client.post(f"{api.page_url}page/do", data='{"do": "person", "name": "Eve"}') as response:
        assert response.status == 415
    async with client.post(f"{api.page_url}page/upload?person=1", data=b"x") as response:
        assert response.status == 415
    assert not api.world.users


@pytest.mark.parametrize("path", ["", "page/static/page.js", "page/static/page.css", "page/static/icon.svg"])
async def test_the_page_loads_nothing_from_elsewhere(api: BotApi, client: aiohttp.ClientSession, path: str) -> None:
    async with client.get(f"{api.page_url}{path}") as response:
        text = await response.text()
        assert response.status == 200
        assert response.headers["Content-Security-Policy"].startswith("default-src 'self';")
    assert "http" not in text.replace("http://www.w3.org/2000/svg", "").replace("https?", "").replace("https://${", "")


@pytest.mark.parametrize(
    "path", ["page/static/%2e%2e/chatpage.py", "page/static/..%2fguard.py", "page/files/x", "other"]
)
async def test_nothing_else_is_served(api: BotApi, client: aiohttp.ClientSession, path: str) -> None:
    async with client.get(f"{api.page_url}{path}") as response:
        assert response.status == 404


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        ([], "A command is a JSON object."),
        ({}, "There is nothing called None to do."),
        ({"do": "type"}, "'person' must be a whole number."),
        ({"do": "type", "person": 7, "place": "g1", "text": "x"}, "There is no such person or bot."),
        ({"do": "person", "name": " "}, "A name has 1 to 64 characters."),
        ({"do": "clock", "hours": -1}, "The clock goes forward, by up to a year at a time."),
        ({"do": "fault", "name": "x", "mode": "once"}, "There is no such switch."),
        ({"do": "group", "title": "x", "members": []}, "A chat needs at least one person."),
    ],
)
async def test_a_command_that_cannot_be_done_says_why(
    api: BotApi, client: aiohttp.ClientSession, command: object, reason: str
) -> None:
    assert await asked(client, api.page_url, command) == (400, f'{{"error": "{reason}"}}')


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"[" * 99_999, b'{"do": NaN}'], ids=range(5))
async def test_a_command_that_is_no_json_says_so(api: BotApi, client: aiohttp.ClientSession, body: bytes) -> None:
    headers = {"Content-Type": "application/json"}
    async with client.post(f"{api.page_url}page/do", data=body, headers=headers) as response:
        assert (response.status, await response.json()) == (400, {"error": "This is no JSON."})


HOSTILE: tuple[Any, ...] = (
    *(None, True, -1, 2**70, 1.5, "", "x", "9" * 5000, "\x00", "😀" * 5000, "g1", "p1-1", f"p{'9' * 5000}-1", "b1-2"),
    *([], [None], [2**70], {}, {"a": []}),
)
COMMANDS: dict[str, dict[str, Any]] = {
    "type": {"text": "hi", "reply": None, "topic": None},
    "edit": {"text": "hi"},
    "delete": {},
    "pin": {},
    "react": {"emoji": "👍"},
    "vote": {"options": [0]},
    "tap": {"row": 0, "column": 0},
    "pay": {},
    "share": {"kind": "contact", "user": 1001, "phone": "+372 555"},
    "person": {"name": "Eve", "username": "eve"},
    "bot": {"username": "soup_bot", "name": "Soup"},
    "group": {"title": "Team", "members": [1001], "kind": "channel", "has_direct_messages": True},
    "business": {"owner": 1001, "customer": 1001, "bot": 1},
    "topic": {"name": "News"},
    "join": {"user": 1001},
    "leave": {},
    "fault": {"name": "flood", "mode": "off", "method": "getMe"},
    "clock": {"hours": 1},
    "clear log": {},
    "clear session": {"session": "1:2"},
    "close session": {"session": "1:2"},
}


async def test_whatever_a_command_holds_it_is_done_or_refused(api: BotApi) -> None:
    account, ann = api.add_bot("order_bot"), api.add_person("Ann")
    assert api.page is not None
    place = {"person": ann.id, "place": f"p{account.id}-{ann.id}"}
    for name, fields in COMMANDS.items():
        for field, value in product((*place, *fields, "serial"), HOSTILE):
            there = {"serial": api.plant_message(ann.private_chat(account), ann, text="hi").serial}
            with suppress(BadCommand):
                await api.page.commands.perform({"do": name, **place, **fields, **there, field: value})


@pytest.mark.parametrize("query", ["", "person=x", "person=1001&place=g1&kind=photo", "person=1001&kind=photo&topic=x"])
async def test_a_file_for_nobody_is_refused(api: BotApi, client: aiohttp.ClientSession, query: str) -> None:
    api.add_person("Ann")
    url = f"{api.page_url}page/upload?{query}"
    async with client.post(url, data=b"x", headers={"X-Page": "1"}) as response:
        assert (response.status, [*await response.json()]) == (400, ["error"])


async def test_without_the_page_there_is_no_page(client: aiohttp.ClientSession) -> None:
    async with BotApi() as api:
        assert (await asked(client, f"{api.url}/"))[0] == 404
        with pytest.raises(LookupError, match=r"BotApi\(page=True\)"):
            _ = api.page_url


async def test_a_storage_that_fails_is_shown_as_failing(api: BotApi, client: aiohttp.ClientSession) -> None:
    class Broken:
        async def list_sessions(self, bot_id: int, *, limit: int) -> Any:
            raise OSError("the disk is full")

        async def count_sessions(self, bot_id: int) -> int:
            return 0

        async def list_pending(self, bot_id: int, *, limit: int) -> Any:
            raise AssertionError("what is open is looked at first")

        async def list(self, key: object) -> Any:
            return []

    assert api.page is not None
    api.page.inspector.watch(7, Broken())
    async with client.ws_connect(f"{api.page_url}page/live") as socket:
        picture = await asyncio.wait_for(socket.receive_json(), 10)
    assert picture["set"]["sessions:7"] == {"bot": 7, "error": "OSError: the disk is full"}
