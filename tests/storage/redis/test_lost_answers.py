"""A connection that is cut in the midst of a script: it ran, and who repeats the call gets the answer that was lost."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from tests.storage.redis.proxy import Proxy, proxy_of
from tests.storage.redis.servers import RedisServer
from tgslices.model import Gone, IfClosed, Scope, SessionKey
from tgslices.storage.ending_protocol import Due, DueSession, End, EndReason
from tgslices.storage.protocol import Closed
from tgslices.storage.redis import RedisSessionStorage
from tgslices.testing.contract.samples import KEY, MINUTE, NOW, sent

SOON = NOW + MINUTE
BOT = KEY.bot_id
IN_PRIVATE = Scope(42, 7, "private", 7)


@pytest.fixture
async def proxy(redis_server: RedisServer) -> AsyncIterator[Proxy]:
    with redis_server.client() as client:
        client.flushall()
    async with proxy_of(redis_server.port) as proxy:
        yield proxy


@pytest.fixture(params=["own client", "client that repeats"])
async def storage(proxy: Proxy, request: pytest.FixtureRequest) -> AsyncIterator[RedisSessionStorage]:
    """A storage whose answers may be lost, with its own client and with one that repeats calls without a word."""
    if request.param == "own client":
        storage = RedisSessionStorage(proxy.url)
        await storage.start()
        yield storage
        await storage.aclose()
        return
    client: Any = Redis.from_url(proxy.url, retry=Retry(NoBackoff(), 3), retry_on_error=[ConnectionError])
    storage = RedisSessionStorage(client)
    await storage.start()
    yield storage
    await storage.aclose()
    await client.aclose()


async def _open(storage: RedisSessionStorage) -> object:
    return await storage.open(SessionKey(42, 9), at=NOW)


async def _lease(storage: RedisSessionStorage) -> object:
    await storage.claim(KEY, None, now=NOW, until=NOW)
    return len(await storage.lease(BOT, now=NOW, until=SOON, limit=10))


async def _settle(storage: RedisSessionStorage) -> object:
    await storage.claim(KEY, None, now=NOW, until=NOW)
    return await storage.settle(await storage.pending(BOT))


async def _due(storage: RedisSessionStorage) -> DueSession:
    """Lease a session that is due, before any answer is lost."""
    await storage.schedule_sessions({KEY: Due(NOW, SOON)})
    [session] = await storage.lease_sessions(BOT, now=NOW, until=SOON, limit=5)
    return session


CALLS: dict[str, tuple[Callable[[RedisSessionStorage], Awaitable[object]], object]] = {
    "record": (lambda storage: storage.record(IN_PRIVATE, sent(9)), 1),
    "add": (lambda storage: storage.add(KEY, sent(9), unless_known=True), True),
    "open": (_open, True),
    "claim": (lambda storage: storage.claim(KEY, None, now=NOW, until=SOON), [sent(1), sent(2), sent(3)]),
    "lease": (_lease, 3),
    "settle": (_settle, 3),
    "remove": (lambda storage: storage.remove(KEY, [sent(1), sent(7)]), 1),
    "close": (lambda storage: storage.close(KEY, at=NOW), Closed(3, was_open=True)),
    "discard": (lambda storage: storage.discard(BOT, Gone(7, frozenset({1, 2}))), 2),
    "discard by hand": (lambda storage: storage.discard(BOT, Gone(7, frozenset({1})), surely=False), 1),
    "migrate": (lambda storage: storage.migrate(BOT, 7, -1007), [KEY]),
}


@pytest.mark.parametrize("call", CALLS)
async def test_a_call_whose_answer_was_lost_returns_it(storage: RedisSessionStorage, proxy: Proxy, call: str) -> None:
    for number in (1, 2, 3):
        await storage.add(KEY, sent(number), if_closed=IfClosed.OPEN)
    work, expected = CALLS[call]
    if call in {"lease", "settle"}:
        await storage.claim(KEY, None, now=NOW, until=NOW)
    proxy.answers_to_lose = 1
    assert await work(storage) == expected
    assert proxy.lost == 1


async def test_sessions_whose_lease_was_repeated_are_leased(storage: RedisSessionStorage, proxy: Proxy) -> None:
    await storage.open(KEY, at=NOW, due=Due(NOW, SOON))
    proxy.answers_to_lose = 1
    [session] = await storage.lease_sessions(BOT, now=NOW, until=SOON, limit=5)
    assert (session.key, session.leased_until) == (KEY, SOON)
    assert proxy.lost == 1


async def test_an_end_whose_answer_was_lost_returns_what_it_claimed(storage: RedisSessionStorage, proxy: Proxy) -> None:
    await storage.add(KEY, sent(1), if_closed=IfClosed.OPEN)
    session = await _due(storage)
    end = End(EndReason.IDLE, "clear", tells=True)
    proxy.answers_to_lose = 1
    assert await storage.end_session(session, end, now=NOW, until=SOON, limit=5) == [sent(1)]
    assert proxy.lost == 1
    proxy.answers_to_lose = 1
    [ended] = await storage.lease_ends(BOT, now=SOON, until=SOON + MINUTE, limit=5)
    proxy.answers_to_lose = 1
    assert await storage.settle_end(ended) is True
    assert proxy.lost == 3


async def test_a_postponement_whose_answer_was_lost_has_happened(storage: RedisSessionStorage, proxy: Proxy) -> None:
    await storage.add(KEY, sent(1), if_closed=IfClosed.OPEN)
    session = await _due(storage)
    proxy.answers_to_lose = 1
    assert await storage.postpone_session(session, Due(SOON, SOON)) is True
    assert proxy.lost == 1


async def test_entries_whose_claim_was_repeated_are_pending_once(storage: RedisSessionStorage, proxy: Proxy) -> None:
    for number in range(20):
        await storage.add(KEY, sent(number))
    claims = [storage.claim(KEY, [sent(number) for number in range(20)], now=NOW, until=SOON) for _ in range(10)]
    proxy.answers_to_lose = 3
    claimed = [message for part in await asyncio.gather(*claims) for message in part]
    assert sorted(message.message_id for message in claimed) == list(range(20))
    assert len(await storage.pending(BOT)) == 20


async def test_groups_whose_answers_are_lost_write_everything_once_in_order(
    storage: RedisSessionStorage, proxy: Proxy
) -> None:
    await storage.open(KEY, at=NOW)

    async def write(writer: int) -> None:
        for number in range(20):
            if number % 7 == 0:
                proxy.answers_to_lose = 1
            assert await storage.record(IN_PRIVATE, sent(writer * 1_000 + number)) == 1

    await asyncio.gather(*(write(writer) for writer in range(20)))
    listed = [it.message_id for it in await storage.list(KEY)]
    assert len(listed) == 400
    for writer in range(20):
        assert [it % 1_000 for it in listed if it // 1_000 == writer] == list(range(20))
    assert proxy.lost >= 3


async def test_what_left_meanwhile_is_not_brought_back_by_a_repeated_record(
    storage: RedisSessionStorage, proxy: Proxy, redis_server: RedisServer
) -> None:
    """The answer that was kept is given, although the record would do something else by now."""
    await storage.open(KEY, at=NOW)
    other = RedisSessionStorage(redis_server.url)
    calls: Any = storage._calls
    real = calls._do

    async def between(work: Any, client: Any) -> Any:
        await real(work, client)
        await other.close(KEY, at=NOW)
        await other.open(KEY, at=NOW)
        return await real(work, client)

    calls._do = between
    assert await storage.record(IN_PRIVATE, sent(5)) == 1
    calls._do = real
    assert await storage.list(KEY) == []
    await other.aclose()
