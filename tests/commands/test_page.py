"""The inspector in a browser: it looks, changes only where told to, and is nobody else's to read."""

from __future__ import annotations

import asyncio
import re
import signal
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from html import unescape
from pathlib import Path

import aiohttp
import pytest
from aiohttp.test_utils import TestClient, TestServer

from tests.commands.conftest import BOT
from tgslices.commands.entrance import PATH, Entrance
from tgslices.commands.opening import Place
from tgslices.commands.page import ENTRIES, application
from tgslices.model import SessionKey
from tgslices.storage.acquiring import durable
from tgslices.storage.data_protocol import StoredData
from tgslices.storage.ending_protocol import Due
from tgslices.storage.opening import open_storage
from tgslices.storage.protocol import DurableSessionStorage
from tgslices.testing.contract.samples import sent

ORDER = SessionKey(BOT, 7, 7, qualifier="order")
ODD = SessionKey(BOT, 8, qualifier="<script>alert(1)</script>")
NAME = "chat=7,user=7,qualifier=order"
HOUR = timedelta(hours=1)


@pytest.fixture
async def filled(storage: DurableSessionStorage) -> DurableSessionStorage:
    """A storage with something to see."""
    now = datetime.now(UTC)
    await storage.open(ORDER, at=now, due=Due(now + HOUR, now + HOUR))
    await storage.add(ORDER, sent(11, date=now, at=now))
    await storage.put_data(ORDER, {"form": StoredData('"12 Harbour Road"', 1, now)})
    await storage.open(ODD, at=now + HOUR)
    return storage


@pytest.fixture(params=[False, True], ids=["looks", "writes"])
def writes(request: pytest.FixtureRequest) -> bool:
    """Whether the page may change something."""
    return bool(request.param)


@pytest.fixture
async def browser(filled: DurableSessionStorage, writes: bool) -> AsyncIterator[TestClient]:  # type: ignore[type-arg]
    """A browser at the page."""
    entrance = Entrance()
    async with TestClient(TestServer(application(Place(filled, BOT), entrance, writes=writes))) as client:
        await client.get(PATH, params={"key": entrance.key})
        yield client


async def test_sessions_are_listed_found_and_shown_with_their_data_masked(browser: TestClient, writes: bool) -> None:  # type: ignore[type-arg]
    answer = await browser.get("/")
    front = await answer.text()
    assert "2 open sessions" in front
    assert front.index("qualifier=order") < front.index("chat=8")
    assert "<script>" not in front
    assert f'value="{NAME}" aria-label="Copy {NAME}"' in front
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    found = await (await browser.get("/", params={"chat": "8"})).text()
    assert "chat=8" in found
    assert "qualifier=order" not in found
    shown = await (await browser.get("/session", params={"name": NAME})).text()
    assert "1 entries" in shown
    assert "17 characters" in shown
    assert "Harbour" not in shown
    assert ('method="post"' in shown) is writes
    asked = await (await browser.get("/session", params={"name": NAME, "data": "1"})).text()
    assert "12 Harbour Road" in asked


@pytest.mark.parametrize("writes", [False], indirect=True)
async def test_what_is_pending_is_shown_in_pages(browser: TestClient, filled: DurableSessionStorage) -> None:  # type: ignore[type-arg]
    now = datetime.now(UTC)
    for number in range(ENTRIES + 1):
        await filled.add(ORDER, sent(1_000 + number, date=now, at=now))
    await filled.claim(ORDER, [sent(1_000 + it) for it in range(ENTRIES)], now=now, until=now + HOUR)
    await filled.claim(ORDER, [sent(1_000 + ENTRIES)], now=now - 2 * HOUR, until=now + 2 * HOUR)
    first = await (await browser.get("/pending")).text()
    assert f"{ENTRIES + 1} pending deletions" in first
    assert "1 of them for 1 h or longer." in first
    assert first.count("<code>") == ENTRIES
    [more] = re.findall(r'rel="next" href="([^"]+)"', first)
    rest = await (await browser.get(unescape(more))).text()
    assert (rest.count("<code>"), f"<td>{1_000 + ENTRIES}</td>" in rest, 'rel="next"' in rest) == (1, True, False)


