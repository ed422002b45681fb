"""Promise: sessions end by themselves, each once, and none that is used; what is to be told is told."""

from __future__ import annotations

import asyncio
import dataclasses
import gc
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.promises.storages import Line, ListStorage, Stepwise
from tests.promises.workers import worker_of
from tgslices import (
    Ended,
    Lifetime,
    MemorySessionStorage,
    Session,
    SessionBot,
    SessionData,
    SessionKey,
    SessionStorage,
    TrackedMessage,
    unrecorded,
)
from tgslices.ending import due_sessions
from tgslices.storage.acquiring import durable
from tgslices.storage.sqlalchemy import SQLAlchemySessionStorage
from tgslices.testing import BotAccount, BotApi, ChatView, Failure, Flood, Person, Slow

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
ORDERS = {"order": Lifetime(idle=2 * HOUR)}
KINDS = ("memory", "sqlite", "shared sqlite", "plugin")


class World:
    """A bot whose sessions end by themselves, Ann who writes to it, and the time that both go by."""

    def __init__(self, api: BotApi, storage: SessionStorage) -> None:
        self.api = api
        self.storage = storage
        self.account: BotAccount = api.add_bot("order_bot")
        self.ann: Person = api.add_person("Ann")
        self.chat: ChatView = self.ann.private_chat(self.account)
        self.told: list[Ended] = []
        api.clock.freeze()

    async def tell(self, ended: Ended) -> None:
        self.told.append(ended)

    @asynccontextmanager
    async def worker(
        self,
        lifetimes: object = ORDERS,
        *,
        on_end: Callable[..., object] | None = None,
        storage: SessionStorage | None = None,
        polls: bool = False,
    ) -> AsyncIterator[SessionBot]:
        """Run a process of the bot's; one that does not poll does nothing by itself."""
        tell = None if lifetimes is None else on_end or self.tell
        options = {"storage": storage or self.storage, "lifetimes": lifetimes, "on_end": tell}
        async with worker_of(self.api, self.account, polls=polls, **options) as bot:
            yield bot

    def order(self, bot: SessionBot, qualifier: str = "order") -> Session:
        return bot.sessions.get(self.chat.id, self.ann.id, qualifier=qualifier)

    def later(self, time: timedelta) -> None:
        self.api.clock.move(time)

    def texts(self) -> list[str]:
        return [text or "" for text in self.chat.texts()]


@pytest.fixture(params=KINDS)
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> SessionStorage:
    match request.param:
        case "memory":
            return MemorySessionStorage()
        case "plugin":
            return ListStorage()
        case "shared sqlite":
            return SQLAlchemySessionStorage(f"sqlite:///{tmp_path / 'slices.db'}", shared=True)
        case _:
            return SQLAlchemySessionStorage(f"sqlite:///{tmp_path / 'slices.db'}")


@pytest.fixture
async def world(storage: SessionStorage) -> AsyncIterator[World]:
    async with BotApi() as api:
        yield World(api, storage)


async def test_an_abandoned_session_is_wiped_closed_and_told(world: World) -> None:
    async with world.worker() as bot:
        order = world.order(bot)
        await order.send_message("What would you like?")
        world.later(2 * HOUR - MINUTE)
        assert await bot.sessions.sweep() == 0
        assert await order.is_open()
        world.later(MINUTE)
        result = await bot.sessions.sweep()
        assert (int(result), len(result.accepted)) == (1, 1)
        assert world.texts() == []
        assert not await order.is_open()
        [ended] = world.told
        assert (ended.key, ended.reason, int(ended.result), ended.at) == (order.key, "idle", 1, world.api.clock.now())
        assert ended.bot is bot
        await bot.sessions.sweep()
        world.later(10 * HOUR)
        await bot.sessions.sweep()
        assert len(world.told) == 1


async def test_what_is_said_puts_the_end_off(world: World) -> None:
    async with world.worker() as bot:
        order = world.order(bot)
        for number in range(4):
            await order.send_message(f"Question {number}")
            world.later(HOUR)
            assert await bot.sessions.sweep() == 0
        world.later(HOUR - MINUTE)
        assert await bot.sessions.sweep() == 0
        world.later(MINUTE)
        assert await bot.sessions.sweep() == 4
        assert [ended.reason for ended in world.told] == ["idle"]


