"""Things that go wrong on demand, and the clock."""

import asyncio
import time
from datetime import UTC, datetime, timedelta

import aiohttp
import pytest
from aiogram import Bot
from aiogram.exceptions import TelegramNetworkError, TelegramRetryAfter, TelegramServerError

from tgslices.testing import BotAccount, BotApi, ChatView, Drop, Failure, Flood, Pretend, Slow
from tgslices.testing.state.clock import Clock


async def test_a_flood_tells_how_long_to_wait(api: BotApi, account: BotAccount, bot: Bot, chat: ChatView) -> None:
    fault = api.faults.add(Flood(retry_after=7), method="sendMessage", times=2)
    for _ in range(2):
        with pytest.raises(TelegramRetryAfter) as caught:
            await bot.send_message(chat.id, "x")
        assert caught.value.retry_after == 7
    await bot.send_message(chat.id, "x")
    assert (fault.hits, len(chat.visible())) == (2, 1)
    api.faults.add(Flood(3))
    async with aiohttp.ClientSession() as client, client.get(f"{api.url}/bot{account.token}/getMe") as response:
        assert (response.status, response.headers["Retry-After"]) == (429, "3")
        assert await response.json() == {
            "ok": False,
            "error_code": 429,
            "description": "Too Many Requests: retry after 3",
            "parameters": {"retry_after": 3},
        }


@pytest.mark.parametrize("seconds", [0, -1, 1.5, True])
def test_telegram_counts_in_whole_seconds_from_one_on(seconds: float) -> None:
    with pytest.raises(ValueError, match="retry_after must be a whole number of seconds from 1 on"):
        Flood(seconds)  # type: ignore[arg-type]


@pytest.mark.parametrize("delay", [0.2, 1, "1", None])
def test_a_delay_is_a_timedelta(delay: object) -> None:
    with pytest.raises(TypeError, match=r"must be a timedelta, not .*: Slow\(timedelta\(seconds=0\.2\)\)"):
        Slow(delay)  # type: ignore[arg-type]


async def test_faults_are_narrowed_down(api: BotApi, account: BotAccount, bot: Bot, chat: ChatView) -> None:
    bob = api.add_person("Bob").private_chat(account)
    always = api.faults.add(Failure(502), method="sendMessage", chat=chat.id, bot=account.id, times=None)
    later = api.faults.add(Failure(500, "Internal Server Error: restart"), method="getMe", skip=1)
    await bot.send_message(bob.id, "x")
    for _ in range(3):
        with pytest.raises(TelegramServerError) as caught:
            await bot.send_message(chat.id, "x")
        assert caught.value.message == "Bad Gateway"
    await bot.get_me()
    with pytest.raises(TelegramServerError):
        await bot.get_me()
    assert (always.hits, later.hits) == (3, 1)
    api.faults.remove(always)
    await bot.send_message(chat.id, "x")
    api.faults.add(Failure(), times=None)
    api.faults.clear()
    await bot.get_me()


async def test_a_flood_without_a_number_is_an_internal_error(api: BotApi, bot: Bot) -> None:
    api.faults.add(Failure(429, "Too Many Requests: retry after 5"))
    with pytest.raises(TelegramRetryAfter):
        await bot.get_me()
    api.faults.add(Failure(429, "FLOOD"))
    with pytest.raises(TelegramServerError) as caught:
        await bot.get_me()
    assert caught.value.message == "Internal Server Error: FLOOD"


async def test_true_does_not_mean_gone(api: BotApi, bot: Bot, chat: ChatView) -> None:
    """`True` means "accepted", never "all gone"."""
    message = await chat.types("still here")
    api.faults.add(Pretend(), method="deleteMessages")
    assert await bot.delete_messages(chat.id, [message.message_id])
    assert chat.texts() == ["still here"]
    assert await bot.delete_messages(chat.id, [message.message_id])
    assert chat.texts() == []


async def test_a_dropped_connection_before_or_after_the_work(api: BotApi, bot: Bot, chat: ChatView) -> None:
    api.faults.add(Drop())
    api.faults.add(Drop(after_work=True))
    for expected in (0, 1):
        with pytest.raises(TelegramNetworkError):
            await bot.send_message(chat.id, "x")
        assert len(chat.visible()) == expected
    assert [request.status for request in api.requests] == [0, 0]
    assert not api.requests[0].ok