async def test_nothing_is_changed_without_a_form_of_this_process(
    browser: TestClient,  # type: ignore[type-arg]
    filled: DurableSessionStorage,
) -> None:
    for secret in ("", "guessed"):
        answer = await browser.post("/close", data={"name": NAME, "secret": secret})
        assert answer.status == 403
    assert await filled.is_open(ORDER)


@pytest.mark.parametrize("writes", [True], indirect=True)
async def test_a_button_extends_forgets_and_closes(browser: TestClient, filled: DurableSessionStorage) -> None:  # type: ignore[type-arg]
    shown = await (await browser.get("/session", params={"name": NAME})).text()
    [secret] = {*re.findall(r'name="secret" value="([^"]+)"', shown)}
    for verb, said in (("extend", "an hour more"), ("forget", "1 entries were dropped."), ("close", "Closed;")):
        answer = await browser.post(f"/{verb}", data={"name": NAME, "secret": secret})
        assert said in await answer.text()
    assert not await filled.is_open(ORDER)
    assert (await browser.post("/erase", data={"name": NAME, "secret": secret})).status == 404
    refused = await browser.post("/extend", data={"name": NAME, "secret": secret})
    assert (refused.status, "does not end by itself" in await refused.text()) == (400, True)


@pytest.mark.parametrize("path", ["/session?name=nobody", "/?chat=x", "/?user=9223372036854775808", "/?after=nowhere"])
@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
async def test_what_cannot_be_shown_says_why(browser: TestClient, path: str) -> None:  # type: ignore[type-arg]
    answer = await browser.get(path)
    assert answer.status == 400
    assert "That cannot be done" in await answer.text()


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
async def test_a_name_that_only_leads_here_is_not_answered(browser: TestClient) -> None:  # type: ignore[type-arg]
    answer = await browser.get("/", headers={"Host": "evil.example"})
    assert answer.status == 403
    assert "order" not in await answer.text()
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("path", ["/", "/session", "/pending", "/style.css", "/copy.js"])
async def test_who_has_not_opened_the_link_is_shown_nothing(browser: TestClient, path: str) -> None:  # type: ignore[type-arg]
    for cookies in ({}, {it.key: "guessed" for it in browser.session.cookie_jar}):
        async with aiohttp.ClientSession(cookies=cookies) as another:
            answer = await another.get(browser.make_url(path))
            assert (answer.status, await answer.text()) == (403, "Open the link that the command has printed.")


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
async def test_a_link_opens_the_page_once_and_leaves_no_key_behind(filled: DurableSessionStorage) -> None:
    entrance = Entrance()
    async with TestClient(TestServer(application(Place(filled, BOT), entrance, writes=True))) as browser:
        for wrong in ("", "guessed", "\ud800"):
            assert (await browser.get(PATH, params={"key": wrong})).status == 403
        entered = await browser.get(PATH, params={"key": entrance.key})
        assert (entered.status, entered.url.path, entered.url.query_string) == (200, "/", "")
        [cookie] = entered.history[0].cookies.values()
        assert (cookie["httponly"], cookie["samesite"]) == (True, "Lax")
        assert entrance.key not in cookie.value + await entered.text()
        again = await browser.get(PATH, params={"key": entrance.key})
        assert (again.status, "was opened before" in await again.text()) == (403, True)
        assert (await browser.get("/")).status == 200


async def test_the_command_serves_the_file_of_a_running_bot_until_it_is_interrupted(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'slices.db'}"
    storage = durable(open_storage(url))
    await storage.open(ORDER, at=datetime.now(UTC))
    words = (sys.executable, "-m", "tgslices", "page", url, "--bot", str(BOT))
    process = await asyncio.create_subprocess_exec(*words, stdout=asyncio.subprocess.PIPE)
    assert process.stdout is not None
    line = (await process.stdout.readline()).decode()
    found = re.search(r"http://127\.0\.0\.1:\d+/enter\?key=[\w-]+", line)
    assert found is not None
    jar = aiohttp.CookieJar(unsafe=True)  # keeps those of addresses
    async with aiohttp.ClientSession(cookie_jar=jar) as client, client.get(found[0]) as answer:
        assert NAME in await answer.text()
    process.send_signal(signal.SIGINT)
    assert await process.wait() == 0
    await storage.aclose()
