"""The chat page of ``python -m tgslices.testing`` shows what a bot of another process keeps in PostgreSQL."""

from __future__ import annotations

import re

import aiohttp
from aiogram import Dispatcher

from tests.testing.test_main import command
from tgslices import SessionBot, setup_sessions
from tgslices.storage import open_storage
from tgslices.storage.acquiring import durable
from tgslices.testing.http.client import loopback_session


async def test_the_page_shows_the_sessions_of_a_bot_of_another_process(postgres_url: str) -> None:
    storage = durable(open_storage(postgres_url))
    async with command("--token", "42:secret", "--storage", postgres_url) as (_, printed):
        url = re.search(r"Bot API: +(\S+)", printed)
        assert url
        async with SessionBot("42:secret", session=loopback_session(url[1])) as bot:
            setup_sessions(Dispatcher(), bot, storage=storage)
            sent = await bot.sessions.get(1001, 1001, qualifier="order").send_message("Which size?")
            async with aiohttp.ClientSession() as client, client.ws_connect(f"{url[1]}/page/live") as socket:
                things = (await socket.receive_json(timeout=60))["set"]
    await storage.aclose()
    [shown] = [thing for name, thing in things.items() if name.startswith("slice:42:1001:1001:")]
    assert (shown["qualifier"], shown["user_name"]) == ("order", "Ann")
    assert [entry["id"] for entry in shown["entries"]] == [sent.message_id]
