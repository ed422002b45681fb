"""Promise: "so that several workers agree". Two and four of them, on one PostgreSQL, one Redis and one SQLite file."""

from __future__ import annotations

import asyncio
import random
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest
from aiogram import Bot
from aiohttp import web

from tests.acceptance import worker
from tests.storage.conftest import postgres, postgres_url, redis_server, redis_url
from tgslices import SessionKey
from tgslices.storage.acquiring import durable
from tgslices.testing import BotApi, ChatView

__all__ = ["postgres", "postgres_url", "redis_server", "redis_url"]

PEOPLE, ITEMS = 5, 12


@pytest.fixture(params=["sqlite", "postgresql", "redis"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite+aiosqlite:///{tmp_path}/slices.db"
    found: str = request.getfixturevalue("postgres_url" if request.param == "postgresql" else "redis_url")
    return found


@pytest.mark.timeout(240)
@pytest.mark.parametrize("count", [2, 4])
async def test_workers_on_one_database_record_everything_once_and_wipe_all_of_it(count: int, url: str) -> None:
    async with BotApi() as api:
        account = api.add_bot("order_bot")
        people = [api.add_person(f"Person {number}") for number in range(PEOPLE)]
        chats = [person.private_chat(account) for person in people]
        storage = durable(worker.storage_of(url, shared=True))
        await storage.start()
        async with workers(api, account.token, url, count) as balancer:
            async with Bot(account.token, session=api.client_session()) as bot:
                await bot.set_webhook(balancer)
            await asyncio.gather(*(order(chat, seed) for seed, chat in enumerate(chats)))
            await api.idle(timeout=60)  # the last answers are visible before their senders hear of them
            for person, chat in zip(people, chats, strict=True):
                kept = await storage.list(SessionKey(account.id, person.id, person.id, qualifier="order"))
                ids = [message.message_id for message in kept]
                visible = [message.message_id for message in chat.visible()]
                assert sorted(ids) == visible[1:], "everything but the /order that opened the slice, once"
                assert len(set(ids)) == len(ids)
            await asyncio.gather(*(finish(chat) for chat in chats))
        assert api.count("deleteMessages") == PEOPLE
        assert await storage.open_keys(account.id) == []
        assert await storage.pending(account.id) == []
        await storage.aclose()


async def order(chat: ChatView, seed: int) -> None:
    """Open a slice, then type without waiting for answers."""
    chance = random.Random(seed)
    await chat.types("/order")
    await chat.until(lambda seen: len(seen.texts()) == 2, timeout=60)
    for number in range(ITEMS):
        await chat.types(f"item {number}")
        if chance.random() < 0.3:
            await asyncio.sleep(0)
    await chat.until(lambda seen: len(seen.texts()) == 2 + 2 * ITEMS, timeout=60)


async def finish(chat: ChatView) -> None:
    """End the order; only what is outside the slice stays."""
    await chat.types("/done")
    await chat.until(lambda seen: seen.texts() == ["/order", "Bye"], timeout=60)


@asynccontextmanager
async def workers(api: BotApi, token: str, url: str, count: int) -> AsyncIterator[str]:
    """Run several workers behind one address that hands each update to any of them."""
    ports = [_free_port() for _ in range(count)]
    processes = [worker.start("serve", api.url, token, url, port) for port in ports]
    chance = random.Random(count)
    try:
        async with aiohttp.ClientSession() as client:
            for port in ports:
                await _is_up(client, port)

            async def hand_on(request: web.Request) -> web.Response:
                target = f"http://127.0.0.1:{chance.choice(ports)}/"
                async with client.post(target, data=await request.read(), headers=_json) as answer:
                    return web.Response(status=answer.status, body=await answer.read(), headers=_type_of(answer))

            application = web.Application()
            application.router.add_post("/", hand_on)
            runner = web.AppRunner(application)
            await runner.setup()
            site = web.TCPSite(runner, "127.0.0.1", 0)
            await site.start()
            try:
                yield f"http://127.0.0.1:{runner.addresses[0][1]}/"
            finally:
                await runner.cleanup()
    finally:
        for process in processes:
            process.kill()
        for process in processes:
            await asyncio.to_thread(process.join)


_json = {"Content-Type": "application/json"}


def _type_of(answer: aiohttp.ClientResponse) -> dict[str, str]:
    return {"Content-Type": answer.headers.get("Content-Type", "application/json")}


async def _is_up(client: aiohttp.ClientSession, port: int) -> None:
    for _ in range(600):
        try:
            async with client.get(f"http://127.0.0.1:{port}/"):
                return
        except aiohttp.ClientConnectionError:
            await asyncio.sleep(0.1)
    raise AssertionError("the worker did not start")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
