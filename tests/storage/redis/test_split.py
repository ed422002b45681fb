"""A primary server that is cut off from its replica, which takes over: what its own side of the split is told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest

from tests.storage.conftest import running_redis
from tests.storage.redis.proxy import Proxy, proxy_of
from tests.storage.redis.servers import RedisServer
from tests.storage.redis.test_failover import state_of, until_linked
from tgslices.errors import StorageError
from tgslices.model import Scope
from tgslices.storage.redis import RedisSessionStorage
from tgslices.storage.redis.notices import TRUST
from tgslices.testing.contract.samples import KEY, NOW, sent

SCOPE = Scope(KEY.bot_id, KEY.chat_id, "private", KEY.user_id)
OTHER_BOT = 43
MAX_LAG = 2
"""Seconds."""
REFUSED = "has too few replicas to take a write. Look at the replicas."


@asynccontextmanager
async def two_servers(*options: str) -> AsyncIterator[tuple[RedisServer, RedisServer, Proxy]]:
    """A primary server with these options, and a replica that hears of it through a proxy."""
    with running_redis(*options) as primary:
        async with proxy_of(primary.port) as proxy:
            with running_redis("--replicaof", "127.0.0.1", str(proxy.port)) as replica:
                await until_linked(replica)
                yield primary, replica, proxy


def split(replica: RedisServer, proxy: Proxy) -> None:
    """Let nothing pass between the servers any more, and let the replica take over."""
    proxy.swallows = True
    with replica.client() as client:
        client.replicaof("NO", "ONE")


async def heal(primary: RedisServer, replica: RedisServer) -> None:
    """Let what was the primary server follow the other one, as whoever watches them does."""
    with primary.client() as client:
        client.replicaof("127.0.0.1", str(replica.port))
    await until_linked(primary)


async def first(storage: RedisSessionStorage) -> None:
    """Record a message when both servers take it, and wait until nothing is open for the other bot."""
    async with asyncio.timeout(10):
        while True:
            try:
                await storage.open(KEY, at=NOW)
                break
            except StorageError:  # the replica has yet to say that it is there
                await asyncio.sleep(0.1)
        assert await storage.record(SCOPE, sent(1)) == 1
        while not storage.is_idle(OTHER_BOT):
            await asyncio.sleep(0.02)


async def record_until_refused(storage: RedisSessionStorage, *, seconds: float) -> tuple[int, str]:
    """Record messages; return how many were, and what was told of the first that was refused."""
    async with asyncio.timeout(seconds):
        number = 0
        while True:
            try:
                assert await storage.record(SCOPE, sent(100 + number)) == 1
            except StorageError as error:
                return number, str(error)
            number += 1
            await asyncio.sleep(0.1)


async def test_a_primary_that_needs_a_replica_takes_no_write_and_nothing_is_certain_soon_after_a_split() -> None:
    needs = ("--min-replicas-to-write", "1", "--min-replicas-max-lag", str(MAX_LAG))
    async with two_servers(*needs) as (primary, replica, proxy):
        storage, other = (RedisSessionStorage(it.url, timeout=timedelta(seconds=5)) for it in (primary, replica))
        await first(storage)
        split(replica, proxy)
        recorded, told = await record_until_refused(storage, seconds=3 * MAX_LAG + 10)
        assert recorded > 0, "a lag is noticed only when it is there"
        assert told.endswith(REFUSED)
        async with asyncio.timeout(10):
            while storage.is_idle(OTHER_BOT):
                await asyncio.sleep(0.02)
        assert len(await storage.list(KEY)) == 1 + recorded, "what there is can still be read"
        await other.start()
        await heal(primary, replica)
        assert [it.message_id for it in await other.list(KEY)] == [1], "what the old one took meanwhile is lost"
        for each in (storage, other):
            await each.aclose()


async def test_a_primary_that_needs_no_replica_is_believed_until_somebody_demotes_it() -> None:
    async with two_servers() as (primary, replica, proxy):
        storage = RedisSessionStorage(primary.url, timeout=timedelta(seconds=5))
        await first(storage)
        split(replica, proxy)
        await asyncio.sleep(TRUST + 0.5)
        assert await storage.record(SCOPE, sent(2)) == 1
        assert storage.is_idle(OTHER_BOT)
        assert state_of(primary)["role"] == "master"
        await heal(primary, replica)
        with pytest.raises(StorageError, match="is a read-only replica"):
            await storage.record(SCOPE, sent(3))
        assert [it.message_id for it in await storage.list(KEY)] == [1]
        await storage.aclose()
