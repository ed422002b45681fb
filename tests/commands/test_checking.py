"""The verb ``check`` finds each thing that would keep messages from being deleted in time."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import make_url

from tests.commands.conftest import BOT, run
from tests.storage.redis.servers import RedisServer
from tests.storage.sqlalchemy.backends import PostgresServer
from tests.storage.sqlalchemy.test_described import where, write_version_1
from tgslices.commands.checking import judge_clock, judge_lateness
from tgslices.model import SessionKey
from tgslices.storage.ending_protocol import Due
from tgslices.storage.protocol import DurableSessionStorage
from tgslices.storage.redis.codes.names import Names
from tgslices.storage.sqlalchemy import SQLAlchemySessionStorage
from tgslices.testing.contract.samples import NOW, sent

HOUR = timedelta(hours=1)
ORDER = SessionKey(BOT, 7, 7, qualifier="order")
IDENTITY = ("--bot", str(BOT), "--json")

__all__ = ("where",)


async def test_nothing_is_found_where_all_is_well(storage: DurableSessionStorage, url: str) -> None:
    now = datetime.now(UTC)
    await storage.open(ORDER, at=now, due=Due(now + HOUR, now + HOUR))
    await storage.add(ORDER, sent(1, date=now, at=now))
    ran = await run("check", url, *IDENTITY)
    assert (ran.code, ran.json) == (0, {"findings": []})


async def test_everything_is_found_that_is_late_near_its_limit_or_still_to_come(
    storage: DurableSessionStorage, url: str
) -> None:
    now = datetime.now(UTC)
    await storage.open(ORDER, at=now - 9 * HOUR, due=Due(now - HOUR, now + HOUR))
    await storage.add(ORDER, sent(1, date=now - 47.5 * HOUR, at=now))
    await storage.open(SessionKey(BOT, 8), at=now + HOUR)
    await storage.add(ORDER, sent(2, date=now, at=now))
    await storage.claim(ORDER, [sent(2)], now=now, until=now - HOUR)
    ran = await run("check", url, *IDENTITY)
    assert ran.code == 1
    texts = [(it["kind"], it["text"]) for it in ran.json["findings"]]
    assert [kind for kind, _ in texts] == ["late", "late", "limit", "clock"]
    assert texts[0][1].startswith("A pending deletion has been due for 1 h: no worker does what is due.")
    assert texts[1][1].startswith("A session has been due for 1 h")
    assert texts[2][1].startswith("chat=7,user=7,qualifier=order has entries near the 48 hours")
    assert texts[3][1].startswith("chat=8 has times that are still to come")
    near = await run("check", url, *IDENTITY, "--margin", "5m")
    assert "limit" not in {it["kind"] for it in near.json["findings"]}


async def test_a_session_that_is_late_is_found_beside_one_that_is_due_in_days(
    storage: DurableSessionStorage, url: str
) -> None:
    now = datetime.now(UTC)
    await storage.open(ORDER, at=now, due=Due(now - HOUR, now + HOUR))
    await storage.open(SessionKey(BOT, 8), at=now, due=Due(now + 40 * HOUR, now + 40 * HOUR))
    ran = await run("check", url, *IDENTITY)
    assert [it["text"].partition(":")[0] for it in ran.json["findings"]] == ["A session has been due for 1 h"]


async def test_a_pending_deletion_that_is_late_is_found_beside_one_that_is_due_in_days(
    storage: DurableSessionStorage, url: str
) -> None:
    now = datetime.now(UTC)
    for number, hours in ((1, 100), (2, -1)):
        await storage.add(ORDER, sent(number, date=now, at=now))
        await storage.claim(ORDER, None, now=now, until=now + hours * HOUR)
    ran = await run("check", url, *IDENTITY)
    assert [it["text"].partition(":")[0] for it in ran.json["findings"]] == ["A pending deletion has been due for 1 h"]


async def test_what_is_late_is_found_behind_what_a_worker_has_leased(storage: DurableSessionStorage, url: str) -> None:
    now = datetime.now(UTC)
    for number, hours in ((1, -2), (2, -1)):
        key = SessionKey(BOT, number)
        await storage.open(key, at=now, due=Due(now + hours * HOUR, now + HOUR))
        await storage.add(key, sent(number, number, date=now, at=now))
        await storage.claim(key, None, now=now, until=now + hours * HOUR)
    [pending] = await storage.lease(BOT, now=now, until=now + HOUR / 60, limit=1)
    [session] = await storage.lease_sessions(BOT, now=now, until=now + HOUR / 60, limit=1)
    assert (pending.key.chat_id, session.key.chat_id) == (1, 1)
    ran = await run("check", url, *IDENTITY)
    texts = [it["text"].partition(":")[0] for it in ran.json["findings"]]
    assert texts == ["A pending deletion has been due for 1 h", "A session has been due for 1 h"]


async def test_a_finding_names_a_few_sessions_and_counts_the_others(storage: DurableSessionStorage, url: str) -> None:
    now = datetime.now(UTC)
    for number in range(12):
        await storage.open(SessionKey(BOT, number), at=now + HOUR)
    ran = await run("check", url, *IDENTITY)
    [finding] = ran.json["findings"]
    assert finding["text"].startswith("chat=0 chat=1 chat=2")
    assert " chat=9 and 2 more have times that are still to come" in finding["text"]


async def test_a_schema_of_an_older_release_is_found_and_left_as_it_is(postgres: PostgresServer, where: str) -> None:
    await write_version_1(postgres, where)
    for _ in range(2):
        ran = await run("check", where, *IDENTITY)
        assert ran.code == 1
        [finding] = ran.json["findings"]
        assert finding["kind"] == "schema"
        assert "have version 1, and this release needs version 2" in finding["text"]
    assert (await run("sessions", where, *IDENTITY)).code == 2


async def execute(postgres: PostgresServer, where: str, statement: str) -> None:
    """Change a database as its administrator would."""
    url = make_url(where)
    if url.drivername.startswith("postgresql"):
        await postgres.execute(str(url.database), statement)
        return
    with closing(sqlite3.connect(str(url.database))) as connection, connection:
        connection.execute(statement)


async def test_a_schema_of_a_newer_release_and_a_missing_index_are_found(postgres: PostgresServer, where: str) -> None:
    storage = SQLAlchemySessionStorage(where)
    await storage.start()
    await storage.aclose()
    await execute(postgres, where, "DROP INDEX tgslices_keys_opened")
    ran = await run("check", where, *IDENTITY)
    assert [(it["kind"], "tgslices_keys_opened" in it["text"]) for it in ran.json["findings"]] == [("server", True)]
    await execute(postgres, where, "UPDATE tgslices_meta SET value = '99'")
    ran = await run("check", where, *IDENTITY)
    assert (ran.code, ran.json["findings"][0]["kind"]) == (1, "schema")
    assert "version 99" in ran.json["findings"][0]["text"]


async def test_a_layout_of_another_release_is_found_in_redis(redis_server: RedisServer, redis_url: str) -> None:
    with redis_server.client() as client:
        client.set(Names("tgslices").version, "99")
    ran = await run("check", redis_url, *IDENTITY)
    assert (ran.code, ran.json["findings"][0]["kind"]) == (1, "schema")
    assert "the layout b'99', which this release does not know" in ran.json["findings"][0]["text"]
    assert (await run("sessions", redis_url, *IDENTITY)).code == 2


async def test_a_wrong_eviction_policy_is_found(redis_server: RedisServer, redis_url: str) -> None:
    with redis_server.client() as client:
        client.config_set("maxmemory-policy", "allkeys-lru")
        try:
            ran = await run("check", redis_url, *IDENTITY)
        finally:
            client.config_set("maxmemory-policy", "noeviction")
    assert ran.code == 1
    assert [it["kind"] for it in ran.json["findings"]] == ["server"]
    assert "allkeys-lru" in ran.json["findings"][0]["text"]


@pytest.mark.parametrize("url", ["postgresql", "redis"], indirect=True)
async def test_a_server_tells_its_time(storage: DurableSessionStorage) -> None:
    told = await storage.server_time()  # type: ignore[attr-defined]  # not every storage can
    assert judge_clock(told, datetime.now(UTC)) == []
    [ahead] = judge_clock(told, datetime.now(UTC) + HOUR)
    assert ahead.kind == "clock"


def test_a_clock_that_differs_is_told_from_one_that_does_not() -> None:
    assert judge_clock(None, NOW) == []
    assert judge_clock(NOW, NOW + timedelta(seconds=10)) == []
    [ahead], [behind] = judge_clock(NOW, NOW + HOUR), judge_clock(NOW, NOW - HOUR)
    assert ahead.text.startswith("This machine's clock is 1 h ahead of the server's.")
    assert behind.text.startswith("This machine's clock is 1 h behind the server's.")


def test_what_is_due_a_moment_ago_is_not_late() -> None:
    assert judge_lateness(None, NOW, "session") == judge_lateness(NOW - timedelta(minutes=4), NOW, "session") == []
    assert len(judge_lateness(NOW - timedelta(minutes=6), NOW, "session")) == 1
