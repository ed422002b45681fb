"""A process that is killed while it erases a person leaves what the next call completes."""

from __future__ import annotations

import signal
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from tests.forks import start
from tgslices import SessionBot, SessionConfig, SessionKey, SessionManager
from tgslices.model import IfClosed
from tgslices.storage.acquiring import durable
from tgslices.storage.data_protocol import StoredData
from tgslices.storage.opening import open_storage
from tgslices.testing.contract.samples import sent

BOT, PERSON, GROUP = 42, 7, -1007
KEYS = tuple(SessionKey(BOT, PERSON, PERSON, qualifier=str(number)) for number in range(3))
EVERYBODY = SessionKey(BOT, GROUP)


@pytest.mark.parametrize(("call", "number"), [("close", 2), ("erase_entries", 1), ("settle", 1)], ids=str)
async def test_what_a_killed_process_left_is_erased_by_the_next_call(url: str, call: str, number: int) -> None:
    now = datetime.now(UTC)
    storage = durable(open_storage(url))
    for key in KEYS:
        await storage.add(key, sent(1, at=now), if_closed=IfClosed.OPEN)
        await storage.put_data(key, {"form": StoredData("1", 1, now, outlives_close=True)})
    await storage.add(EVERYBODY, sent(5, GROUP, at=now), if_closed=IfClosed.OPEN)
    await storage.add(EVERYBODY, sent(6, GROUP, user_id=8, at=now))
    expired = replace(sent(2, at=now), date=now - timedelta(days=3))  # Telegram is not asked for it
    await storage.add(KEYS[0], expired)
    await storage.claim(KEYS[0], [expired], now=now, until=now)
    await storage.aclose()
    if "redis" in url:
        call, number = call.replace("close", "erase_sessions"), 1
    process = await start("tests.ending.killed_eraser", url, call, str(number))
    assert await process.wait() == -signal.SIGKILL
    await storage.start()
    async with SessionBot(f"{BOT}:TEST") as bot:
        erased = await SessionManager(bot, SessionConfig(storage=storage)).erase(PERSON)
    assert erased.is_whole
    assert await storage.open_keys(BOT) == [EVERYBODY]
    assert [entry.message_id for entry in await storage.list(EVERYBODY)] == [6]
    for key in KEYS:
        assert await storage.list(key) == []
        assert await storage.read_data(key, now=now) == {}
    assert await storage.pending(BOT) == []
    await storage.aclose()
