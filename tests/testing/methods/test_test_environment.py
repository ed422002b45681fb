"""Telegram's test environment: other addresses, and fifteen minutes instead of two days in supergroups."""

from collections.abc import AsyncIterator
from datetime import timedelta
from io import BytesIO

import aiohttp
import pytest
from aiogram import Bot
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.methods import DeleteMessages
from aiogram.types import BufferedInputFile

from tests.testing.refusals import refusal
from tgslices.testing import BotAccount, BotApi


@pytest.fixture
async def api() -> AsyncIterator[BotApi]:
    async with BotApi(test_dc=True) as api:
        yield api


async def status_of(api: BotApi, path: str) -> int:
    async with aiohttp.ClientSession() as client, client.get(api.url + path) as answer:
        return answer.status


async def test_supergroups_give_up_their_messages_for_fifteen_minutes(
    api: BotApi, account: BotAccount, bot: Bot
) -> None:
    api.clock.freeze()
    ann = api.add_person("Ann")
    team = ann.view(api.add_supergroup("Team", members=[ann], admins=[account]))
    private = ann.private_chat(account)
    first = await bot.send_message(team.id, "first")
    api.clock.move(timedelta(seconds=1))
    second = await bot.send_message(team.id, "second")
    hers = await private.types("hers")
    api.clock.move(timedelta(minutes=15, seconds=-1))
    both = DeleteMessages(chat_id=team.id, message_ids=[first.message_id, second.message_id])
    assert await refusal(bot, both) == "Bad Request: message can't be deleted"
    assert await bot.delete_messages(team.id, [second.message_id])
    api.clock.move(timedelta(hours=47))
    assert await bot.delete_message(private.id, hers.message_id)
    assert team.texts() == ["first"]


async def test_methods_and_files_are_behind_test(api: BotApi, account: BotAccount) -> None:
    private = api.add_person("Ann").private_chat(account)
    async with Bot(account.token, session=AiohttpSession(api=api.api_server)) as bot:
        sent = await bot.send_document(private.id, BufferedInputFile(b"words", "note.txt"))
        assert sent.document is not None
        loaded = await bot.download(sent.document, BytesIO())
        assert loaded is not None
        assert loaded.read() == b"words"
        path = (await bot.get_file(sent.document.file_id)).file_path
    token = account.token
    for address, status in {
        f"/bot{token}/test/getMe": 200,
        f"/bot{token}/getMe": 401,
        f"/bot{token}/test": 404,
        f"/bot{token}/testgetMe": 404,
        f"/file/bot{token}/test/{path}": 200,
        f"/file/bot{token}/{path}": 401,
    }.items():
        assert await status_of(api, address) == status, address


async def test_a_token_of_the_other_environment_is_none() -> None:
    async with BotApi() as api:
        token = api.add_bot("order_bot").token
        assert await status_of(api, f"/bot{token}/getMe") == 200
        assert await status_of(api, f"/bot{token}/test/getMe") == 401
