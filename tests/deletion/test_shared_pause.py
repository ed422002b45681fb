"""What a flood pauses is shared by the workers of a storage, by one round trip a minute."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from tests.deletion.test_pacing import Clocks
from tgslices import MemorySessionStorage, SessionBot, SessionConfig, SessionManager
from tgslices.deletion.pacing import Pacing
from tgslices.deletion.shared_pause import LOOK_EVERY, NAME, SharedPause
from tgslices.model import SessionKey
from tgslices.testing import BotApi
from tgslices.testing.faults import Flood

BOT = 42
SECOND = timedelta(seconds=1)


class Worker:
    def __init__(self, storage: MemorySessionStorage, clocks: Clocks) -> None:
        self.pacing: Pacing = clocks.pacing()
        self.shared = SharedPause(storage, self.pacing, clock=lambda: clocks.now)
        self.pacing.on_pause = self.shared.tell_soon


async def told() -> None:
    for _ in range(3):
        await asyncio.sleep(0)


async def test_a_worker_pauses_as_another_one_was_told_to() -> None:
    storage, clocks = MemorySessionStorage(), Clocks()
    first, second = Worker(storage, clocks), Worker(storage, clocks)
    await first.shared.look(BOT)
    first.pacing.pause(90 * SECOND)
    await told()
    await second.shared.look(BOT)
    assert second.pacing.paused_until == clocks.now + 90 * SECOND
    await clocks.sleep(100)
    assert second.pacing.paused_until is None
    third = Worker(storage, clocks)
    await third.shared.look(BOT)
    assert third.pacing.paused_until is None, "the pause is over"
    assert await storage.sweep(BOT, now=clocks.now, limit=10) == 1


async def test_a_worker_looks_once_a_minute_and_tells_what_is_news(monkeypatch: pytest.MonkeyPatch) -> None:
    storage, clocks = MemorySessionStorage(), Clocks()
    worker = Worker(storage, clocks)
    calls: list[str] = []
    for name in ("read_data", "put_data"):
        method = getattr(storage, name)

        async def counted(*arguments: Any, _name: str = name, _method: Any = method, **named: Any) -> Any:
            calls.append(_name)
            return await _method(*arguments, **named)

        monkeypatch.setattr(storage, name, counted)
    for _ in range(3):
        await worker.shared.look(BOT)
    for wait in (30, 30.5, 20):
        worker.pacing.pause(wait * SECOND)
        await told()
    assert calls == ["read_data", "put_data"]
    await clocks.sleep(LOOK_EVERY.total_seconds())
    await worker.shared.look(BOT)
    assert calls == ["read_data", "put_data", "read_data"]


async def test_a_storage_that_is_down_costs_nothing_but_the_news(monkeypatch: pytest.MonkeyPatch) -> None:
    storage, clocks = MemorySessionStorage(), Clocks()
    worker = Worker(storage, clocks)

    async def refuse(*_: object, **__: object) -> None:
        raise ConnectionError

    for name in ("read_data", "put_data"):
        monkeypatch.setattr(storage, name, refuse)
    await worker.shared.look(BOT)
    worker.pacing.pause(30 * SECOND)
    await told()
    assert worker.pacing.paused_until is not None


async def test_a_flood_that_meets_one_manager_keeps_another_one_from_asking() -> None:
    async with BotApi() as api:
        account = api.add_bot("order_bot")
        chat = api.add_person("Ann").private_chat(account)
        storage = MemorySessionStorage()
        bots = [SessionBot(account.token, session=api.client_session()) for _ in range(2)]
        managers = [SessionManager(bot, SessionConfig(storage, patience=timedelta())) for bot in bots]
        for bot, manager in zip(bots, managers, strict=True):
            bot.sessions = manager
        sessions = [manager.get(chat.id, chat.id, qualifier=str(at)) for at, manager in enumerate(managers)]
        for session in sessions:
            await session.send_message("goes")
        api.faults.add(Flood(60), method="deleteMessages")
        assert len((await sessions[0].clear()).pending) == 1
        await told()
        assert NAME in await storage.read_data(SessionKey(account.id, account.id), now=managers[0].config.clock())
        asked = api.count("deleteMessages")
        assert len((await sessions[1].clear()).pending) == 1
        assert api.count("deleteMessages") == asked
        for bot in bots:
            await bot.sessions.aclose()
            await bot.session.close()
