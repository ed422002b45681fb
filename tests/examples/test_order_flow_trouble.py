"""What a customer of the example sees when something fails at the end of an order, or the bot's process dies there."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import cast

import pytest
from aiogram.exceptions import TelegramAPIError, TelegramRetryAfter, TelegramServerError

from tests.deletion.mortal import Life
from tests.examples.processes import AT_ONCE, Town
from tests.promises.storages import Line
from tgslices import SessionStorage
from tgslices.testing import BotApi
from tgslices.testing.faults import Effect, Failure, Flood

DROPPED = "Your order is dropped. I have tidied up after us."
NOTHING_TO_END = "There is no order to end. /order starts one."
ADDRESS_MENU = "One large pizza. Where to? Type the address."
FIRST_MENU = "What would you like?"


@pytest.fixture
async def town(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Town]:
    monkeypatch.setattr("tgslices.data.stored_places.LEASE", AT_ONCE)  # nobody waits for what a killed process held
    async with BotApi() as api:
        yield Town(api)


@pytest.mark.parametrize(
    ("fault", "error"), [(Flood(5), TelegramRetryAfter), (Failure(500), TelegramServerError)], ids=["429", "500"]
)
async def test_a_farewell_that_fails_is_all_that_is_missing(
    town: Town, fault: Effect, error: type[TelegramAPIError]
) -> None:
    async with town.process() as bot:
        await bot.takes_an_order()
        town.api.faults.add(fault, method="sendMessage")
        with pytest.raises(error):
            await bot.hears("/cancel")
        assert town.chat.texts() == []
        assert town.wipes == [3]

        await bot.hears("/cancel")
        assert town.chat.texts() == ["/cancel", NOTHING_TO_END]
        await bot.hears("/order")
        assert town.chat.texts() == ["/cancel", NOTHING_TO_END, "/order", FIRST_MENU]
        assert len(await bot.slice().messages()) == 2


async def test_a_tap_whose_farewell_fails_has_dropped_the_order_all_the_same(town: Town) -> None:
    async with town.process() as bot:
        await bot.takes_an_order()
        await bot.hears("12 Harbour Road")
        town.api.faults.add(Flood(5), method="sendMessage")
        with pytest.raises(TelegramRetryAfter):
            await bot.feels("Drop it")
        assert town.chat.texts() == []
        await bot.hears("/order")
        assert town.chat.texts() == ["/order", FIRST_MENU]


async def test_a_wipe_that_fails_for_a_moment_is_repeated(town: Town) -> None:
    async with town.process() as bot:
        await bot.takes_an_order()
        town.api.faults.add(Failure(500), method="deleteMessages")
        await bot.hears("/cancel")
        assert town.chat.texts() == [DROPPED]


async def test_an_order_is_over_while_a_flood_holds_its_wipe_back(town: Town) -> None:
    town.lease = timedelta(minutes=1)  # a shorter one ends while the wipe waits, and the bot's upkeep takes over
    async with town.process() as bot:
        await bot.takes_an_order()
        town.api.faults.add(Flood(60), method="deleteMessages")
        await bot.hears("/cancel")
        held_back = ["/order", ADDRESS_MENU, "/cancel"]
        assert town.chat.texts() == [*held_back, DROPPED]
        assert [len(wipe.pending) for wipe in town.wipes] == [3]
        await bot.hears("/order")
        assert town.chat.texts() == [*held_back, DROPPED, "/order", FIRST_MENU]
        assert len(await bot.slice().messages()) == 2


async def test_a_wipe_that_the_storage_refuses_is_asked_for_again(town: Town) -> None:
    line = Line(town.slices)
    town.slices = cast(SessionStorage, line)
    async with town.process() as bot:
        await bot.takes_an_order()
        line.is_down = True
        with pytest.raises(ConnectionError, match=r"^the line is cut$"):
            await bot.hears("/cancel")
        assert town.chat.texts() == ["/order", ADDRESS_MENU, "/cancel"]
        assert town.wipes == []

        line.is_down = False
        await bot.hears("/cancel")
        assert town.chat.texts() == [DROPPED]
        assert town.wipes == [4]


async def test_a_kill_at_any_step_of_leaving_costs_the_farewell_at_the_most(town: Town) -> None:
    steps, life = 0, Life(0)
    while life.is_over or steps == 0:
        town.welcomes_somebody_new()
        life = Life()
        async with town.process(life) as bot:
            await bot.takes_an_order()
            life.left = steps
            await bot.hears("/cancel")
        async with town.process() as bot:
            await bot.bot.sessions.settle_pending()
            await bot.handle()
            await bot.hears("/cancel")
            left = [text for text in town.chat.texts() if text != "/cancel"]
            assert left in ([DROPPED], [NOTHING_TO_END], [DROPPED, NOTHING_TO_END]), steps
            await bot.hears("/order")
            assert town.chat.texts()[-2:] == ["/order", FIRST_MENU]
            assert len(await bot.slice().messages()) == 2
        steps += 1
    assert steps > 20, "every step was tried"
