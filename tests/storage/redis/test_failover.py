"""A replica that becomes the primary server, while workers write: no call is lost, and none is done twice."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from tests.storage.conftest import running_redis
from tests.storage.redis.proxy import proxy_of
from tests.storage.redis.servers import RedisServer, free_port
from tgslices.errors import StorageError
from tgslices.model import Scope
from tgslices.storage.ending_protocol import Due, End, EndReason
from tgslices.storage.redis import RedisSessionStorage
from tgslices.storage.redis.notices import TRUST
from tgslices.testing.contract.samples import KEY, MINUTE, NOW, sent

SCOPE = Scope(KEY.bot_id, KEY.chat_id, "private", KEY.user_id)
BOT = KEY.bot_id
SOON = NOW + MINUTE
WRITERS = 8
MESSAGES = 40


def state_of(server: RedisServer) -> dict[str, Any]:
    with server.client() as client:
        state: Any = client.info("replication")
    return dict(state)


async def until_linked(replica: RedisServer) -> None:
    while state_of(replica).get("master_link_status") != "up":
        await asyncio.sleep(0.02)


@pytest.fixture
def primary() -> Iterator[RedisServer]:
    with running_redis() as server:
        yield server


@pytest.fixture
def replica(primary: RedisServer) -> Iterator[RedisServer]:
    with running_redis("--replicaof", "127.0.0.1", str(primary.port)) as server:
        yield server


async def fail_over(primary: RedisServer, replica: RedisServer) -> None:
    """Let the replica take over when it has everything, and the primary server follow it."""
    await until_linked(replica)
    with primary.client() as client:
        client.execute_command("FAILOVER", "TO", "127.0.0.1", str(replica.port))
    while state_of(primary)["role"] != "slave" or state_of(replica)["role"] != "master":
        await asyncio.sleep(0.02)
    await until_linked(primary)


async def write(storage: RedisSessionStorage, writer: int, refused: list[str]) -> None:
    """Record messages one after the other, each until it is recorded."""
    for number in range(writer * MESSAGES, (writer + 1) * MESSAGES):
        while True:
            try:
                assert await storage.record(SCOPE, sent(number)) == 1
            except StorageError as error:
                refused.append(str(error))
                await asyncio.sleep(0.02)
            else:
                break
        await asyncio.sleep(0.005)


async def test_writers_go_on_at_the_replica_that_took_over(primary: RedisServer, replica: RedisServer) -> None:
    async with proxy_of(primary.port) as proxy:
        storage = RedisSessionStorage(proxy.url, timeout=timedelta(seconds=5))
        await storage.open(KEY, at=NOW, due=Due(NOW, SOON))
        refused: list[str] = []
        writing = [asyncio.create_task(write(storage, writer, refused)) for writer in range(WRITERS)]
        await fail_over(primary, replica)
        proxy.lead_to(replica.port)
        told = len(refused)
        await asyncio.gather(*writing)
        assert refused[told:] == [], "connections that led to the old server were left"
        assert all("is a read-only replica" in text for text in refused)
        assert sorted(it.message_id for it in await storage.list(KEY)) == [*range(WRITERS * MESSAGES)]
        await storage.aclose()
    behind = RedisSessionStorage(replica.url)
    assert len(await behind.list(KEY)) == WRITERS * MESSAGES
    await behind.aclose()


async def test_what_was_leased_before_a_failover_is_ended_after_it_once(
    primary: RedisServer, replica: RedisServer
) -> None:
    async with proxy_of(primary.port) as proxy:
        one, other = (RedisSessionStorage(proxy.url, timeout=timedelta(seconds=5)) for _ in range(2))
        await one.open(KEY, at=NOW, due=Due(NOW, SOON))
        await one.record(SCOPE, sent(1))
        [session] = await one.lease_sessions(BOT, now=NOW, until=SOON, limit=5)
        await fail_over(primary, replica)
        proxy.lead_to(replica.port)
        end = End(EndReason.IDLE, "clear", tells=True)
        ends = await asyncio.gather(
            *(storage.end_session(session, end, now=NOW, until=SOON, limit=10) for storage in (one, other))
        )
        assert sorted(ends, key=bool) == [None, [sent(1)]]
        assert [it.message for it in await other.pending(BOT)] == [sent(1)]
        for storage in (one, other):
            await storage.aclose()


async def test_workers_hear_of_each_other_after_a_failover(primary: RedisServer, replica: RedisServer) -> None:
    async with proxy_of(primary.port) as proxy:
        one, other = (RedisSessionStorage(proxy.url, timeout=timedelta(seconds=5)) for _ in range(2))
        await asyncio.gather(one.start(), other.start())
        await _until_idle(one, other)
        await fail_over(primary, replica)
        proxy.lead_to(replica.port)
        await one.open(KEY, at=NOW)
        async with asyncio.timeout(5):  # what it hears takes its way from the new primary through the old one
            while other.is_idle(BOT):
                await asyncio.sleep(0.01)
        assert await other.record(SCOPE, sent(1)) == 1
        await other.close(KEY, at=NOW)
        await _until_idle(one, other)
        for storage in (one, other):
            await storage.aclose()


async def test_who_listens_to_a_primary_that_was_replaced_and_cut_off_is_not_certain_of_anything(
    primary: RedisServer, replica: RedisServer
) -> None:
    one, other = (RedisSessionStorage(url, timeout=timedelta(seconds=5)) for url in (primary.url, replica.url))
    await asyncio.gather(one.start(), other.start())
    await _until_idle(one)
    await fail_over(primary, replica)
    with primary.client() as client:
        client.replicaof("127.0.0.1", free_port())  # the wrong way, where nobody is
    await asyncio.sleep(TRUST)
    assert not one.is_idle(BOT), "it would miss what is opened at the server that took over"
    await other.open(KEY, at=NOW)
    assert not one.is_idle(BOT)
    for storage in (one, other):
        await storage.aclose()


async def _until_idle(*storages: RedisSessionStorage) -> None:
    while not all(storage.is_idle(BOT) for storage in storages):
        await asyncio.sleep(0.02)
