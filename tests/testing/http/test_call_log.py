"""The log of calls: whole within any test, and bounded for a server that runs for days."""

from __future__ import annotations

from aiogram import Bot
from aiogram.types import BotCommand, BotCommandScopeAllPrivateChats

from tgslices.testing import BotAccount, BotApi, ChatView
from tgslices.testing.http.call_log import ApiRequest, CallLog
from tgslices.testing.page.snapshot import snapshot
from tgslices.testing.wire.arguments import Arguments


def filled(count: int, kept: int) -> CallLog:
    log = CallLog(kept)
    for number in range(count):
        log.append(ApiRequest(1, "getMe" if number % 2 else "sendMessage", Arguments({"text": str(number)})))
    return log


def test_old_calls_are_only_counted() -> None:
    log = filled(1000, 100)
    assert 100 <= len(log) <= 110
    assert [request.arguments["text"] for request in log][-2:] == ["998", "999"]
    assert log.first + len(log) == 1000
    assert log[0].arguments["text"] == str(log.first)
    assert (log.times("getMe"), log.times("sendMessage"), log.times("getFile")) == (500, 500, 0)


def test_few_calls_are_all_kept_and_can_be_cleared() -> None:
    log = filled(100, 100)
    assert (len(log), log.first) == (100, 0)
    log = filled(200, 100)
    log.clear()
    assert (log, log.first, log.times("getMe")) == ([], 0, 0)


def test_the_page_keeps_the_numbers_of_calls(api: BotApi) -> None:
    api.calls.log.extend(filled(500, 50))
    api.calls.log.forgotten["getMe"] = 1000
    numbers = [thing["number"] for name, thing in snapshot(api.world, api.requests).items() if name.startswith("call:")]
    assert numbers == list(range(1000 + len(api.requests) - 1, 999, -1))


async def test_the_page_knows_the_commands_however_long_ago_they_were_set(
    api: BotApi, account: BotAccount, bot: Bot, chat: ChatView
) -> None:
    def shown() -> object:
        name = f"view:{chat.person.id}/p{account.id}-{chat.person.id}"
        return snapshot(api.world, api.requests)[name]["commands"]

    await bot.set_my_commands([BotCommand(command="start", description="begin")])
    api.requests.clear()
    assert shown() == [{"command": "start", "description": "begin"}]
    await bot.set_my_commands([BotCommand(command="order", description="tea")], BotCommandScopeAllPrivateChats())
    assert shown() == [{"command": "order", "description": "tea"}]
    assert api.count("setMyCommands") == 1