async def test_what_was_said_and_cleared_since_puts_the_end_off_too(world: World) -> None:
    async with world.worker({"order": Lifetime(idle=30 * HOUR)}, polls=True) as bot:
        order = await world.order(bot).open()
        for _ in range(4):
            world.later(11 * HOUR)
            await world.chat.types("pizza")
            await world.api.idle()
            assert await order.clear() == 1
            await bot.sessions.sweep()
        world.later(29 * HOUR)
        await bot.sessions.sweep()
        assert await order.is_open()
        world.later(HOUR)
        await bot.sessions.sweep()
        assert not await order.is_open()


async def test_a_session_lasts_no_longer_than_most_whatever_is_said(world: World) -> None:
    async with world.worker({"order": Lifetime(idle=2 * HOUR, most=3 * HOUR)}) as bot:
        order = world.order(bot)
        for number in range(3):
            await order.send_message(f"Question {number}")
            world.later(HOUR)
        assert await bot.sessions.sweep() == 3
        assert [ended.reason for ended in world.told] == ["most"]


async def test_a_session_that_is_only_closed_leaves_its_messages_in_the_chat(world: World) -> None:
    async with world.worker({"order": Lifetime(idle=HOUR, then="close")}) as bot:
        order = world.order(bot)
        await order.send_message("What would you like?")
        world.later(HOUR)
        assert await bot.sessions.sweep() == 0
        assert world.texts() == ["What would you like?"]
        assert await order.messages() == []
        assert not await order.is_open()
        assert [int(ended.result) for ended in world.told] == [0]


async def test_sessions_without_a_lifetime_stay(world: World) -> None:
    async with world.worker() as bot:
        support = world.order(bot, "support")
        await support.send_message("Hello")
        world.later(timedelta(days=30))
        await bot.sessions.sweep()
        assert await support.is_open()
        assert world.told == []


@pytest.mark.parametrize("polls", [True, False])
@pytest.mark.parametrize("lifetimes", [ORDERS, lambda key: ORDERS.get(key.qualifier)])
async def test_what_was_open_before_it_had_a_lifetime_ends_too(world: World, lifetimes: object, polls: bool) -> None:
    if isinstance(world.storage, ListStorage):
        world.storage = MemorySessionStorage()  # what a plugin does not keep is gone with its process
    async with world.worker(None) as old_release:
        for qualifier in ("order", "support"):
            await world.order(old_release, qualifier).send_message(qualifier)
        world.later(HOUR)
        await world.order(old_release).send_message("Are you still there?")
        world.later(HOUR)
        async with world.worker(lifetimes) as new_release:
            assert await new_release.sessions.sweep() == 0, "an hour ago something was said"
        world.later(HOUR)
        async with world.worker(lifetimes, polls=polls) as new_release:
            if not polls:
                await new_release.sessions.sweep()
            await _until(lambda: bool(world.told))
            assert [it.key.qualifier for it in world.told] == ["order"]
            assert world.texts() == ["support"]
            assert await world.order(new_release, "support").is_open()


