"""What workers of one server hear of each other: an idle bot asks it nothing, and nothing that is open is missed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from typing import Any

import pytest

from tests.storage.redis.proxy import Proxy, proxy_of
from tests.storage.redis.servers import RedisServer
from tgslices.model import IfClosed, Scope
from tgslices.storage.redis import RedisSessionStorage
from tgslices.testing.contract.samples import KEY, MINUTE, NOW, sent

SCOPE = Scope(42, 7, "private", 7)
ELSEWHERE = Scope(42, 8, "private", 8)
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


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not condition():
            await asyncio.sleep(0.005)


async def until_idle(worker: RedisSessionStorage) -> None:
    await until(lambda: worker.is_idle(KEY.bot_id))


async def until_known(worker: RedisSessionStorage, key: Any) -> None:
    """Let a worker learn that a key is open, and nothing else in another chat."""
    await until(lambda: not worker.is_idle(KEY.bot_id) and not worker._hearing.may_match(ELSEWHERE))
    await worker.open(key, at=NOW)
    await until(lambda: worker.knows_open(key))


def calls_of(worker: RedisSessionStorage) -> list[object]:
    made: list[object] = []
    do: Any = worker._calls.do

    async def counting(work: Any) -> Any:
        if "publish" not in work.__code__.co_names:
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


async def test_what_a_worker_opens_it_knows_at_once_and_the_others_soon(workers: list[RedisSessionStorage]) -> None:
    mine, other = workers
    await mine.open(KEY, at=NOW)
    assert not mine.is_idle(KEY.bot_id)
    assert mine.knows_open(KEY)
    assert await mine.record(SCOPE, sent(1)) == 1
    await until(lambda: not other.is_idle(KEY.bot_id))
    assert await other.record(SCOPE, sent(2)) == 1
    assert await mine.list(KEY) == [sent(1), sent(2)]


async def test_a_session_that_is_opened_by_an_entry_is_heard_of_too(workers: list[RedisSessionStorage]) -> None:
    mine, other = workers
    await mine.add(KEY, sent(1), if_closed=IfClosed.OPEN)
    assert not mine.is_idle(KEY.bot_id)
    await until(lambda: not other.is_idle(KEY.bot_id))
    assert await other.record(SCOPE, sent(2)) == 1


@pytest.mark.parametrize("how", ["close", "unsubscribe"])
async def test_what_a_worker_closes_the_others_open_again(workers: list[RedisSessionStorage], how: str) -> None:
    mine, other = workers
    await mine.open(KEY, at=NOW)
    await until_known(other, KEY)
    await (mine.close(KEY, at=NOW) if how == "close" else mine.unsubscribe(KEY))
    assert not mine.knows_open(KEY)
    await until(lambda: not other.knows_open(KEY))
    for worker in workers:
        await until_idle(worker)
    assert await other.open(KEY, at=NOW) is True
    await until(lambda: not mine.is_idle(KEY.bot_id))


async def test_a_chat_that_moves_is_heard_of_under_its_new_id(workers: list[RedisSessionStorage]) -> None:
    mine, other = workers
    await mine.open(KEY, at=NOW)
    await until_known(other, KEY)
    assert await mine.migrate(42, 7, 8) == [KEY]
    assert not mine.knows_open(KEY)
    assert mine._hearing.may_match(ELSEWHERE)
    await until(lambda: not other.knows_open(KEY))
    await until(lambda: other._hearing.may_match(ELSEWHERE) and not other._hearing.may_match(SCOPE))
    assert await other.record(Scope(42, 8, "private", 7), sent(1, 8)) == 1


async def test_two_sessions_of_a_chat_are_told_apart(workers: list[RedisSessionStorage]) -> None:
    mine, other = workers
    order = replace(KEY, qualifier="order")
    for key in (KEY, order):
        await mine.open(key, at=NOW)
        await until_known(other, key)
    await mine.close(order, at=NOW)
    await until(lambda: not other.knows_open(order))
    await until_known(other, KEY)
    assert other._hearing.may_match(SCOPE)
    await mine.close(KEY, at=NOW)
    await until_idle(other)


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
    """Each key is opened at another moment of the other worker's start."""
    mine = RedisSessionStorage(redis_server.url)
    await mine.start()
    for number in range(20):
        key = replace(KEY, qualifier=str(number))
        other = RedisSessionStorage(redis_server.url)
        starting = asyncio.create_task(other.start())
        for _ in range(number * 3):
            await asyncio.sleep(0)
        await mine.open(key, at=NOW)
        await starting
        for _ in range(20):
            assert not other.is_idle(KEY.bot_id)
            await asyncio.sleep(0.001)
        await mine.close(key, at=NOW)
        await other.aclose()
    await mine.aclose()


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
    async with asyncio.timeout(5):
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
        assert asyncio.run(storage.add(KEY, sent(number))) is True
    assert len(asyncio.run(storage.list(KEY))) == 3
    asyncio.run(storage.aclose())
    asyncio.run(storage.aclose())
