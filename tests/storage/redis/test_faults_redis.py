"""Servers that restart, refuse, fill up and fall silent, and clients that cannot be used."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from typing import Any

import pytest
import redis as sync_redis
from redis.asyncio import ConnectionPool, Redis

from tests.storage.conftest import running_redis
from tests.storage.redis.proxy import proxy_of
from tests.storage.redis.servers import RedisServer, free_port
from tgslices.errors import StorageError
from tgslices.model import IfClosed, Scope, SessionKey
from tgslices.storage import open_storage
from tgslices.storage.ending_protocol import Due, End, EndReason
from tgslices.storage.redis import RedisSessionStorage
from tgslices.testing.contract.samples import KEY, MINUTE, NOW, sent

SOON = NOW + MINUTE
BOT = KEY.bot_id
IN_PRIVATE = Scope(42, 7, "private", 7)


@pytest.fixture
def server() -> Iterator[RedisServer]:
    """A server that may be harmed, and that keeps what it has on disk at once."""
    with running_redis("--appendonly", "yes", "--appendfsync", "always") as server:
        yield server


@pytest.fixture
async def storage(server: RedisServer) -> AsyncIterator[RedisSessionStorage]:
    storage = RedisSessionStorage(server.url, timeout=timedelta(seconds=1))
    await storage.start()
    yield storage
    await storage.aclose()


async def refusal_of(call: Any) -> str:
    with pytest.raises(StorageError) as caught:
        await call
    return str(caught.value)


# Whoever is cancelled


@pytest.mark.parametrize("turns", range(1, 12))
async def test_a_start_after_a_closing_that_was_cancelled_waits_for_it(
    storage: RedisSessionStorage, turns: int
) -> None:
    await storage.open(KEY, at=NOW)
    closing = asyncio.create_task(storage.aclose())
    for _ in range(turns):
        await asyncio.sleep(0)
    closing.cancel()
    await asyncio.wait([closing])
    await storage.start()
    for number in range(20):
        assert await storage.record(IN_PRIVATE, sent(number)) == 1


# What a server does


async def test_scripts_that_the_server_forgot_are_sent_again(storage: RedisSessionStorage, server: RedisServer) -> None:
    await storage.open(KEY, at=NOW)
    with server.client() as client:
        for number in range(3):
            client.script_flush()
            assert await storage.record(IN_PRIVATE, sent(number)) == 1
    assert await storage.list(KEY) == [sent(number) for number in range(3)]


async def test_what_was_written_is_there_after_a_kill(storage: RedisSessionStorage, server: RedisServer) -> None:
    await storage.open(KEY, at=NOW)
    await asyncio.gather(*(storage.record(IN_PRIVATE, sent(number)) for number in range(50)))
    await storage.claim(KEY, [sent(0)], now=NOW, until=SOON)
    server.stop(kill=True)
    assert "cannot be reached" in await refusal_of(storage.record(IN_PRIVATE, sent(99)))
    server.start()
    assert sorted(it.message_id for it in await storage.list(KEY)) == list(range(1, 50))
    assert [it.message for it in await storage.pending(BOT)] == [sent(0)]
    assert await storage.record(IN_PRIVATE, sent(99)) == 1


async def test_connections_that_were_cut_are_replaced_and_nobody_notices(server: RedisServer) -> None:
    async with proxy_of(server.port) as proxy:
        storage = RedisSessionStorage(proxy.url)
        await storage.open(KEY, at=NOW)
        for number in range(5):
            proxy.cut()
            assert await storage.record(IN_PRIVATE, sent(number)) == 1
        await storage.aclose()


async def test_a_replica_refuses_writes_and_lists(storage: RedisSessionStorage, server: RedisServer) -> None:
    await storage.add(KEY, sent(1), if_closed=IfClosed.OPEN)
    with running_redis("--replicaof", "127.0.0.1", str(server.port)) as replica:
        with replica.client() as client:
            while client.info("replication")["master_link_status"] != "up" or not client.keys("*"):
                await asyncio.sleep(0.02)
        other = RedisSessionStorage(replica.url)
        assert await other.list(KEY) == [sent(1)]
        told = f"Redis at {replica.url} is a read-only replica. Connect to the primary server."
        assert await refusal_of(other.record(IN_PRIVATE, sent(2))) == told
        assert await refusal_of(other.claim(KEY, None, now=NOW, until=SOON)) == told
        assert await refusal_of(other.close(KEY, at=NOW)) == told
        await other.aclose()


async def test_a_full_server_refuses_what_is_new_and_lets_sessions_end(
    storage: RedisSessionStorage, server: RedisServer
) -> None:
    for number in range(10):
        await storage.add(KEY, sent(number), if_closed=IfClosed.OPEN)
    with server.client() as client:
        client.config_set("maxmemory", "1")
    told = (
        f"Redis at {server.url} has no memory left for more. "
        "What was recorded before is intact. Raise maxmemory or free some; ending sessions frees it, too."
    )
    assert await refusal_of(storage.record(IN_PRIVATE, sent(99))) == told
    assert await refusal_of(storage.open(SessionKey(42, 8), at=NOW)) == told
    assert len(await storage.list(KEY)) == 10
    assert len(await storage.claim(KEY, None, now=NOW, until=NOW, limit=5)) == 5
    leased = await storage.lease(BOT, now=NOW, until=SOON, limit=5)
    assert await storage.settle(leased) == 5
    assert await storage.remove(KEY, [sent(5), sent(99)]) == 1
    assert (await storage.close(KEY, at=NOW)).dropped == 4
    with server.client() as client:
        client.config_set("maxmemory", "0")
    assert await storage.open(KEY, at=NOW) is True


async def test_a_full_server_lets_sessions_end_by_themselves(storage: RedisSessionStorage, server: RedisServer) -> None:
    await storage.open(KEY, at=NOW, due=Due(NOW, SOON))
    await storage.record(IN_PRIVATE, sent(1))
    with server.client() as client:
        client.config_set("maxmemory", "1")
    [session] = await storage.lease_sessions(BOT, now=NOW, until=SOON, limit=5)
    assert await storage.postpone_session(session, Due(NOW, SOON)) is True
    [session] = await storage.lease_sessions(BOT, now=NOW, until=SOON, limit=5)
    end = End(EndReason.IDLE, "clear", tells=True)
    assert await storage.end_session(session, end, now=NOW, until=SOON, limit=5) == [sent(1)]
    [ended] = await storage.lease_ends(BOT, now=SOON, until=SOON + MINUTE, limit=5)
    assert await storage.settle_end(ended) is True


@pytest.mark.parametrize("policy", ["noeviction", "volatile-lru", "allkeys-lru", "allkeys-random"])
async def test_a_server_that_may_evict_messages_is_warned_of(
    redis_server: RedisServer, policy: str, caplog: pytest.LogCaptureFixture
) -> None:
    with redis_server.client() as client:
        client.config_set("maxmemory-policy", policy)
    storage = RedisSessionStorage(redis_server.url)
    with caplog.at_level(logging.WARNING, "tgslices"):
        await storage.start()
    await storage.aclose()
    with redis_server.client() as client:
        client.config_set("maxmemory-policy", "noeviction")
    warning = (
        f"Redis at {redis_server.url} may evict keys (maxmemory-policy {policy}): messages in them could never be "
        "deleted. Set maxmemory-policy to noeviction."
    )
    told = [record.getMessage() for record in caplog.records]
    assert told == ([warning] if policy.startswith("allkeys") else [])


async def test_no_key_that_holds_messages_expires(storage: RedisSessionStorage, server: RedisServer) -> None:
    for number in range(9):
        await storage.add(KEY, sent(number), if_closed=IfClosed.OPEN, outside=sent(99))
    await storage.claim(KEY, [sent(1)], now=NOW, until=SOON)
    await storage.remove(KEY, [sent(2)])
    with server.client() as client:
        expiring = {name for name in client.keys("*") if client.ttl(name) >= 0}
        assert all(name.partition(b"}")[2].startswith(b"t") for name in expiring), "only answers expire"
        assert expiring


async def test_a_silent_server_is_waited_for_in_time(storage: RedisSessionStorage, server: RedisServer) -> None:
    await storage.open(KEY, at=NOW)
    loop = asyncio.get_running_loop()
    told = (
        f"Redis at {server.url} did not answer within 1 seconds. "
        "Look at the server and the network, or give the storage a longer timeout."
    )
    with server.frozen():
        began = loop.time()
        calls = (storage.record(IN_PRIVATE, sent(1)), storage.list(KEY), storage.close(KEY, at=NOW))
        assert await asyncio.gather(*map(refusal_of, calls)) == [told] * 3
        assert loop.time() - began < 3
    assert await storage.add(KEY, sent(3))


async def test_a_storage_is_closed_while_the_server_is_silent(server: RedisServer) -> None:
    storage = RedisSessionStorage(server.url, timeout=timedelta(seconds=1))
    await storage.open(KEY, at=NOW)
    loop = asyncio.get_running_loop()
    with server.frozen():
        writing = asyncio.ensure_future(storage.record(IN_PRIVATE, sent(1)))
        await asyncio.sleep(0)
        began = loop.time()
        await storage.aclose()
        assert loop.time() - began < 5
    with pytest.raises(StorageError):
        await writing


async def test_nobody_at_the_address_is_told_without_the_password() -> None:
    port = free_port()
    storage = open_storage(f"redis://bot:topsecret@127.0.0.1:{port}/0")
    told = await refusal_of(storage.list(KEY))
    assert told.startswith(f"Redis at redis://bot:***@127.0.0.1:{port}/0 cannot be reached (")
    assert told.endswith("The next call connects anew; look at the server and the network.")
    assert "topsecret" not in told + repr(storage)


async def test_a_wrong_password_is_told(redis_server: RedisServer) -> None:
    storage = RedisSessionStorage(f"redis://bot:topsecret@127.0.0.1:{redis_server.port}")
    assert await refusal_of(storage.list(KEY)) == (
        f"Redis at redis://bot:***@127.0.0.1:{redis_server.port} refused the user or the password. "
        "Check the credentials of the URL."
    )


async def test_keys_of_somebody_else_harm_only_the_session_that_they_are_in_the_way_of(
    storage: RedisSessionStorage, server: RedisServer
) -> None:
    other = SessionKey(42, 8)
    await storage.open(other, at=NOW)
    with server.client() as client:
        client.set("{tgslices:42}s7//", "x")
    adding = [storage.add(key, sent(number)) for number in range(5) for key in (KEY, other)]
    results = await asyncio.gather(*adding, return_exceptions=True)
    assert [isinstance(result, StorageError) for result in results] == [True, False] * 5
    assert len(await storage.list(other)) == 5


async def test_a_layout_of_another_release_is_refused_and_left_alone(server: RedisServer) -> None:
    with server.client() as client:
        client.set("mine:version", "7")
    storage = RedisSessionStorage(server.url, prefix="mine")
    assert await refusal_of(storage.list(KEY)) == (
        f"Redis at {server.url} holds sessions in the layout b'7', which this release does not know. "
        "Install the release of tgslices that wrote them, or give the storage another prefix."
    )


# Clients


async def test_a_pool_that_is_exhausted_is_told(redis_server: RedisServer) -> None:
    client: Any = Redis(connection_pool=ConnectionPool.from_url(redis_server.url, max_connections=2))
    storage = RedisSessionStorage(client, prefix="pool")
    await storage.start()
    results = await asyncio.gather(*(storage.list(KEY) for _ in range(50)), return_exceptions=True)
    refused = {str(result) for result in results if isinstance(result, Exception)}
    assert refused == {
        (
            f"The client of Redis at 127.0.0.1:{redis_server.port} has no connection left. "
            "Give it a BlockingConnectionPool, or a larger max_connections."
        )
    }
    assert await storage.list(KEY) == []
    await storage.aclose()
    await client.aclose()
    await client.connection_pool.disconnect()


async def test_many_calls_at_once_wait_for_connections_of_a_client_of_its_own(storage: RedisSessionStorage) -> None:
    assert await asyncio.gather(*(storage.list(SessionKey(42, number)) for number in range(500))) == [[]] * 500


async def test_a_client_of_the_user_stays_open(redis_server: RedisServer) -> None:
    client: Any = Redis.from_url(redis_server.url)
    storage = RedisSessionStorage(client)
    await storage.start()
    await storage.aclose()
    assert await client.ping() is True
    await client.aclose()


async def test_a_client_with_one_connection_is_enough(redis_server: RedisServer) -> None:
    client: Any = Redis.from_url(redis_server.url, single_connection_client=True)
    storage = RedisSessionStorage(client, prefix="single")
    await storage.open(KEY, at=NOW)
    assert await asyncio.gather(*(storage.record(IN_PRIVATE, sent(number)) for number in range(50))) == [1] * 50
    assert len(await storage.list(KEY)) == 50
    await storage.aclose()
    await client.aclose()


def test_a_client_that_decodes_is_refused() -> None:
    with pytest.raises(StorageError) as caught:
        RedisSessionStorage(Redis(decode_responses=True))
    assert str(caught.value) == (
        "The client decodes responses to text, and the entries of sessions are no text. "
        "Make a client for the storage without decode_responses=True."
    )


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        (sync_redis.Redis(), "An object of the type Redis is neither a URL nor a client of redis.asyncio."),
        (None, "An object of the type NoneType is neither a URL nor a client of redis.asyncio."),
    ],
)
def test_what_is_no_client_is_refused(given: Any, problem: str) -> None:
    with pytest.raises(StorageError) as caught:
        RedisSessionStorage(given)
    assert str(caught.value) == (
        f"{problem} Pass redis.asyncio.Redis(...), redis.asyncio.RedisCluster(...) or a URL like redis://localhost."
    )


@pytest.mark.parametrize("url", ["redis://host:port", "http://host", "redis://host?socket_timeout=never"])
def test_a_url_that_cannot_be_used_is_refused(url: str) -> None:
    with pytest.raises(StorageError, match="cannot be used"):
        RedisSessionStorage(url)


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"prefix": "a{b"}, "The prefix of a storage is 'a{b', which makes no hash tag."),
        ({"prefix": ""}, "The prefix of a storage is '', which makes no hash tag."),
        ({"prefix": 7}, "prefix of a storage is no int but a text."),
        ({"timeout": timedelta(0)}, "The timeout of a storage is datetime.timedelta(0), which is no length of time."),
    ],
)
def test_arguments_that_cannot_be_used_are_refused(options: dict[str, Any], problem: str) -> None:
    with pytest.raises(StorageError) as caught:
        RedisSessionStorage("redis://localhost", **options)
    assert str(caught.value).startswith(problem)
