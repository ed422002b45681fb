"""Webhooks: delivery, the secret token, retries, and methods in the answer."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from aiogram import Bot, Dispatcher
from aiogram.exceptions import TelegramBadRequest, TelegramConflictError
from aiogram.methods import SendMessage
from aiogram.types import Message
from aiogram.webhook.aiohttp_server import SimpleRequestHandler
from aiohttp import web

from tgslices.testing import BotAccount, BotApi, Slow
from tgslices.testing.http.webhooks import is_delivered, retry_delay
from tgslices.testing.wire.arguments import Arguments


class Hook:
    """A web server that answers with what the test wants: ``always``, once there is no other answer left."""

    def __init__(self) -> None:
        self.always = 200
        self.paths: list[str] = []
        self.requests: list[tuple[dict[str, str], bytes]] = []
        self.answers: list[web.Response] = []
        self.handler: SimpleRequestHandler | None = None
        self.url = ""

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        self.requests.append((dict(request.headers), await request.read()))
        self.paths.append(f"{request.method} {request.path}")
        if self.answers:
            return self.answers.pop(0)
        if self.handler is not None:
            assert isinstance(request, web.BaseRequest)
            return await self.handler.handle(request)  # type: ignore[arg-type]
        return web.Response(status=self.always)


@pytest.fixture
async def hook() -> AsyncIterator[Hook]:
    hook = Hook()
    runner = web.ServerRunner(web.Server(hook.handle, access_log=None))
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    hook.url = f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
    yield hook
    await runner.cleanup()


@pytest.fixture
async def other(api: BotApi) -> AsyncIterator[Bot]:
    async with Bot(api.add_bot("other_bot").token, session=api.client_session()) as bot:
        yield bot


@pytest.fixture
async def api() -> AsyncIterator[BotApi]:
    async with BotApi(webhook_retry_delay=timedelta(milliseconds=1)) as api:
        yield api


@pytest.fixture
def account(api: BotApi) -> BotAccount:
    return api.add_bot("order_bot")


@pytest.fixture
async def bot(api: BotApi, account: BotAccount) -> AsyncIterator[Bot]:
    async with Bot(account.token, session=api.client_session()) as bot:
        yield bot


async def test_updates_are_posted_with_the_secret_token(api: BotApi, account: BotAccount, bot: Bot, hook: Hook) -> None:
    chat = api.add_person("Ann").private_chat(account)
    assert await bot.set_webhook(hook.url, secret_token="s3cret", drop_pending_updates=True)
    await chat.types("/start")
    await api.idle()
    [(headers, body)] = hook.requests
    assert headers["X-Telegram-Bot-Api-Secret-Token"] == "s3cret"
    assert headers["Content-Type"] == "application/json"
    assert b'"text":"/start"' in body


async def test_a_method_in_the_answer_is_performed(api: BotApi, account: BotAccount, bot: Bot, hook: Hook) -> None:
    """aiogram answers a webhook with a multipart body that carries the method."""
    dispatcher = Dispatcher()

    @dispatcher.message()
    async def echo(message: Message) -> SendMessage:
        return message.answer(f"you said {message.text}")

    hook.handler = SimpleRequestHandler(dispatcher, bot, handle_in_background=False)
    chat = api.add_person("Ann").private_chat(account)
    await bot.set_webhook(hook.url)
    await chat.types("привет")
    await chat.until(lambda view: view.texts() == ["привет", "you said привет"])
    assert [request.via_webhook for request in api.requests if request.method == "sendMessage"] == [True]


async def test_a_json_answer_is_performed_and_getters_are_not(
    api: BotApi, account: BotAccount, bot: Bot, hook: Hook
) -> None:
    """`WebhookActor.cpp:620`: not deletewebhook, setwebhook, close, logout, nor anything that begins with get."""
    ann = api.add_person("Ann")
    chat = ann.private_chat(account)
    hook.answers = [
        web.json_response({"method": "deleteWebhook"}),
        web.json_response({"method": "getMe"}),
        web.json_response({"method": "SENDMESSAGE", "chat_id": ann.id, "text": "hello"}),
    ]
    await bot.set_webhook(hook.url)
    for text in "abc":
        await chat.types(text)
    await chat.until(lambda view: view.texts()[-1] == "hello")
    assert [request.method for request in api.requests] == ["setWebhook", "sendMessage"]


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


async def test_chats_do_not_wait_for_each_other(api: BotApi, account: BotAccount, bot: Bot) -> None:
    """One chat's updates go one after another, another chat's beside them."""
    held, seen = asyncio.Event(), list[str]()
    both = asyncio.Event()

    async def handle(request: web.BaseRequest) -> web.Response:
        text = (await request.json())["message"]["text"]
        seen.append(text)
        if len(seen) == 2:
            both.set()
        await held.wait()
        return web.Response()

    runner = web.ServerRunner(web.Server(handle, access_log=None))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    ann, bob = (api.add_person(name).private_chat(account) for name in ("Ann", "Bob"))
    await bot.set_webhook(f"http://127.0.0.1:{runner.addresses[0][1]}/")
    await ann.types("a1")
    await ann.types("a2")
    await bob.types("b1")
    await asyncio.wait_for(both.wait(), 5)
    assert sorted(seen) == ["a1", "b1"]
    held.set()
    await api.idle()
    assert sorted(seen) == ["a1", "a2", "b1"]
    await runner.cleanup()


async def test_no_more_deliveries_at_once_than_allowed(api: BotApi, account: BotAccount, bot: Bot, hook: Hook) -> None:
    """With ``max_connections=1`` every chat waits for its turn, and none is forgotten."""
    views = [api.add_person(name).private_chat(account) for name in ("Ann", "Bob", "Eve")]
    await bot.set_webhook(hook.url, max_connections=1)
    for view in views * 2:
        await view.types(view.person.first_name)
    await api.idle()
    assert len(hook.requests) == 6
    assert (await bot.get_webhook_info()).max_connections == 1


async def test_what_waited_is_delivered_to_a_new_webhook(
    api: BotApi, account: BotAccount, bot: Bot, hook: Hook
) -> None:
    chat = api.add_person("Ann").private_chat(account)
    await chat.types("early")
    await bot.set_webhook(hook.url)
    await api.idle()
    await bot.delete_webhook()
    await chat.types("late")
    await bot.set_webhook(hook.url, drop_pending_updates=True)
    assert [b"early" in body for _, body in hook.requests] == [True]


async def test_a_webhook_that_nobody_answers(api: BotApi, account: BotAccount, bot: Bot) -> None:
    chat = api.add_person("Ann").private_chat(account)
    await bot.set_webhook("http://127.0.0.1:9/")
    await chat.types("hello?")
    await chat.until(lambda view: account.webhook is not None and account.webhook.last_error_message)
    info = await bot.get_webhook_info()
    assert info.last_error_message == "Connection failed: ClientConnectorError"
    assert info.pending_update_count == 1


async def test_get_updates_is_refused_while_a_webhook_is_set(bot: Bot, hook: Hook) -> None:
    await bot.set_webhook(hook.url)
    with pytest.raises(TelegramConflictError) as caught:
        await bot.get_updates()
    assert caught.value.message == (
        "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first"
    )
    await bot.delete_webhook()
    assert await bot.get_updates() == []
    assert (await bot.get_webhook_info()).url == ""


@pytest.mark.parametrize(
    ("url", "secret", "text"),
    [
        ("ftp://example.org", None, "Bad Request: invalid webhook URL specified"),
        ("https://example.org", "a" * 257, "Bad Request: secret token is too long"),
        ("https://example.org", "a b", "Bad Request: secret token contains unallowed characters"),
    ],
)
async def test_bad_webhooks_are_refused(bot: Bot, url: str, secret: str | None, text: str) -> None:
    """`Client.cpp:16014-16024`."""
    with pytest.raises(TelegramBadRequest) as caught:
        await bot.set_webhook(url, secret_token=secret)
    assert caught.value.message == text


# What counts as delivered, and when it is tried again.


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


async def test_an_update_is_taken_before_the_method_in_the_answer_is_done(
    api: BotApi, account: BotAccount, bot: Bot, hook: Hook
) -> None:
    """`WebhookActor.cpp:620-633, 667`: the next update of the chat does not wait for it."""
    ann = api.add_person("Ann")
    chat = ann.private_chat(account)
    hook.answers = [web.json_response({"method": "sendMessage", "chat_id": ann.id, "text": "first"})]
    held = asyncio.Event()
    api.faults.add(Slow(until=held), method="sendMessage")
    await bot.set_webhook(hook.url)
    await chat.types("a")
    await chat.types("b")
    await chat.until(lambda view: len(hook.requests) > 1)
    assert chat.texts() == ["a", "b"]
    held.set()
    await api.idle()
    assert chat.texts() == ["a", "b", "first"]


async def test_a_webhook_that_is_set_again_the_same_goes_on(api: BotApi, account: BotAccount, bot: Bot) -> None:
    """`Client.cpp:15759`: "Webhook is already set"; what is on its way is not sent twice."""
    arrived, held, seen = asyncio.Event(), asyncio.Event(), list[bytes]()

    async def handle(request: web.BaseRequest) -> web.Response:
        seen.append(await request.read())
        arrived.set()
        await held.wait()
        return web.Response()

    runner = web.ServerRunner(web.Server(handle, access_log=None))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}/"
    chat = api.add_person("Ann").private_chat(account)
    await bot.set_webhook(url, secret_token="s3cret")
    await chat.types("once")
    await asyncio.wait_for(arrived.wait(), 5)
    before = account.webhook
    assert await bot.set_webhook(url, secret_token="s3cret", allowed_updates=["message"])
    held.set()
    await api.idle()
    assert len(seen) == 1
    assert (account.webhook, account.updates.allowed) == (before, frozenset({"message"}))
    await bot.set_webhook(url, secret_token="another")
    assert account.webhook is not before
    await runner.cleanup()


async def test_each_bot_has_a_webhook_of_its_own(
    api: BotApi, account: BotAccount, bot: Bot, other: Bot, hook: Hook
) -> None:
    ann = api.add_person("Ann")
    await bot.set_webhook(hook.url, secret_token="one")
    await other.set_webhook(f"{hook.url}/2", secret_token="two")
    other_account = api.world.bot_by_id(other.id)
    assert other_account is not None
    hook.answers = [web.Response(status=500)]
    await ann.private_chat(account).types("to the first")
    await api.idle()
    await ann.private_chat(other_account).types("to the second")
    await api.idle()
    heard = [(headers["X-Telegram-Bot-Api-Secret-Token"], b"second" in body) for headers, body in hook.requests]
    assert list(zip(hook.paths, heard, strict=True)) == [
        ("POST /hook", ("one", False)),
        ("POST /hook", ("one", False)),
        ("POST /hook/2", ("two", True)),
    ]
    assert (await other.get_webhook_info()).last_error_message is None
    await other.delete_webhook()
    assert (await bot.get_webhook_info()).url == hook.url


async def test_what_setting_a_webhook_did_is_told(api: BotApi, account: BotAccount, hook: Hook) -> None:
    """`Client.cpp:15768, 15877, 16058`."""
    given = ({"url": hook.url}, {"url": hook.url}, {"url": hook.url, "drop_pending_updates": "1"}, {"url": ""})
    answers = [await api.calls.perform(account, "setWebhook", Arguments(values)) for values in given]
    answers += [await api.calls.perform(account, "deleteWebhook", Arguments({}))]
    assert [answer.body.decode() for answer in answers] == [
        f'{{"ok":true,"result":true,"description":"Webhook {done}"}}'
        for done in ("was set", "is already set", "was set", "was deleted", "is already deleted")
    ]
