"""Webhooks: delivery, the secret token, retries, and methods in the answer."""

import asyncio

import pytest
from aiogram import Bot, Dispatcher
from aiogram.exceptions import TelegramBadRequest, TelegramConflictError
from aiogram.methods import SendMessage
from aiogram.types import Message
from aiogram.webhook.aiohttp_server import SimpleRequestHandler
from aiohttp import web

from tests.testing.http.hook import Hook
from tgslices.testing import BotAccount, BotApi, Slow
from tgslices.testing.wire.arguments import Arguments


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
    await asyncio.wait_for(both.wait(), 30)
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
    await asyncio.wait_for(arrived.wait(), 30)
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