async def test_a_bot_without_lifetimes_looks_through_nothing_at_its_start(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    if isinstance(world.storage, ListStorage):
        world.storage = MemorySessionStorage()
    storage, listed = durable(world.storage), list[int]()
    list_sessions = storage.list_sessions

    async def counted(*arguments: Any, **options: Any) -> Any:
        listed.append(1)
        return await list_sessions(*arguments, **options)

    monkeypatch.setattr(storage, "list_sessions", counted)
    async with world.worker(None) as old_release:
        await world.order(old_release).send_message("What would you like?")
        async with world.worker(None, polls=True) as bot:
            await bot.sessions.sweep()
        assert listed == []
        async with world.worker() as bot:
            for _ in range(3):
                await bot.sessions.sweep()
        assert len(listed) == 1, "once in a process"


async def test_a_function_of_the_key_may_tell_the_lifetime(world: World) -> None:
    def lifetime(key: SessionKey) -> Lifetime | None:
        return Lifetime(most=HOUR) if key.qualifier and key.qualifier.startswith("captcha") else None

    async with world.worker(lifetime) as bot:
        captcha, support = world.order(bot, "captcha 1"), world.order(bot, "support")
        for session in (captcha, support):
            await session.open()
        world.later(HOUR)
        await bot.sessions.sweep()
        assert (await captcha.is_open(), await support.is_open()) == (False, True)


@pytest.mark.parametrize("answer", [ValueError("no"), "an hour"])
async def test_a_function_that_fails_ends_nothing_and_is_logged(
    world: World, answer: object, caplog: pytest.LogCaptureFixture
) -> None:
    def lifetime(key: SessionKey) -> object:
        if isinstance(answer, Exception):
            raise answer
        return answer

    async with world.worker(lifetime) as bot:
        order = world.order(bot)
        await order.send_message("What would you like?")
        world.later(timedelta(days=1))
        await bot.sessions.sweep()
        assert await order.is_open()
    assert any("The lifetime of" in line for line in caplog.messages)


async def test_a_session_that_is_opened_again_starts_anew(world: World) -> None:
    async with world.worker() as bot:
        order = world.order(bot)
        await order.send_message("one")
        world.later(HOUR)
        await order.clear()
        await order.close()
        await order.send_message("two")
        world.later(HOUR)
        assert await bot.sessions.sweep() == 0
        world.later(HOUR)
        assert await bot.sessions.sweep() == 1
        await order.open()
        world.later(2 * HOUR)
        await bot.sessions.sweep()
        assert len(world.told) == 2


async def test_a_lifetime_that_was_taken_away_ends_nothing(world: World) -> None:
    async with world.worker() as bot:
        await world.order(bot).send_message("What would you like?")
        world.later(3 * HOUR)
        async with world.worker({"support": Lifetime(idle=HOUR)}) as other:
            await other.sessions.sweep()
            assert await world.order(bot).is_open()
        world.later(3 * HOUR)
        await bot.sessions.sweep()
        assert await world.order(bot).is_open()


# Telegram's 48 hours


async def test_messages_go_before_they_get_too_old_while_the_session_goes_on(world: World) -> None:
    async with world.worker({"order": Lifetime(before_limit=HOUR)}) as bot:
        support = world.order(bot)
        for number in range(5):
            await support.send_message(f"day {number}")
            world.later(timedelta(days=1))
            for _ in range(3):
                await bot.sessions.sweep()
        assert world.texts() == ["day 4"]
        assert await support.is_open()
        world.later(23 * HOUR + MINUTE)
        assert await bot.sessions.sweep() == 1
        assert (world.texts(), world.told) == ([], [])
        assert await support.is_open()


async def test_no_entry_gets_past_the_limit_when_a_worker_runs(world: World) -> None:
    expired: list[TrackedMessage] = []
    async with world.worker({"order": Lifetime(before_limit=HOUR)}) as bot:
        support = world.order(bot)
        for hour in range(100):
            if not hour % 7:
                await support.send_message(f"hour {hour}")
            world.later(HOUR)
            expired += (await bot.sessions.sweep()).expired
        assert expired == []
        assert world.texts() == [f"hour {hour}" for hour in range(56, 100, 7)]


# What is told


async def test_on_end_that_raises_is_logged_and_told_again(world: World, caplog: pytest.LogCaptureFixture) -> None:
    async def raises_twice(ended: Ended) -> None:
        world.told.append(ended)
        if len(world.told) < 3:
            raise RuntimeError("not now")

    async with world.worker(on_end=raises_twice) as bot:
        await world.order(bot).send_message("What would you like?")
        world.later(2 * HOUR)
        for _ in range(6):
            await bot.sessions.sweep()
            world.later(MINUTE)
    assert [(ended.reason, int(ended.result)) for ended in world.told] == [("idle", 1), ("idle", 0), ("idle", 0)]
    assert sum("on_end failed" in line and "RuntimeError" in line for line in caplog.messages) == 2


async def test_on_end_that_waits_for_what_was_cancelled_is_told_again(world: World) -> None:
    async def waits_in_vain(ended: Ended) -> None:
        world.told.append(ended)
        if len(world.told) == 1:
            lost = asyncio.create_task(asyncio.sleep(60))
            lost.cancel()
            await lost

    async with world.worker(on_end=waits_in_vain) as bot:
        await world.order(bot).send_message("What would you like?")
        world.later(2 * HOUR)
        assert await bot.sessions.sweep() == 1
        world.later(MINUTE)
        await bot.sessions.sweep()
    assert len(world.told) == 2


async def test_on_end_that_always_raises_is_given_up_after_a_day(world: World) -> None:
    async def raises(ended: Ended) -> None:
        world.told.append(ended)
        raise RuntimeError

    async with world.worker(on_end=raises) as bot:
        await world.order(bot).open()
        world.later(2 * HOUR)
        for _ in range(50):
            await bot.sessions.sweep()
            world.later(HOUR / 2)
        times = len(world.told)
        assert 10 < times < 50
        world.later(timedelta(days=3))
        await bot.sessions.sweep()
        assert len(world.told) == times


async def test_what_on_end_sends_is_in_no_block_of_whoever_asked_for_the_sweep(world: World) -> None:
    async def farewell(ended: Ended) -> None:
        await ended.bot.send_message(ended.key.chat_id, "Your order was cancelled.")

    async with world.worker(on_end=farewell) as bot:
        await world.order(bot).open()
        world.later(2 * HOUR)
        async with world.order(bot, "support") as support:
            await bot.sessions.sweep()
        assert await support.messages() == []
        assert world.texts() == ["Your order was cancelled."]


async def test_on_end_may_send_and_opens_nothing(world: World) -> None:
    async def farewell(ended: Ended) -> None:
        world.told.append(ended)
        await ended.session.send_message("Your order was cancelled.")
        with unrecorded():
            await ended.bot.send_message(ended.key.chat_id, "Bye")

    async with world.worker(on_end=farewell) as bot:
        order = world.order(bot)
        await order.send_message("What would you like?")
        world.later(2 * HOUR)
        await bot.sessions.sweep()
        world.later(9 * HOUR)
        await bot.sessions.sweep()
        assert len(world.told) == 1
        assert world.texts() == ["Your order was cancelled.", "Bye"]
        assert not await order.is_open()
        await order.open()
        assert await order.clear() == 1
        assert world.texts() == ["Bye"]


async def test_a_worker_that_died_while_it_told_an_end_is_replaced(world: World) -> None:
    if isinstance(world.storage, ListStorage):
        world.storage = MemorySessionStorage()  # as above
    begun = asyncio.Event()

    async def hangs(ended: Ended) -> None:
        begun.set()
        await asyncio.Event().wait()

    async with world.worker(on_end=hangs) as dying:
        await world.order(dying).send_message("What would you like?")
        world.later(2 * HOUR)
        sweeping = asyncio.create_task(dying.sessions.sweep())
        await begun.wait()
        sweeping.cancel()
        await asyncio.wait([sweeping])
        assert world.texts() == []
        async with world.worker() as bot:
            await bot.sessions.sweep()
            assert world.told == []
            world.later(2 * MINUTE)
            await bot.sessions.sweep()
            assert [ended.reason for ended in world.told] == ["idle"]


async def test_deletions_may_be_pending_when_an_end_is_told(world: World) -> None:
    async with world.worker() as bot:
        await world.order(bot).send_message("What would you like?")
        world.api.faults.add(Flood(3600), method="deleteMessages", times=1)
        world.later(2 * HOUR)
        await bot.sessions.sweep()
        [ended] = world.told
        assert len(ended.result.pending) == 1
        await bot.sessions.upkeep.stop()
        world.later(2 * HOUR)
        await bot.sessions.sweep()
        assert world.texts() == []
        assert len(world.told) == 1


# Races


async def test_a_session_that_is_used_while_its_end_is_decided_goes_on(world: World) -> None:
    line = Line(world.storage if not isinstance(world.storage, ListStorage) else MemorySessionStorage())
    async with world.worker(storage=line) as bot:
        order = world.order(bot)
        await order.send_message("one")
        world.later(2 * HOUR)
        storage: Any = bot.sessions.tracker.storage
        lease = line.lease_sessions

        async def leases_late(*args: object, **kwargs: object) -> object:
            leased = await lease(*args, **kwargs)
            if leased:
                world.later(timedelta(seconds=1))
                await order.send_message("two")
            return leased

        storage.lease_sessions = leases_late
        assert await bot.sessions.sweep() == 0
        assert await order.is_open()
        assert world.texts() == ["one", "two"]
        assert world.told == []


@dataclasses.dataclass
class Form:
    item: str | None = None


FORM = SessionData(Form)


async def test_a_session_whose_data_somebody_has_goes_on(world: World) -> None:
    """A handler that was begun by a tap records nothing, and holds the form from its begin to its end."""
    async with world.worker({"order": Lifetime(idle=30 * MINUTE)}) as bot:
        order = world.order(bot)
        await order.send_message("one")
        async with order.data(FORM) as form:
            world.later(30 * MINUTE)
            assert await bot.sessions.sweep() == 0
            world.later(MINUTE)
            assert await bot.sessions.sweep() == 0
            form.item = "pizza"
        assert (await order.data(FORM).read()).item == "pizza"
        assert await order.is_open()
        world.later(20 * MINUTE)
        assert await bot.sessions.sweep() == 0
        world.later(10 * MINUTE)
        assert await bot.sessions.sweep() == 1
        assert not await order.is_open()
        assert await order.data(FORM).read() == Form()


async def test_a_session_whose_data_another_worker_has_goes_on(world: World) -> None:
    if isinstance(world.storage, ListStorage):
        world.storage = MemorySessionStorage()
    async with world.worker() as one, world.worker() as two:
        await world.order(one).send_message("one")
        world.later(2 * HOUR)
        async with world.order(one).data(FORM) as form:
            assert await two.sessions.sweep() == 0
            form.item = "pizza"
        assert (await world.order(two).data(FORM).read()).item == "pizza"
        assert await world.order(two).is_open()


@pytest.mark.parametrize("lifetime", [Lifetime(most=HOUR), Lifetime(idle=10 * MINUTE, most=HOUR)], ids=["most", "both"])
async def test_data_that_is_held_does_not_put_the_last_end_off(world: World, lifetime: Lifetime) -> None:
    async with world.worker({"order": lifetime}) as bot:
        order = world.order(bot)
        await order.send_message("one")
        world.later(HOUR)
        async with order.data(FORM) as form:
            assert await bot.sessions.sweep() == 1
            form.item = "pizza"
        assert await order.data(FORM).read() == Form()


async def test_who_never_stops_talking_does_not_put_the_last_end_off(world: World) -> None:
    line = Line(world.storage if not isinstance(world.storage, ListStorage) else MemorySessionStorage())
    async with world.worker({"order": Lifetime(most=HOUR)}, storage=line) as bot:
        order = world.order(bot)
        await order.send_message("one")
        world.later(HOUR)
        storage: Any = bot.sessions.tracker.storage
        lease = line.lease_sessions

        async def leases_late(*args: object, **kwargs: object) -> object:
            leased = await lease(*args, **kwargs)
            if leased:
                world.later(timedelta(seconds=1))
                await order.send_message("two")
            return leased

        storage.lease_sessions = leases_late
        assert await bot.sessions.sweep() == 2
        assert (world.texts(), [ended.reason for ended in world.told]) == ([], ["most"])


async def test_a_send_that_is_on_its_way_when_the_end_is_decided_keeps_the_session(world: World) -> None:
    async with world.worker() as bot:
        order = world.order(bot)
        await order.send_message("one")
        world.later(2 * HOUR)
        answer = asyncio.Event()
        fault = world.api.faults.add(Slow(until=answer, after_work=True), method="sendMessage", times=1)
        sending = asyncio.create_task(order.send_message("two"))
        await world.chat.until(lambda _: fault.hits > 0)
        sweeping = asyncio.create_task(bot.sessions.sweep())
        await asyncio.sleep(0)
        world.later(timedelta(seconds=1))
        answer.set()
        await sending
        assert await sweeping == 0
        assert await order.is_open()
        assert world.texts() == ["one", "two"]


async def test_what_is_sent_in_a_block_whose_session_has_ended_is_in_no_session(world: World) -> None:
    async with world.worker() as bot:
        order = world.order(bot)
        async with order:
            await bot.send_message(world.chat.id, "one")
            world.later(2 * HOUR)
            assert await bot.sessions.sweep() == 1
            await bot.send_message(world.chat.id, "two")
        assert world.texts() == ["two"]
        assert await order.messages() == []
        assert not await order.is_open()


async def test_two_workers_end_a_session_once(world: World) -> None:
    if isinstance(world.storage, ListStorage):
        world.storage = MemorySessionStorage()
    storage = Stepwise(world.storage)
    async with world.worker(storage=storage) as one, world.worker(storage=storage) as two:
        for number in range(120):
            await world.order(one, "order").send_message("x") if not number else None
            await one.sessions.get(world.chat.id, number + 1, qualifier="order").open()
        world.later(2 * HOUR)
        results = await asyncio.gather(*(bot.sessions.sweep() for bot in (one, two, one, two)))
        assert sum(results) == 1
        keys = [ended.key for ended in world.told]
        assert len(keys) == len(set(keys)) == 121 - (world.ann.id <= 120)
        assert world.api.count("deleteMessages") == 1


async def test_a_restart_after_a_day_ends_what_is_nearest_to_its_limit_first(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(due_sessions, "AT_ONCE", 1)  # what is done side by side may end in any order
    lifetimes = {"order": Lifetime(idle=24 * HOUR), "captcha": Lifetime(idle=5 * MINUTE)}
    async with world.worker(lifetimes) as bot:
        old = world.order(bot, "order")
        await old.send_message("old")
        world.later(20 * HOUR)
        young = world.order(bot, "captcha")
        await young.send_message("young")
        world.later(24 * HOUR)
        await bot.sessions.sweep()
        assert [ended.key.qualifier for ended in world.told] == ["order", "captcha"]
        assert [len(ended.result.accepted) for ended in world.told] == [1, 1]


async def test_a_group_that_migrates_while_its_session_is_due_ends_under_its_new_id(world: World) -> None:
    group = world.api.add_group("Team", members=[world.ann, world.account])
    async with world.worker(polls=True) as bot:
        order = bot.sessions.get(group.id, qualifier="order")
        await order.send_message("What would you like?")
        await world.api.idle()
        supergroup = world.api.migrate(group)
        await world.api.idle()
        world.later(2 * HOUR)
        await bot.sessions.sweep()
        assert [ended.key.chat_id for ended in world.told] == [supergroup.id]
        assert not await bot.sessions.get(supergroup.id, qualifier="order", collect=False).is_open()


async def test_a_clock_that_is_put_back_puts_ends_off_and_loses_none(world: World) -> None:
    async with world.worker() as bot:
        order = world.order(bot)
        await order.send_message("What would you like?")
        world.later(-10 * HOUR)
        await bot.sessions.sweep()
        assert await order.is_open()
        world.later(12 * HOUR)
        assert await bot.sessions.sweep() == 1


async def test_a_long_session_ends_whole(world: World) -> None:
    async with world.worker() as bot:
        order = await world.order(bot).open()
        sent = await bot.send_message(world.chat.id, "again")
        for number in range(2_300):
            await order.track(sent.model_copy(update={"message_id": 10_000 + number}))
        world.later(2 * HOUR)
        assert await bot.sessions.sweep() == 2_300
        assert await order.messages() == []
        assert [int(ended.result) for ended in world.told] == [2_300]


# By itself


async def test_a_running_bot_ends_sessions_by_itself(world: World) -> None:
    async with world.worker(polls=True) as bot:
        order = world.order(bot)
        await order.send_message("What would you like?")
        world.later(2 * HOUR)
        bot.sessions.upkeep.wake()
        await world.chat.until(lambda view: not view.texts())
        await _until(lambda: bool(world.told))
        assert not await order.is_open()


async def test_a_start_after_a_downtime_ends_what_came_due_meanwhile(world: World) -> None:
    if isinstance(world.storage, ListStorage):
        world.storage = MemorySessionStorage()  # what a plugin does not keep is gone with its process
    async with world.worker() as bot:
        await world.order(bot).send_message("What would you like?")
        world.later(24 * HOUR)
        async with world.worker(polls=True):
            await world.chat.until(lambda view: not view.texts())
            await _until(lambda: bool(world.told))


async def test_a_session_that_a_fed_bot_opened_is_ended_though_no_update_comes_any_more(world: World) -> None:
    async with world.worker() as bot:
        await world.order(bot).send_message("What would you like?")
        world.later(2 * HOUR)
        bot.sessions.upkeep.wake()
        await _until(lambda: bool(world.told))
    gc.collect()


async def test_a_failing_storage_delays_ends_and_loses_none(world: World, caplog: pytest.LogCaptureFixture) -> None:
    line = Line(world.storage if not isinstance(world.storage, ListStorage) else MemorySessionStorage())
    async with world.worker(storage=line) as bot:
        await world.order(bot).send_message("What would you like?")
        world.later(2 * HOUR)
        line.is_down = True
        with pytest.raises(ConnectionError):
            await bot.sessions.sweep()
        line.is_down = False
        assert await bot.sessions.sweep() == 1
        assert len(world.told) == 1
    assert caplog.records == [] or all(record.levelno < logging.CRITICAL for record in caplog.records)


async def test_telegram_that_fails_leaves_an_ended_session_ended_and_its_messages_pending(world: World) -> None:
    async with world.worker() as bot:
        order = world.order(bot)
        await order.send_message("What would you like?")
        world.later(2 * HOUR)
        world.api.faults.add(Failure(401), method="deleteMessages", times=1)
        with pytest.raises(Exception, match="Unauthorized"):
            await bot.sessions.sweep()
        assert not await order.is_open()
        await bot.sessions.upkeep.stop()
        world.later(HOUR)
        await bot.sessions.sweep()
        assert world.texts() == []
        assert len(world.told) == 1


async def _until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not holds():
            await asyncio.sleep(0.01)
