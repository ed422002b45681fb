"""What there is in the storage is told once a minute, on every storage, and costs a large one little."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from tests.promises.storages import Line
from tests.telemetry.conftest import Watched
from tgslices.telemetry import PENDING_AGES, SessionEvent, StockTaken, StorageFailed
from tgslices.testing import Failure

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


async def test_stock_is_what_is_open_how_old_it_is_and_what_is_pending_for_how_long(watched: Watched) -> None:
    async with watched.worker(patience=timedelta()) as bot:
        begin = watched.api.clock.now()
        stock = bot.sessions._sweeping._stock
        assert stock is not None
        await stock.take_if_due()
        assert watched.told.of(StockTaken) == [StockTaken(bot.id, begin, 0, None, dict.fromkeys(PENDING_AGES, 0))]
        old, young = (bot.sessions.get(watched.chat.id, qualifier=name) for name in ("old", "young"))
        await old.open()
        await old.send_message("one")
        watched.later(HOUR)
        for text in ("two", "three"):
            await young.send_message(text)
        watched.api.faults.add(Failure(502), method="deleteMessages")
        assert len((await young.clear()).pending) == 2
        await bot.sessions.upkeep.stop()
        watched.later(2 * MINUTE)
        await stock.take_if_due()
    [_, taken] = watched.told.of(StockTaken)
    assert (taken.open_sessions, taken.oldest_sent_at) == (2, begin.replace(microsecond=0))
    assert taken.pending == {timedelta(): 2, MINUTE: 2, HOUR: 0, timedelta(days=1): 0}


async def test_a_running_bot_tells_it_by_itself_and_not_twice_a_minute(watched: Watched) -> None:
    is_told = asyncio.Event()

    def observe(event: SessionEvent) -> None:
        watched.told(event)
        if isinstance(event, StockTaken):
            is_told.set()

    async with watched.worker(polls=True, observer=observe) as bot:
        await is_told.wait()
        stock = bot.sessions._sweeping._stock
        assert stock is not None
        await stock.take_if_due()
        await stock.take_if_due()
        assert len(watched.told.of(StockTaken)) == 1
        watched.later(MINUTE)
        await stock.take_if_due()
        assert len(watched.told.of(StockTaken)) == 2


async def test_a_clock_that_is_put_back_stops_no_telling(watched: Watched) -> None:
    async with watched.worker() as bot:
        stock = bot.sessions._sweeping._stock
        assert stock is not None
        watched.later(timedelta(days=1))
        await stock.take_if_due()
        watched.later(-timedelta(days=1))
        await stock.take_if_due()
        assert len(watched.told.of(StockTaken)) == 2


async def test_a_storage_that_fails_is_told_and_what_is_due_is_done_all_the_same(watched: Watched) -> None:
    line = Line(watched.storage)
    async with watched.worker(storage=line) as bot:
        stock = bot.sessions._sweeping._stock
        assert stock is not None
        await watched.order(bot).send_message("one")
        line.is_down = True
        await stock.take_if_due()
        assert watched.told.of(StockTaken) == []
        [failed] = watched.told.of(StorageFailed)
        assert failed.method in {"count_pending", "list_sessions"}  # a plugin's pending deletions are in this process
        line.is_down = False
        watched.later(MINUTE)
        await stock.take_if_due()
        assert len(watched.told.of(StockTaken)) == 1
