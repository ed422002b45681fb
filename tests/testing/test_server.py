"""Starting, stopping and starting again, and the address that it listens on."""

from __future__ import annotations

import logging
import socket

import pytest
from aiogram import Bot
from aiohttp import web

from tests.testing.test_running import echo
from tgslices.testing import BotApi
from tgslices.testing.running import running


async def test_a_server_that_was_stopped_starts_again_where_it_was() -> None:
    api = BotApi()
    account = api.add_bot("echo_bot")
    chat = api.add_person("Ann").private_chat(account)
    await api.start()
    url = api.url
    async with Bot(account.token, session=api.client_session()) as bot, running(echo(), bot):
        await chat.types("one")
        await chat.until(lambda view: view.texts()[-1] == "you said one")
        await api.stop()
        await chat.types("two")
        await api.start()
        await chat.until(lambda view: view.texts() == ["one", "you said one", "two", "you said two"])
        assert api.url == url
        await api.idle()
        polls = api.count("getUpdates")
        await chat.types("three")
        await chat.until(lambda view: view.texts()[-1] == "you said three")
        assert api.count("getUpdates") - polls <= 2  # it waits for updates as before, and does not spin
    await api.stop()


async def test_a_webhook_is_told_after_a_new_start_of_what_came_meanwhile() -> None:
    told: list[bytes] = []

    async def hook(request: web.BaseRequest) -> web.StreamResponse:
        told.append(await request.read())
        return web.Response()

    runner = web.ServerRunner(web.Server(hook, access_log=None))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    async with BotApi() as api:
        account = api.add_bot("echo_bot")
        chat = api.add_person("Ann").private_chat(account)
        async with Bot(account.token, session=api.client_session()) as bot:
            await bot.set_webhook(f"http://127.0.0.1:{runner.addresses[0][1]}/")
            await chat.types("one")
            await api.idle()
            await api.stop()
            await chat.types("two")
            assert len(told) == 1
            await api.start()
            await api.idle()
    await runner.cleanup()
    assert [text for body in told for text in (b'"one"', b'"two"') if text in body] == [b'"one"', b'"two"']


async def test_starting_what_was_started_changes_nothing() -> None:
    async with BotApi() as api:
        url = api.url
        await api.start()
        async with Bot(api.add_bot("echo_bot").token, session=api.client_session()) as bot:
            await bot.get_me()
        assert api.url == url


@pytest.mark.parametrize("port", [-1, 65_536, 99_999])
async def test_a_port_that_there_is_not_is_refused_in_words(port: int) -> None:
    with pytest.raises(OSError, match="a port is a number from 0 to 65535"):
        await BotApi(port=port).start()


async def test_a_host_that_is_no_name_is_refused_in_words() -> None:
    with pytest.raises(OSError, match="this is no name of a host"):
        await BotApi(host="a..b").start()


async def test_a_server_whose_port_was_taken_can_be_started_later() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        api = BotApi(port=taken.getsockname()[1])
        with pytest.raises(OSError, match="address already in use"):
            await api.start()
    await api.start()
    await api.stop()


@pytest.mark.skipif(not socket.has_ipv6, reason="this machine has no IPv6")
async def test_the_url_of_an_address_of_ipv6_can_be_opened() -> None:
    async with BotApi(host="::1") as api:
        assert api.url == f"http://[::1]:{api.listener.port}"
        async with Bot(api.add_bot("echo_bot").token, session=api.client_session()) as bot:
            assert (await bot.get_me()).username == "echo_bot"


@pytest.mark.parametrize(
    ("page", "whom"), [(False, "every bot"), (True, "every person and bot")], ids=["without page", "with page"]
)
async def test_it_says_so_when_others_can_reach_it(caplog: pytest.LogCaptureFixture, page: bool, whom: str) -> None:
    async with BotApi(host="0.0.0.0", page=page):
        pass
    [warning] = caplog.records
    assert (warning.levelno, warning.getMessage()) == (
        logging.WARNING,
        f"0.0.0.0 is not loopback; whoever reaches it can play {whom}.",
    )


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
async def test_loopback_is_nothing_to_warn_of(caplog: pytest.LogCaptureFixture, host: str) -> None:
    async with BotApi(host=host):
        pass
    assert caplog.records == []
