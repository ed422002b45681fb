"""Webhooks with public addresses: the reverse proxy before the bot, and its TLS."""

import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiogram import Bot
from aiogram.exceptions import TelegramBadRequest
from aiogram.types import BufferedInputFile, FSInputFile
from aiohttp import web

from tests.testing.http.hook import Hook
from tgslices.testing import BotApi
from tgslices.testing.http.public_addresses import Way, checked_proxy, way_to

TLS = Path(__file__).with_name("tls")
"""A self-signed certificate of shop.example and aiogram.dev, and its key."""

SHOP = "https://shop.example"


@pytest.mark.parametrize(
    ("url", "way"),
    [
        ("https://shop.example/hook?a=b", Way("http://127.0.0.1:8080/hook?a=b", "shop.example", "shop.example")),
        ("https://Shop.Example", Way("http://127.0.0.1:8080", "Shop.Example", "shop.example")),
        ("http://shop.example/hook", Way("http://shop.example/hook", "shop.example", "shop.example")),
        ("https://a:b@shop.example:88/", Way("https://a:b@shop.example:88/", "shop.example:88", "shop.example")),
    ],
)
def test_a_public_address_leads_to_the_server_behind_it(url: str, way: Way) -> None:
    assert way_to(url, {SHOP: "http://127.0.0.1:8080/"}) == way


@pytest.mark.parametrize("address", ["shop.example", "ftp://shop.example", "https://shop.example/hook", "https://"])
def test_what_is_no_origin_is_refused(address: str) -> None:
    with pytest.raises(ValueError, match="is no origin: write scheme and host alone"):
        checked_proxy({address: "http://127.0.0.1:8080"})
    with pytest.raises(ValueError, match="is no origin: write scheme and host alone"):
        BotApi(reverse_proxy={SHOP: address})


@pytest.fixture
async def secure_hook() -> AsyncIterator[Hook]:
    hook = Hook()
    runner = web.ServerRunner(web.Server(hook.handle, access_log=None))
    await runner.setup()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(TLS / "cert.pem", TLS / "private.key")
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context).start()
    hook.url = f"https://127.0.0.1:{runner.addresses[0][1]}"
    yield hook
    await runner.cleanup()


async def test_a_bot_with_a_public_address_is_told_behind_its_proxy(hook: Hook) -> None:
    async with BotApi(reverse_proxy={SHOP: hook.url.removesuffix("/hook")}) as api:
        account = api.add_bot("shop_bot")
        chat = api.add_person("Ann").private_chat(account)
        async with Bot(account.token, session=api.client_session()) as bot:
            await bot.set_webhook(f"{SHOP}/hook")
            await chat.types("/start")
            await api.idle()
            assert (await bot.get_webhook_info()).url == f"{SHOP}/hook"
    assert hook.paths == ["POST /hook"]
    assert hook.requests[0][0]["Host"] == "shop.example"


async def test_a_certificate_of_its_own_is_trusted_and_no_other(secure_hook: Hook) -> None:
    """`WebhookActor.cpp:218, 736`: the certificate is that of the host in the address, or there is no connection."""
    async with BotApi(reverse_proxy={SHOP: secure_hook.url, "https://other.example": secure_hook.url}) as api:
        account = api.add_bot("shop_bot")
        chat = api.add_person("Ann").private_chat(account)
        certificate = FSInputFile(TLS / "cert.pem")
        async with Bot(account.token, session=api.client_session()) as bot:
            await chat.types("/start")
            for url, given in ((f"{SHOP}/hook", None), ("https://other.example/hook", certificate)):
                await bot.set_webhook(url, certificate=given)
                await api.world.changes.within(30, lambda: _last_error(api) != "")
                assert _last_error(api) == "Connection failed: ClientConnectorCertificateError"
            assert secure_hook.requests == []
            await bot.set_webhook(f"{SHOP}/hook", certificate=certificate)
            await api.idle()
            assert (await bot.get_webhook_info()).has_custom_certificate
    assert len(secure_hook.requests) == 1


async def test_what_is_no_certificate_is_told_as_the_last_error() -> None:
    async with BotApi() as api:
        account = api.add_bot("shop_bot")
        chat = api.add_person("Ann").private_chat(account)
        async with Bot(account.token, session=api.client_session()) as bot:
            await bot.set_webhook(f"{SHOP}/hook", certificate=BufferedInputFile(b"none", "cert.pem"))
            await chat.types("/start")
            await api.world.changes.within(30, lambda: _last_error(api) != "")
            assert _last_error(api).startswith("Can't create an SSL context: ")


async def test_a_certificate_is_no_longer_than_three_megabytes(bot: Bot) -> None:
    """`Client.cpp:16038`."""
    long = BufferedInputFile(b"x" * ((3 << 20) + 1), "cert.pem")
    with pytest.raises(TelegramBadRequest, match=r"certificate size is too big \(3145729 bytes\)"):
        await bot.set_webhook(SHOP, certificate=long)


def _last_error(api: BotApi) -> str:
    webhook = next(iter(api.world.bots.values())).webhook
    return "" if webhook is None else webhook.last_error_message
