"""What workers of one server hear of each other: an idle bot asks it nothing, and nothing that is open is missed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from tests.storage.hearing import (
    ELSEWHERE,
    SCOPE,
    HearingTests,
    opens_while_read,
    until,
    until_idle,
    until_known,
)
from tests.storage.redis.proxy import Proxy, proxy_of
from tests.storage.redis.servers import RedisServer
from tgslices.storage.redis import RedisSessionStorage
from tgslices.testing.contract.samples import KEY, MINUTE, NOW, sent

UPDATES = 500


@pytest.fixture
async def workers(redis_server: RedisServer) -> AsyncIterator[list[RedisSessionStorage]]:
    """Two workers that know that nothing is open."""
    with redis_server.client() as client:
        client.flushall()
    workers = [RedisSessionStorage(redis_server.url) for _ in range(2)]
    for worker in workers:
        await worker.start()
    for worker in workers:
        await until_idle(worker)
    yield workers
    for worker in workers:
        await worker.aclose()


def calls_of(worker: RedisSessionStorage) -> list[object]:
    made: list[object] = []
    do: Any = worker._calls.do

    async def counting(work: Any) -> Any:
        if "check" not in work.__code__.co_freevars:  # which every second comes back as a notice
            made.append(work)
        return await do(work)

    vars(worker._calls)["do"] = counting
    return made


async def test_idle_workers_ask_the_server_nothing(workers: list[RedisSessionStorage]) -> None:
    made = calls_of(workers[0])
    for number in range(UPDATES):
        assert workers[0].is_idle(KEY.bot_id)
        assert await workers[0].record(SCOPE, sent(number)) == 0
    assert made == []


async def test_updates_of_chats_without_a_session_ask_the_server_nothing(workers: list[RedisSessionStorage]) -> None:
    await workers[1].open(KEY, at=NOW)
    await until_known(workers[0], KEY)
    made = calls_of(workers[0])
    for number in range(UPDATES):
        assert await workers[0].record(ELSEWHERE, sent(number, 8)) == 0
        assert await workers[0].open(KEY, at=NOW) is False
    assert made == []


class TestHearingOfRedis(HearingTests):
    """What both kinds of shared storages have in common."""


async def test_a_bot_with_very_many_sessions_asks_each_time(
    workers: list[RedisSessionStorage], monkeypatch: pytest.MonkeyPatch
) -> None:
    for room in ("inprocess.shared_keys", "redis.operations.keys"):
        monkeypatch.setattr(f"tgslices.storage.{room}.MAX_KEYS", 3)
    mine, other = workers
    keys = [replace(KEY, qualifier=str(number)) for number in range(5)]
    for key in keys:
        await mine.open(key, at=NOW)
    third = RedisSessionStorage(mine._clients.where)
    await third.start()
    await asyncio.sleep(0.3)
    for worker in (mine, other, third):
        assert not worker.is_idle(KEY.bot_id)
        assert await worker.record(SCOPE, sent(1)) == 5
    await third.aclose()


async def test_what_is_opened_while_the_open_keys_are_read_is_not_missed(redis_server: RedisServer) -> None:
    make = partial(RedisSessionStorage, redis_server.url)
    await opens_while_read(make(), make)


# Doubt


@pytest.fixture
async def proxy(redis_server: RedisServer) -> AsyncIterator[Proxy]:
    async with proxy_of(redis_server.port) as proxy:
        yield proxy


async def test_a_worker_that_lost_its_connection_asks_until_it_listens_again(
    workers: list[RedisSessionStorage], proxy: Proxy
) -> None:
    mine = workers[0]
    other = RedisSessionStorage(proxy.url)
    await other.start()
    for number in range(5):
        await until_idle(other)
        proxy.cut()
        await mine.open(KEY, at=NOW)
        await until(lambda: not other.is_idle(KEY.bot_id))
        for message in range(50):
            assert not other.is_idle(KEY.bot_id)
            assert await other.record(SCOPE, sent(number * 100 + message)) == 1
        await mine.close(KEY, at=NOW)
    await until_idle(other)
    await other.aclose()


async def test_who_cannot_reach_the_server_is_not_idle(
    workers: list[RedisSessionStorage], proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = RedisSessionStorage(proxy.url)
    await other.start()
    await until_idle(other)
    proxy.cut(refuse=True)
    await until(lambda: not other.is_idle(KEY.bot_id))
    await workers[0].open(KEY, at=NOW)
    assert not other.is_idle(KEY.bot_id)
    proxy.go_on()
    assert await other.record(SCOPE, sent(1)) == 1
    await other.aclose()


async def test_a_notice_that_nobody_understands_casts_doubt_on_everything(
    workers: list[RedisSessionStorage], redis_server: RedisServer
) -> None:
    worker = workers[0]
    for payload in (b"", b"too short", b"x" * 30):
        with redis_server.client() as client:
            client.publish(worker._calls.channel, payload)
        await until(lambda: worker._hearing.as_of is None)
        await until_idle(worker)


async def test_another_prefix_and_another_database_are_other_places(
    workers: list[RedisSessionStorage], redis_server: RedisServer
) -> None:
    others = [
        RedisSessionStorage(redis_server.url, prefix="other"),
        RedisSessionStorage(redis_server.url.replace("/0", "/1")),
    ]
    for other in others:
        await other.open(KEY, at=NOW)
        await other.add(KEY, sent(1))
    await asyncio.sleep(0.05)
    for worker in workers:
        assert worker.is_idle(KEY.bot_id)
        assert await worker.list(KEY) == []
    for other in others:
        await other.close(KEY, at=NOW)
        await other.aclose()


# Those who give up


async def test_what_a_caller_claims_who_gives_up_is_due_at_once(workers: list[RedisSessionStorage]) -> None:
    storage = workers[0]
    for number in range(20):
        await storage.add(KEY, sent(number))
    claiming = asyncio.create_task(storage.claim(KEY, None, now=NOW, until=NOW + MINUTE))
    for _ in range(8):
        await asyncio.sleep(0)
    claiming.cancel()
    with pytest.raises(asyncio.CancelledError):
        await claiming
    async with asyncio.timeout(30):
        while len(await storage.list(KEY)):
            await asyncio.sleep(0.005)
        while await storage.next_due(42, now=NOW) != NOW:
            await asyncio.sleep(0.005)
    assert len(await storage.lease(42, now=NOW, until=NOW + MINUTE, limit=100)) == 20


async def test_a_storage_is_open_in_one_event_loop(workers: list[RedisSessionStorage]) -> None:
    def use_elsewhere() -> None:
        with pytest.raises(Exception, match="open in another event loop"):
            asyncio.run(workers[0].list(KEY))

    await asyncio.to_thread(use_elsewhere)


def test_a_storage_whose_event_loop_ended_is_used_in_the_next_one(redis_server: RedisServer) -> None:
    storage = RedisSessionStorage(redis_server.url, prefix="loops")
    for number in range(3):
        assert asyncio.run(storage.add(KEY, sent(number)))
    assert len(asyncio.run(storage.list(KEY))) == 3
    asyncio.run(storage.aclose())
    asyncio.run(storage.aclose())