async def test_a_server_that_is_gone_and_comes_back(api: BotApi, bot: Bot, chat: ChatView) -> None:
    url = api.url
    await bot.get_me()
    await api.refuse()
    with pytest.raises(TelegramNetworkError):
        await bot.send_message(chat.id, "a kept connection may only now turn out to be cut")
    with pytest.raises(TelegramNetworkError, match="Cannot connect"):
        await bot.send_message(chat.id, "x")
    await api.accept()
    await api.accept()
    assert api.url == url
    await bot.send_message(chat.id, "x")


async def test_slow_answers_wait_for_an_event(api: BotApi, bot: Bot, chat: ChatView) -> None:
    held, answered = asyncio.Event(), asyncio.Event()
    api.faults.add(Slow(until=held))
    api.faults.add(Slow(until=answered, after_work=True), skip=1)
    first = asyncio.create_task(bot.send_message(chat.id, "first"))
    await chat.until(lambda view: len(api.requests) == 1)
    second = asyncio.create_task(bot.send_message(chat.id, "second"))
    await chat.until(lambda view: view.texts() == ["second"])
    assert (api.requests[0].status, api.requests[1].status) == (None, None)
    held.set()
    await first
    assert not second.done()
    answered.set()
    assert (await second).text == "second"
    assert chat.texts() == ["second", "first"]


async def test_a_slow_answer_may_still_be_an_error(api: BotApi, bot: Bot, chat: ChatView) -> None:
    api.faults.add(Slow(timedelta(milliseconds=5)))
    api.faults.add(Failure(503))
    with pytest.raises(TelegramServerError):
        await bot.send_message(chat.id, "x")


async def test_latency_is_added_to_every_call(api: BotApi, bot: Bot, chat: ChatView) -> None:
    await bot.get_me()
    api.latency = timedelta(milliseconds=50)
    started = time.perf_counter()
    await asyncio.gather(*(bot.send_message(chat.id, "x") for _ in range(4)))
    assert 0.05 <= time.perf_counter() - started < 5
    assert api.latency == timedelta(milliseconds=50)


async def test_the_clock_dates_messages(api: BotApi, bot: Bot, chat: ChatView) -> None:
    api.clock.freeze()
    now = api.clock.now()
    assert now.tzinfo is UTC
    api.clock.move(timedelta(hours=48))
    sent = await bot.send_message(chat.id, "x")
    assert sent.date == now + timedelta(hours=48)
    assert chat.visible()[0].date == sent.date


async def test_the_clock_runs_by_itself() -> None:
    clock = Clock()
    assert abs(clock.now() - datetime.now(UTC)) < timedelta(seconds=5)
    clock.move(timedelta(days=-1))
    assert clock.now() < datetime.now(UTC) - timedelta(hours=23)


async def test_planted_messages_are_just_there(api: BotApi, bot: Bot, chat: ChatView, account: BotAccount) -> None:
    old = api.clock.now() - timedelta(days=3)
    api.plant_message(chat, account, text="old", date=old)
    api.plant_message(chat, account, kind="dice")
    assert [(message.message_id, message.kind) for message in chat.visible()] == [(1, "text"), (2, "dice")]
    assert api.requests == []
    assert await bot.get_updates() == []
    assert (await bot.send_message(chat.id, "new")).message_id == 3


async def test_updates_older_than_a_day_are_not_delivered(api: BotApi, bot: Bot, chat: ChatView) -> None:
    """Client.cpp:17447, "don't send messages received/edited more than 1 day ago"."""
    message = await chat.types("old")
    api.clock.move(timedelta(days=1, seconds=1))
    assert await bot.get_updates() == [], "updates wait no longer than a day"
    await chat.edits(message, "edited now")
    assert len(await bot.get_updates()) == 1


async def test_a_port_in_use_is_an_error_of_the_system(api: BotApi) -> None:
    other = BotApi(port=api.listener.port)
    with pytest.raises(OSError, match="address already in use"):
        await other.start()
    await other.stop()
