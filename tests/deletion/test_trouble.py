"""Floods, failing networks and servers, cancellation, a failing storage: what is not settled stays pending."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

import pytest
from aiogram.exceptions import TelegramUnauthorizedError

from tests.deletion.stage import Stage, all_gone, none_gone
from tgslices.deletion.pacing import Patience
from tgslices.model import PendingDeletion
from tgslices.results import ClearResult
from tgslices.storage.memory import MemorySessionStorage
from tgslices.testing import Drop, Failure, Flood, Slow

SECOND = timedelta(seconds=1)


async def plant_in_chats(stage: Stage, chats: int, count: int = 1) -> list[Any]:
    people = [stage.api.add_person(f"P{n}") for n in range(chats)]
    return [message for person in people for message in stage.plant(stage.private_chat(person), count)]


# Floods


async def test_a_flood_answer_is_waited_out(stage: Stage) -> None:
    stage.api.faults.add(Flood(retry_after=7))
    messages = stage.plant(stage.private_chat(), 3)
    result = await stage.clear(stage.records(messages))
    assert (len(result.accepted), result.requests) == (3, 2)
    assert stage.naps == [7]


async def test_a_flood_answer_pauses_every_clear_of_the_bot(stage: Stage) -> None:
    messages = await plant_in_chats(stage, 6)
    stage.api.faults.add(Flood(retry_after=5), chat=messages[0].chat.id)
    executor = stage.executor(in_flight=1)
    first = executor.run(stage.bot, await stage.claim(stage.records(messages[:3])))
    second = executor.run(stage.bot, await stage.claim(stage.records(messages[3:])))
    start = stage.now
    results = await asyncio.gather(first, second)
    assert stage.naps == [5, 5], "both waited, at the same time"
    assert stage.now - start == 5 * SECOND
    assert [len(result.accepted) for result in results] == [3, 3]
    assert [r.status for r in stage.api.requests] == [429, *[200] * 6]


async def test_a_flood_that_outlasts_the_patience_leaves_the_rest_pending_until_it_is_over(stage: Stage) -> None:
    messages = await plant_in_chats(stage, 20)
    stage.api.faults.add(Flood(retry_after=100), times=None)
    result = await stage.clear(stage.records(messages), in_flight=4)
    assert len(result.pending) == 20
    assert result.requests <= 4
    assert stage.naps == []
    assert {entry.due_at for entry in await stage.pending()} == {stage.now + 100 * SECOND}
    stage.api.faults.clear()
    await stage.settle_all()
    assert all_gone(messages)


async def test_a_new_clear_during_a_long_pause_asks_nothing(stage: Stage) -> None:
    first, second = await plant_in_chats(stage, 2)
    stage.api.faults.add(Flood(retry_after=100))
    executor = stage.executor()
    await executor.run(stage.bot, await stage.claim([stage.record(first)]))
    result = await executor.run(stage.bot, await stage.claim([stage.record(second)]))
    assert (len(result.pending), result.requests) == (1, 0)


async def test_floods_that_never_end_use_up_the_patience_even_while_a_test_holds_the_clock(stage: Stage) -> None:
    async def no_sleep(seconds: float) -> None:
        stage.naps.append(seconds)

    stage.api.faults.add(Flood(retry_after=10), times=None)
    executor = stage.executor()
    executor._pacing._sleep = no_sleep
    result = await executor.run(stage.bot, await stage.claim(stage.records(stage.plant(stage.private_chat()))))
    assert len(result.pending) == 1
    assert stage.naps == [10, 10, 10], "half a minute is the patience"


# Faults


@pytest.mark.parametrize("fault", [Failure(500), Failure(502), Drop(), Drop(after_work=True)])
async def test_a_fault_is_retried_with_backoff(stage: Stage, fault: Any) -> None:
    stage.api.faults.add(fault, times=3)
    messages = stage.plant(stage.private_chat(), 100)
    result = await stage.clear(stage.records(messages))
    assert (len(result.accepted), result.requests) == (100, 4)
    assert stage.naps == [0.5, 1, 2]
    assert all_gone(messages)


async def test_a_server_that_is_away_leaves_everything_pending_within_the_patience(stage: Stage) -> None:
    messages = await plant_in_chats(stage, 40)
    await stage.api.refuse()
    start = stage.now
    result = await stage.clear(stage.records(messages), patience=10 * SECOND)
    assert len(result.pending) == 40
    assert stage.now - start <= 10 * SECOND
    assert result.requests <= 4 * 6, "and not one for each chat"
    await stage.api.accept()
    await stage.settle_all()
    assert all_gone(messages)


async def test_a_chat_that_always_fails_does_not_hold_up_the_others(stage: Stage) -> None:
    messages = await plant_in_chats(stage, 30)
    poison = messages[0]
    stage.api.faults.add(Failure(500), chat=poison.chat.id, times=None)
    result = await stage.clear(stage.records(messages), in_flight=1, patience=3 * SECOND)
    assert result.pending == (stage.record(poison),)
    assert len(result.accepted) == 29


async def test_without_patience_nothing_is_tried_twice(stage: Stage) -> None:
    stage.api.faults.add(Failure(500))
    claimed = await stage.claim(stage.records(stage.plant(stage.private_chat(), 5)))
    result = await stage.executor().run(stage.bot, claimed, patience=Patience(timedelta()))
    assert (len(result.pending), result.requests, stage.naps) == (5, 1, [])


async def test_what_is_pending_rests_longer_each_time(stage: Stage) -> None:
    stage.api.faults.add(Failure(500), times=None)
    claimed = await stage.claim(stage.records(stage.plant(stage.private_chat())))
    executor = stage.executor(patience=timedelta())
    await executor.run(stage.bot, claimed)
    rests = []
    for _ in range(14):
        (entry,) = await stage.pending()
        rests.append((entry.due_at - stage.now).total_seconds())
        stage.api.clock.move(entry.due_at - stage.now)
        await stage.settle_due(executor)
    assert rests == [5, 5, 10, 20, 40, 80, 160, 320, 640, 1280, 2560, 2560, 2560, 2560]


async def test_nothing_is_retried_once_telegram_would_refuse_it_anyway(stage: Stage) -> None:
    api = stage.api
    owner, customer = api.add_person("Owner"), api.add_person("Customer")
    business_chat = api.world.business_chat(customer, owner)
    unreachable_kinds = [
        stage.record(stage.plant(stage.private_chat())[0]),
        stage.record(stage.plant(stage.private_chat())[0], date=None),
        stage.record(stage.plant(business_chat)[0], business_connection_id="c"),
    ]
    api.faults.add(Failure(500), times=None)
    executor = stage.executor(patience=timedelta())
    await executor.run(stage.bot, await stage.claim(unreachable_kinds))
    api.clock.move(timedelta(hours=48, seconds=1))
    before = len(api.requests)
    result = await stage.settle_due(executor)
    assert len(result.expired) == 3
    assert len(api.requests) == before
    assert await stage.pending() == []


async def test_a_message_that_gets_too_old_while_it_waits_is_not_asked_for(stage: Stage) -> None:
    age = timedelta(hours=47, minutes=59)
    messages = stage.plant(stage.private_chat(), 3, age=age)
    stage.api.faults.add(Flood(retry_after=90))
    result = await stage.clear(stage.records(messages), patience=timedelta(minutes=5))
    assert (len(result.expired), result.requests) == (3, 1)


# Errors that are raised


async def test_a_revoked_token_is_raised_and_everything_stays_pending(stage: Stage) -> None:
    messages = await plant_in_chats(stage, 10)
    stage.api.faults.add(Failure(401), times=None)
    with pytest.raises(TelegramUnauthorizedError):
        await stage.clear(stage.records(messages))
    assert len(await stage.pending()) == 10
    assert len(stage.api.requests) <= 4


async def test_an_error_of_a_request_middleware_is_raised_and_leaves_only_pending_entries(stage: Stage) -> None:
    async def broken(make_request: Any, bot: Any, method: Any) -> Any:
        raise LookupError("no such tenant")

    stage.bot.session.middleware(broken)
    with pytest.raises(LookupError, match="no such tenant"):
        await stage.clear(stage.records(stage.plant(stage.private_chat(), 3)))
    assert len(await stage.pending()) == 3


# Old servers


async def test_a_server_without_batches_gets_single_messages(stage: Stage) -> None:
    stage.api.faults.add(Failure(404, "Not Found: method not found"), method="deleteMessages", times=None)
    messages = stage.plant(stage.private_chat(), 250)
    stage.api.world.remove(messages[:3])
    executor = stage.executor()
    result = await executor.run(stage.bot, await stage.claim(stage.records(messages)))
    assert len(result.accepted) == 250
    assert all_gone(messages)
    assert stage.api.count("deleteMessages") <= 4
    more = stage.plant(stage.private_chat(), 5)
    again = await executor.run(stage.bot, await stage.claim(stage.records(more)))
    assert (len(again.accepted), again.requests) == (5, 5), "what was learnt outlives the run"


async def test_a_server_that_knows_no_path_at_all_is_not_taken_for_an_old_one(stage: Stage) -> None:
    stage.api.faults.add(Failure(404, "Not Found"), times=None)
    executor = stage.executor(patience=timedelta())
    messages = stage.plant(stage.private_chat(), 5)
    result = await executor.run(stage.bot, await stage.claim(stage.records(messages)))
    assert len(result.pending) == 5
    stage.api.faults.clear()
    stage.api.clock.move(timedelta(minutes=2))
    assert (await stage.settle_due(executor)).requests == 1


async def test_a_batch_that_gets_lost_on_the_way_once_is_not_remembered_as_a_missing_method(stage: Stage) -> None:
    stage.api.faults.add(Failure(404, "Not Found"))
    executor = stage.executor()
    messages = stage.plant(stage.private_chat(), 203)
    lost = await executor.run(stage.bot, await stage.claim(stage.records(messages[:3])))
    assert (len(lost.accepted), lost.requests) == (3, 4)
    later = await executor.run(stage.bot, await stage.claim(stage.records(messages[3:])))
    assert (len(later.accepted), later.requests) == (200, 2)


async def test_a_server_without_ephemeral_messages_makes_them_unreachable(stage: Stage) -> None:
    stage.api.faults.add(Failure(404, "Not Found: method not found"), method="deleteEphemeralMessage", times=None)
    group = stage.api.add_group("G", members=[stage.account, stage.ann])
    ephemeral = stage.api.world.store_ephemeral(group, stage.account, stage.ann, "text", {})
    result = await stage.clear([stage.record(ephemeral)])
    assert (len(result.unreachable), result.requests) == (1, 1)


# Cancellation


async def test_cancellation_leaves_only_pending_entries_that_are_due_at_once(stage: Stage) -> None:
    held = asyncio.Event()
    messages = await plant_in_chats(stage, 10)
    stage.api.faults.add(Slow(until=held), times=None, skip=2)
    claimed = await stage.claim(stage.records(messages))
    clearing = asyncio.create_task(stage.executor(in_flight=2).run(stage.bot, claimed))
    await _until(lambda: len(stage.api.requests) == 4)
    clearing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await clearing
    held.set()
    left = await stage.pending()
    assert len(left) == 8
    assert {entry.due_at for entry in left} == {stage.now}
    result = await stage.settle_due()
    assert len(result.accepted) == 8
    assert all_gone(messages)


@pytest.mark.parametrize("turns", [1, 2, 4, 8])
async def test_a_cancellation_while_a_large_session_is_prepared_makes_all_of_it_due(stage: Stage, turns: int) -> None:
    (planted,) = stage.plant(stage.private_chat())
    records = [stage.record(planted, message_id=number) for number in range(1, 20_001)]
    clearing = asyncio.create_task(stage.executor().run(stage.bot, await stage.claim(records)))
    for _ in range(turns):
        await asyncio.sleep(0)
    assert stage.api.requests == []
    clearing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await clearing
    assert {entry.due_at for entry in await stage.pending()} == {stage.now}


async def test_a_cancellation_while_the_bot_is_paused_ends_the_wait(stage: Stage) -> None:
    sleeping = asyncio.Event()

    async def forever(_: float) -> None:
        sleeping.set()
        await asyncio.Event().wait()

    stage.api.faults.add(Flood(retry_after=5))
    executor = stage.executor()
    executor._pacing._sleep = forever
    claimed = await stage.claim(stage.records(stage.plant(stage.private_chat())))
    clearing = asyncio.create_task(executor.run(stage.bot, claimed))
    await sleeping.wait()
    clearing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await clearing
    assert len(await stage.pending()) == 1


# The storage


class ForgetfulStorage(MemorySessionStorage):
    """Fails to write down what was settled or postponed, so many times."""

    failures = 0

    def _fail(self) -> None:
        if self.failures:
            self.failures -= 1
            raise ConnectionError("the database is down")

    async def settle(self, pending: Collection[PendingDeletion]) -> int:
        self._fail()
        return await super().settle(pending)

    async def postpone(self, pending: Collection[PendingDeletion], *, until: datetime) -> None:
        self._fail()
        await super().postpone(pending, until=until)


async def test_a_storage_that_fails_while_settling_is_harmless(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    stage.storage = storage = ForgetfulStorage()
    messages = stage.plant(stage.private_chat(), 5)
    claimed = await stage.claim(stage.records(messages))
    storage.failures = 1
    result = await stage.executor().run(stage.bot, claimed)
    assert len(result.accepted) == 5
    (error,) = [r.getMessage() for r in caplog.records if r.levelno == logging.ERROR]
    assert error == (
        "The storage failed: 5 deletions are done, but not settled; they will be asked for again, which is harmless: "
        "ConnectionError"
    )
    assert len(await stage.pending()) == 5
    stage.api.clock.move(timedelta(minutes=1))
    assert len((await stage.settle_due()).accepted) == 5
    assert await stage.pending() == []


async def test_a_storage_that_fails_while_a_lease_is_prolonged_stops_nothing(stage: Stage) -> None:
    stage.storage = storage = ForgetfulStorage()
    messages = stage.plant(stage.private_chat(), 5)
    claimed = await stage.claim(stage.records(messages))
    stage.api.clock.move(timedelta(seconds=50))
    storage.failures = 1
    assert len((await stage.executor().run(stage.bot, claimed)).accepted) == 5


# One at a time, and many


async def test_no_more_requests_are_in_flight_than_allowed_for_all_runs_of_the_bot_together(stage: Stage) -> None:
    most = 0
    stage.api.latency = timedelta(milliseconds=2)

    async def watch(make_request: Any, bot: Any, method: Any) -> Any:
        nonlocal most
        result = await make_request(bot, method)
        most = max(most, stage.api.calls.in_flight)
        return result

    stage.bot.session.middleware(watch)
    executor = stage.executor(in_flight=3)
    messages = await plant_in_chats(stage, 30)
    runs = [executor.run(stage.bot, await stage.claim([record])) for record in stage.records(messages)]
    results: list[ClearResult] = await asyncio.gather(*runs)
    assert sum(len(result.accepted) for result in results) == 30
    assert most <= 3


async def test_four_requests_of_one_chat_are_in_flight_at_once(stage: Stage) -> None:
    held = asyncio.Event()
    stage.api.faults.add(Slow(until=held), times=None)
    claimed = await stage.claim(stage.records(stage.plant(stage.private_chat(), 1000)))
    clearing = asyncio.create_task(stage.executor().run(stage.bot, claimed))
    await _until(lambda: stage.api.calls.in_flight == 4)
    assert len(stage.api.requests) == 4
    held.set()
    assert (await clearing).requests == 10


async def test_an_executor_outlives_its_event_loop(stage: Stage) -> None:
    executor = stage.executor(in_flight=1)
    messages = await plant_in_chats(stage, 3)

    async def clear_in_another_loop() -> int:
        claimed = await stage.claim(stage.records(messages))
        return (await executor.run(stage.bot, claimed)).requests

    assert await clear_in_another_loop() == 3
    slots = executor._pacing._semaphore()
    assert await asyncio.to_thread(lambda: asyncio.run(_slots_of(executor))) is not slots


async def _slots_of(executor: Any) -> asyncio.Semaphore:
    slots: asyncio.Semaphore = executor._pacing._semaphore()
    return slots


async def _until(condition: Any) -> None:
    async with asyncio.timeout(5):
        while not condition():
            await asyncio.sleep(0.001)


async def test_nothing_outside_of_what_was_claimed_is_touched_by_any_trouble(stage: Stage) -> None:
    mine, theirs = stage.plant(stage.private_chat(), 50), stage.plant(stage.private_chat(), 50)
    for fault in (Failure(500), Flood(), Drop(after_work=True), Drop()):
        stage.api.faults.add(fault)
    await stage.clear(stage.records(mine))
    assert all_gone(mine)
    assert none_gone(theirs)
