"""What counts as delivered, and when it is tried again."""

from __future__ import annotations

from datetime import timedelta

import pytest
from aiogram import Bot
from aiohttp import web

from tests.testing.http.hook import Hook
from tgslices.testing import BotAccount, BotApi
from tgslices.testing.http.webhooks import is_delivered, retry_delay


async def test_failed_deliveries_are_repeated_in_order(api: BotApi, account: BotAccount, bot: Bot, hook: Hook) -> None:
    chat = api.add_person("Ann").private_chat(account)
    hook.answers = [web.Response(status=500), web.Response(status=502)]
    await bot.set_webhook(hook.url)
    await chat.types("first")
    await chat.types("second")
    await api.idle()
    bodies = [body for _, body in hook.requests]
    assert [b'"first"' in body for body in bodies] == [True, True, True, False]
    info = await bot.get_webhook_info()
    assert info.last_error_message == "Wrong response from the webhook: 502 Bad Gateway"
    assert info.pending_update_count == 0


async def test_a_webhook_that_nobody_answers(api: BotApi, account: BotAccount, bot: Bot) -> None:
    chat = api.add_person("Ann").private_chat(account)
    await bot.set_webhook("http://127.0.0.1:9/")
    await chat.types("hello?")
    await chat.until(lambda view: account.webhook is not None and account.webhook.last_error_message)
    info = await bot.get_webhook_info()
    assert info.last_error_message == "Connection failed: ClientConnectorError"
    assert info.pending_update_count == 1


@pytest.mark.parametrize(("status", "taken"), [(200, True), (204, True), (299, True), (302, False), (304, False)])
def test_only_2xx_is_a_delivery(status: int, taken: bool) -> None:
    """`WebhookActor.cpp:619`."""
    assert is_delivered(status) is taken


async def test_a_redirect_is_a_failure_and_is_not_followed(
    api: BotApi, account: BotAccount, bot: Bot, hook: Hook
) -> None:
    chat = api.add_person("Ann").private_chat(account)
    hook.answers = [web.Response(status=302, headers={"Location": "/login", "Set-Cookie": "a=b"})]
    await bot.set_webhook(hook.url)
    await chat.types("hello")
    await api.idle()
    assert hook.paths == ["POST /hook", "POST /hook"]
    assert [headers.get("Cookie") for headers, _ in hook.requests] == [None, None]
    assert (await bot.get_webhook_info()).last_error_message == "Wrong response from the webhook: 302 Found"


@pytest.mark.parametrize(
    ("fails", "asked", "seconds"),
    [(0, 0, 0), (1, 0, 2), (2, 0, 4), (5, 0, 32), (6, 0, 60), (1000, 0, 60), (0, 7, 7), (9, 7, 7), (0, 10**6, 3600)],
)
def test_a_webhook_that_fails_is_left_alone_longer_and_longer(fails: int, asked: int, seconds: int) -> None:
    """`WebhookActor.cpp:502-516`: at once, then 2 s, 4 s ...; what Retry-After asks for comes first, up to an hour."""
    assert retry_delay(fails, timedelta(seconds=asked)) == timedelta(seconds=seconds)


@pytest.mark.parametrize(("header", "times"), [("1", 1), ("0", 2), ("", 2), ("Wed, 21 Oct 2026 07:28:00 GMT", 2)])
async def test_a_retry_after_is_waited_for(hook: Hook, header: str, times: int) -> None:
    """A second that lasts an hour tells whether the first failure is repeated at once."""
    async with BotApi(webhook_retry_delay=timedelta(hours=1)) as api:
        account = api.add_bot("order_bot")
        chat = api.add_person("Ann").private_chat(account)
        hook.answers = [web.Response(status=503, headers={"Retry-After": header})]
        async with Bot(account.token, session=api.client_session()) as bot:
            await bot.set_webhook(hook.url)
            await chat.types("hello")
            await chat.until(lambda view: account.webhook is not None and account.webhook.last_error_date)
            if times > 1:
                await api.idle()
        assert len(hook.requests) == times


async def test_an_update_that_was_not_taken_for_a_day_is_dropped(
    api: BotApi, account: BotAccount, bot: Bot, hook: Hook
) -> None:
    """`WebhookActor.cpp:511`: already when it would be too old by the next try."""
    chat = api.add_person("Ann").private_chat(account)
    hook.always = 500
    await bot.set_webhook(hook.url)
    await chat.types("never read")
    await chat.until(lambda view: len(hook.requests) > 1)
    api.clock.move(timedelta(hours=24, seconds=-1))
    await api.idle()
    hook.always = 200
    await chat.types("read")
    await api.idle()
    assert b'"read"' in hook.requests[-1][1]


async def test_a_webhook_that_is_gone_for_23_hours_is_given_up(
    api: BotApi, account: BotAccount, bot: Bot, hook: Hook
) -> None:
    """`WebhookActor.cpp:637-648`."""
    chat = api.add_person("Ann").private_chat(account)
    hook.always = 410
    await bot.set_webhook(hook.url)
    await chat.types("hello")
    await chat.until(lambda view: len(hook.requests) > 1)
    assert account.webhook is not None
    api.clock.move(timedelta(hours=23, seconds=1))
    await chat.until(lambda view: account.webhook is None)
    assert [update.message and update.message.text for update in await bot.get_updates()] == ["hello"]
