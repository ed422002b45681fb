"""Promise: recording costs no command more because sessions end by themselves, as the server counts them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

from tests.storage.redis.servers import RedisServer
from tgslices.model import IfClosed, Scope
from tgslices.storage.ending_protocol import Due
from tgslices.storage.redis import RedisSessionStorage
from tgslices.testing.contract.samples import KEY, MINUTE, NOW, sent

SCOPE = Scope(42, 7, "private", 7)

COUNTED = frozenset(
    {"eval", "evalsha", "get", "hget", "hmget", "hset", "hsetnx", "incrby", "set", "zadd", "zmscore", "zrangebyscore"}
    | {"zscore"}
)
"""Calls, and what the scripts of writes execute; others come from connecting and from checking notices, at any time."""


def commands(server: RedisServer) -> Counter[str]:
    """Return how often each command was executed, those within scripts included, as far as it is counted."""
    with server.client() as client:
        told: Any = client.info("commandstats")
    return Counter({name: told[f"cmdstat_{name}"]["calls"] for name in COUNTED if f"cmdstat_{name}" in told})


async def cost_of(server: RedisServer, work: Callable[[], Awaitable[object]]) -> Counter[str]:
    before = commands(server)
    await work()
    return commands(server) - before


async def costs(server: RedisServer, due: Due | None) -> dict[str, Counter[str]]:
    """Return what an opening, two records and an added entry cost, when the server knows the scripts."""
    with server.client() as client:
        client.flushall()
    storage = RedisSessionStorage(server.url)
    await storage.open(replace(KEY, chat_id=6), at=NOW)
    added = replace(KEY, qualifier="added")
    steps: dict[str, Callable[[], Awaitable[object]]] = {
        "open": lambda: storage.open(KEY, at=NOW, due=due),
        "record": lambda: storage.record(SCOPE, sent(1)),
        "record again": lambda: storage.record(SCOPE, sent(2)),
        "add": lambda: storage.add(added, sent(3), if_closed=IfClosed.OPEN, due=due),
    }
    told = {name: await cost_of(server, step) for name, step in steps.items()}
    await storage.aclose()
    return told


async def test_recording_executes_the_same_with_a_lifetime_and_without(redis_server: RedisServer) -> None:
    bare = await costs(redis_server, None)
    lived = await costs(redis_server, Due(NOW + MINUTE, NOW + 2 * MINUTE))
    for step in ("record", "record again"):
        assert lived[step] == bare[step]
        assert lived[step]["evalsha"] == 1
        assert lived[step]["zadd"] == 0


async def test_opening_with_a_lifetime_is_one_call_that_notes_when_it_is_due(redis_server: RedisServer) -> None:
    bare = await costs(redis_server, None)
    lived = await costs(redis_server, Due(NOW + MINUTE, NOW + 2 * MINUTE))
    for step in ("open", "add"):
        assert lived[step]["evalsha"] == bare[step]["evalsha"] == 1
        assert lived[step] - bare[step] == Counter(zadd=2)


async def test_a_lease_of_sessions_does_not_look_at_what_those_before_it_hold(redis_server: RedisServer) -> None:
    with redis_server.client() as client:
        client.flushall()
    storage = RedisSessionStorage(redis_server.url)
    for chat in range(501):
        await storage.open(replace(KEY, chat_id=chat), at=NOW, due=Due(NOW, NOW + (chat + 2) * MINUTE))
    leased = []

    async def lease() -> None:
        leased.extend(await storage.lease_sessions(KEY.bot_id, now=NOW, until=NOW + MINUTE, limit=100))

    costs = [await cost_of(redis_server, lease) for _ in range(5)]
    assert [(cost["zrangebyscore"], cost["zmscore"]) for cost in costs] == [(1, 2)] * 5
    assert [session.key.chat_id for session in leased] == [*range(500)]
    await storage.aclose()


async def test_leasing_takes_two_calls_for_a_hundred_sessions_and_one_for_pending_deletions(
    redis_server: RedisServer,
) -> None:
    with redis_server.client() as client:
        client.flushall()
    storage = RedisSessionStorage(redis_server.url)
    for chat in range(101):
        await storage.open(replace(KEY, chat_id=chat), at=NOW, due=Due(NOW, NOW + 2 * MINUTE))
        await storage.add(replace(KEY, qualifier="pending"), sent(chat))
    await storage.claim(replace(KEY, qualifier="pending"), None, now=NOW, until=NOW)
    until = NOW + MINUTE
    for lease in (storage.lease_sessions, storage.lease):  # so that the server knows the scripts
        await lease(KEY.bot_id, now=NOW, until=until, limit=1)
    sessions = await cost_of(redis_server, lambda: storage.lease_sessions(KEY.bot_id, now=NOW, until=until, limit=100))
    pending = await cost_of(redis_server, lambda: storage.lease(KEY.bot_id, now=NOW, until=until, limit=100))
    assert sessions["evalsha"] == 2
    assert pending["evalsha"] == 1
    assert (pending["hmget"], pending["zadd"], pending["hget"]) == (1, 1, 0), "one command for all of them"
    await storage.aclose()
