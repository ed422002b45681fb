"""Each thing that happens is told once, on every storage, whatever is repeated, fails or is done by two workers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta

import pytest

from tests.deletion.mortal import Killed
from tests.promises.storages import Line, ListStorage
from tests.telemetry.conftest import Told, Watched
from tgslices import DataConflict, Lifetime, Outcome, SessionData, SessionStorage
from tgslices.data.renewal import LEASE
from tgslices.storage.ending_protocol import EndReason
from tgslices.telemetry import (
    Answered,
    DataConflicted,
    DeletionAsked,
    MessageRecorded,
    MessagesClaimed,
    MessagesSettled,
    SessionClosed,
    SessionEnded,
    SessionOpened,
    StorageFailed,
    Work,
    WorkBegun,
    WorkDone,
    WritesWaiting,
)
from tgslices.testing import BotApi, Failure, Flood, Slow

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)


@pytest.fixture
async def shared(shared_storage: SessionStorage) -> AsyncIterator[Watched]:
    """A bot whose workers share a storage."""
    async with BotApi() as api:
        yield Watched(api, shared_storage)


@dataclass
class Cart:
    pizzas: int = 0


CART = SessionData(Cart)


async def test_a_conversation_is_told_from_its_opening_to_its_close(watched: Watched) -> None:
    async with watched.worker(polls=True) as bot:
        order = await watched.order(bot).open()
        async with order:
            await order.send_message("Which pizza?")
        await watched.says("Margherita")
        await watched.api.idle()
        assert await order.clear() == 2
        await order.send_message("Thank you.")
        assert await order.close() == 1
    told = watched.told
    assert told.names() == [
        *("SessionOpened", "MessageRecorded", "MessageRecorded"),
        *("WorkBegun", "MessagesClaimed", "DeletionAsked", "MessagesSettled", "WorkDone"),
        *("MessageRecorded", "SessionClosed"),
    ]
    assert told.of(SessionOpened) == [SessionOpened(order.key)]
    assert [(event.bot_id, event.sessions) for event in told.of(MessageRecorded)] == [(bot.id, 1)] * 3
    [claimed] = told.of(MessagesClaimed)
    assert (claimed.key, len(claimed.messages), claimed.at) == (order.key, 2, watched.api.clock.now())
    [asked] = told.of(DeletionAsked)
    assert (asked.bot_id, asked.messages, asked.answer) == (bot.id, 2, Answered.ACCEPTED)
    assert asked.took >= timedelta()
    assert told.of(MessagesSettled) == [MessagesSettled(bot.id, 2, Outcome.ACCEPTED, None)]
    [done] = told.of(WorkDone)
    assert (done.begun, done.messages, done.requests, done.error) == (told.of(WorkBegun)[0], 2, 1, None)
    assert (done.begun.bot_id, done.begun.work) == (bot.id, Work.CLEAR)
    assert told.of(SessionClosed) == [SessionClosed(order.key, 1)]


async def test_a_session_is_told_to_be_opened_and_closed_once_whoever_asks_again(watched: Watched) -> None:
    async with watched.worker() as bot:
        order = watched.order(bot)
        await asyncio.gather(*(order.send_message(str(number)) for number in range(5)))
        await order.open()
        async with order:
            await order.send_message("five")
        await asyncio.gather(*(order.close() for _ in range(3)))
        await order.open()
        await bot.sessions.unsubscribe(order.key)
        await bot.sessions.unsubscribe(order.key)
        assert watched.told.of(SessionOpened) == [SessionOpened(order.key)] * 2
        assert watched.told.of(SessionClosed) == [SessionClosed(order.key, 6), SessionClosed(order.key, 0)]
        assert len(watched.told.of(MessageRecorded)) == 6


async def test_two_workers_tell_together_what_happened_once(shared: Watched) -> None:
    watched = shared
    told, lifetimes = [Told(), Told()], {"order": Lifetime(idle=HOUR)}
    async with (
        watched.worker(observer=told[0], lifetimes=lifetimes) as one,
        watched.worker(observer=told[1], lifetimes=lifetimes) as other,
    ):
        orders = [watched.order(one), watched.order(other)]
        await asyncio.gather(*(order.send_message("hi") for order in orders for _ in range(3)))
        watched.later(2 * HOUR)
        await asyncio.gather(one.sessions.sweep(), other.sessions.sweep())
        await asyncio.gather(one.sessions.sweep(), other.sessions.sweep())
    key = orders[0].key
    assert told[0].of(SessionOpened) + told[1].of(SessionOpened) == [SessionOpened(key)]
    ends = told[0].of(SessionEnded) + told[1].of(SessionEnded)
    assert ends == [SessionEnded(key, EndReason.IDLE, "clear")]
    claims = told[0].of(MessagesClaimed) + told[1].of(MessagesClaimed)
    assert [len(claim.messages) for claim in claims] == [6]
    settled = told[0].of(MessagesSettled) + told[1].of(MessagesSettled)
    assert [(event.messages, event.outcome) for event in settled] == [(6, Outcome.ACCEPTED)]
    assert told[0].of(SessionClosed) + told[1].of(SessionClosed) == []


async def test_what_is_refused_too_old_or_flooded_is_told_by_reason(watched: Watched) -> None:
    async with watched.worker() as bot:
        order = watched.order(bot)
        await order.send_message("old")
        watched.later(timedelta(hours=49))
        await order.send_message("new")
        await order.send_message("refused")
        watched.api.faults.add(Flood(1), method="deleteMessages")
        watched.api.faults.add(Failure(400, "Bad Request: message can't be deleted"), method="deleteMessages", times=2)
        result = await order.clear()
    told = watched.told
    assert (len(result.accepted), len(result.refused), len(result.expired)) == (1, 1, 1)
    asked = told.of(DeletionAsked)
    assert len(asked) == result.requests
    answers = [event.answer for event in asked]
    assert answers.count(Answered.FLOOD) == 1
    assert answers.count(Answered.REFUSED) == 2
    settled = {event.outcome: (event.messages, event.reason) for event in told.of(MessagesSettled)}
    assert sum(event.messages for event in told.of(MessagesSettled)) == 3
    assert settled[Outcome.REFUSED] == (1, "Bad Request: message can't be deleted")
    assert settled[Outcome.EXPIRED] == (1, "The message is too old for a bot to delete it.")
    assert settled[Outcome.ACCEPTED] == (1, None)


async def test_what_is_left_pending_is_settled_once_by_whoever_comes_later(watched: Watched) -> None:
    async with watched.worker(patience=timedelta()) as bot:
        order = watched.order(bot)
        await order.send_message("one")
        watched.api.faults.add(Failure(502), method="deleteMessages")
        result = await order.clear()
        assert len(result.pending) == 1
        assert watched.told.of(MessagesSettled) == []
        assert [event.answer for event in watched.told.of(DeletionAsked)] == [Answered.FAULT]
        await bot.sessions.upkeep.stop()  # which the pending message has woken
        watched.later(HOUR)
        assert await bot.sessions.settle_pending() == 1
        assert await bot.sessions.settle_pending() == 0
    assert watched.told.of(MessagesSettled) == [MessagesSettled(bot.id, 1, Outcome.ACCEPTED, None)]


async def test_a_storage_that_fails_is_told_with_what_waits_and_nothing_is_told_to_be_recorded_twice(
    watched: Watched,
) -> None:
    line = Line(watched.storage)
    async with watched.worker(storage=line, polls=True) as bot:
        order = await watched.order(bot).open()
        await bot.sessions.settle_pending()
        watched.told.events.clear()
        line.is_down = True
        await watched.says("one", "two")
        failures = watched.told.of(StorageFailed)
        assert {event.bot_id for event in failures} == {bot.id}
        assert "record" in {event.method for event in failures}
        assert isinstance(failures[0].error, ConnectionError)
        assert watched.told.of(WritesWaiting)[:2] == [WritesWaiting(bot.id, 1, 0), WritesWaiting(bot.id, 2, 0)]
        assert watched.told.of(MessageRecorded) == []
        line.is_down = False
        assert len(await order.messages()) == 2
    assert len(watched.told.of(MessageRecorded)) == 2
    assert watched.told.of(WritesWaiting)[-1] == WritesWaiting(bot.id, 0, 0)


async def test_writes_that_are_lost_are_told(watched: Watched) -> None:
    line = Line(watched.storage)
    async with watched.worker(storage=line, backlog=2) as bot:
        order = watched.order(bot)
        await order.open()
        line.is_down = True
        for text in ("one", "two", "three"):
            await order.send_message(text)
        waiting = watched.told.of(WritesWaiting)
        assert [(event.waiting, event.lost) for event in waiting] == [(1, 0), (2, 0), (2, 1)]
        await bot.sessions.aclose()
        assert watched.told.of(WritesWaiting)[-1] == WritesWaiting(bot.id, 2, 2)
        line.is_down = False


async def test_data_that_another_holder_has_taken_is_told(shared: Watched) -> None:
    watched = shared
    async with watched.worker() as bot, watched.worker(observer=Told()) as other:
        mine, theirs = watched.order(bot), watched.order(other)
        with pytest.raises(DataConflict):
            async with mine.data(CART) as cart:
                cart.pizzas = 1
                watched.later(2 * LEASE)
                async with theirs.data(CART) as taken:
                    taken.pizzas = 2
    assert watched.told.of(DataConflicted) == [DataConflicted(mine.key, ("Cart",))]


async def test_work_that_is_cancelled_is_told_with_what_ended_it(watched: Watched) -> None:
    async with watched.worker() as bot:
        order = watched.order(bot)
        await order.send_message("one")
        stuck = asyncio.Event()

        async def never(*_: object) -> object:
            stuck.set()
            return await asyncio.Event().wait()

        bot.session.middleware(never)  # type: ignore[arg-type]
        clearing = asyncio.create_task(order.clear())
        await stuck.wait()
        clearing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await clearing
    [done] = [event for event in watched.told.of(WorkDone) if event.begun.work is Work.CLEAR]
    assert isinstance(done.error, asyncio.CancelledError)
    assert {event.answer for event in watched.told.of(DeletionAsked)} == {Answered.RAISED}
    assert watched.told.of(MessagesSettled) == []


async def test_a_sweep_a_replay_and_a_migration_are_told_as_work(watched: Watched) -> None:
    async with watched.worker(polls=True, lifetimes={"order": Lifetime(idle=HOUR)}) as bot:
        desk = watched.api.add_supergroup("Desk", members=[watched.ann, watched.account])
        old = watched.api.add_group("Team", members=[watched.ann, watched.account])
        order = watched.order(bot)
        await order.send_message("one")
        await bot.sessions.get(old.id).open()
        await order.replay(desk.id)
        await bot.sessions.tracker.migrate(old.id, -1_000_000_000_777)
        watched.later(2 * HOUR)
        assert await bot.sessions.sweep() == 1
    done = {event.begun.work: event for event in watched.told.of(WorkDone)}
    assert {Work.REPLAY, Work.MIGRATE, Work.SWEEP} <= set(done)
    assert (done[Work.REPLAY].messages, done[Work.REPLAY].requests) == (1, 1)
    assert len(watched.told.of(WorkBegun)) == len(watched.told.of(WorkDone))
    assert len({event.number for event in watched.told.of(WorkBegun)}) == len(watched.told.of(WorkBegun))


async def test_messages_of_a_killed_worker_are_told_to_be_settled_by_the_next_one(shared: Watched) -> None:
    """The claim is the killed one's, the answer and the end are the next one's."""
    watched, heir = shared, Told()
    async with watched.worker() as bot, watched.worker(observer=heir) as other:
        order = watched.order(bot)
        for number in range(3):
            await order.send_message(str(number))

        async def die(*_: object) -> object:
            raise Killed

        bot.session.middleware(die)  # type: ignore[arg-type]
        with pytest.raises(Killed):
            await order.clear()
        await bot.sessions.upkeep.stop()
        watched.later(HOUR)
        assert await other.sessions.settle_pending() == 3
    assert [len(event.messages) for event in watched.told.of(MessagesClaimed) + heir.of(MessagesClaimed)] == [3]
    assert watched.told.of(MessagesSettled) == []
    assert [event.messages for event in heir.of(MessagesSettled)] == [3]


async def test_messages_that_two_workers_have_deleted_are_told_to_be_settled_once(shared: Watched) -> None:
    """The first worker stands still for longer than its lease, with its answer on the way."""
    watched, heir, answer = shared, Told(), asyncio.Event()
    async with watched.worker() as bot, watched.worker(observer=heir) as other:
        order = watched.order(bot)
        for number in range(3):
            await order.send_message(str(number))
        fault = watched.api.faults.add(Slow(until=answer, after_work=True), method="deleteMessages", times=1)
        clearing = asyncio.create_task(order.clear())
        await watched.api.world.changes.within(30, lambda: fault not in watched.api.faults)
        watched.later(HOUR)
        assert await other.sessions.settle_pending() == 3
        answer.set()
        assert len((await clearing).accepted) == 3
    assert [event.messages for event in heir.of(MessagesSettled)] == [3]
    assert watched.told.of(MessagesSettled) == []
    assert len(watched.told.of(DeletionAsked)) == len(heir.of(DeletionAsked)) == 1


async def test_an_erased_person_is_in_no_event_and_a_plugin_cannot_tell_all(
    watched: Watched,
) -> None:
    async with watched.worker() as bot:
        await watched.order(bot).send_message("one")
        watched.told.events.clear()
        erased = await bot.sessions.erase(watched.ann.id)
        assert (erased.sessions, erased.is_whole) == (1, not isinstance(watched.storage, ListStorage))
    assert str(watched.ann.id) not in str(watched.told.events)
