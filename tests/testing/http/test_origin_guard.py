"""Sites that a browser has open call no method of a bot. The page's own addresses are tried in tests/browser."""

from __future__ import annotations

import aiohttp
import pytest
from aiogram import Bot

from tgslices.testing import BotAccount, BotApi


@pytest.mark.parametrize(
    ("headers", "why"),
    [
        ({"Origin": "https://evil.example"}, "the Bot API takes no orders from https://evil.example."),
        ({"Origin": "null"}, "the Bot API takes no orders from null."),
        ({"Sec-Fetch-Site": "cross-site"}, "the Bot API takes no orders from other sites."),
        (
            {"Host": "evil.example", "Origin": "http://evil.example"},
            "the Bot API is not served to 'evil.example': open it by its IP address, or allow the name.",
        ),
        # A page of a redirected name, which reads: its browser sends neither of the two.
        (
            {"Host": "evil.example", "User-Agent": "Mozilla/5.0 (X11; Linux x86_64)"},
            "the Bot API is not served to 'evil.example': open it by its IP address, or allow the name.",
        ),
    ],
)
async def test_a_form_of_another_site_calls_no_method(
    api: BotApi, account: BotAccount, headers: dict[str, str], why: str
) -> None:
    url = f"{api.url}/bot{account.token}/setMyName"
    form = {"name": "Owned"}
    async with aiohttp.ClientSession() as client, client.post(url, data=form, headers=headers) as response:
        assert response.status == 403
        assert await response.json() == {"ok": False, "error_code": 403, "description": f"Forbidden: {why}"}
    assert account.first_name == "order_bot"
    assert not api.requests


@pytest.mark.parametrize("headers", [{"Host": "emulator:8081"}, {"Sec-Fetch-Site": "none"}])
async def test_clients_and_the_address_bar_are_answered(
    api: BotApi, account: BotAccount, headers: dict[str, str]
) -> None:
    url = f"{api.url}/bot{account.token}/getMe"
    async with aiohttp.ClientSession() as client, client.get(url, headers=headers) as response:
        assert response.status == 200


async def test_a_page_of_the_same_origin_is_answered(api: BotApi, account: BotAccount, bot: Bot) -> None:
    headers = {"Origin": api.url, "Sec-Fetch-Site": "same-origin"}
    url = f"{api.url}/bot{account.token}/getMe"
    async with aiohttp.ClientSession() as client, client.post(url, headers=headers) as response:
        assert (await response.json())["result"]["id"] == (await bot.get_me()).id
