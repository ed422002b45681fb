"""Floods, failing networks and servers, cancellation, a failing storage: what is not settled stays pending."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

import pytest
from aiogram.exceptions import TelegramUnauthorizedError

from tests.deletion.scene import Scene, all_gone, none_gone
from tgslices.deletion.pacing import Patience
from tgslices.model import PendingDeletion
from tgslices.results import ClearResult
from tgslices.storage.memory import MemorySessionStorage
from tgslices.testing import Drop, Failure, Flood, Slow

SECOND = timedelta(seconds=1)


async def plant_in_chats(scene: Scene, chats: int, count: int = 1) -> list[Any]:
    people = [scene.api.add_person(f"P{n}") for n in range(chats)]
    return [message for person in people for message in scene.plant(scene.private_chat(person), count)]


# Floods


async def test_a_flood_answer_is_waited_out(scene: Scene) -> None:
    scene.api.faults.add(Flood(retry_after=7))
    messages = scene.plant(scene.private_chat(), 3)
    result = await scene.clear(scene.records(messages))
    assert (len(result.accepted), result.requests) == (3, 2)
    assert scene.naps == [7]


async def test_a_flood_answer_pauses_every_clear_of_the_bot(scene: Scene) -> None:
    messages = await plant_in_chats(scene, 6)
    scene.api.faults.add(Flood(retry_after=5), chat=messages[0].chat.id)
    executor = scene.executor(in_flight=1)
    first = executor.run(scene.bot, await scene.claim(scene.records(messages[:3])))
    second = executor.run(scene.bot, await scene.claim(scene.records(messages[3:])))
    start = scene.now
    results = await asyncio.gather(first, second)
    assert scene.naps == [5, 5], "both waited, at the same time"
    assert scene.now - start == 5 * SECOND
    assert [len(result.accepted) for result in results] == [3, 3]
    assert [r.status for r in scene.api.requests] == [429, *[200] * 6]


async def test_a_flood_that_outlasts_the_patience_leaves_the_rest_pending_until_it_is_over(
    scene: Scene,
) -> None:
    messages = await plant_in_chats(scene, 20)
    scene.api.faults.add(Flood(retry_after=100), times=None)
    result = await scene.clear(scene.records(messages), in_flight=4)
    assert len(result.pending) == 20
    assert result.requests <= 4
    assert scene.naps == []
    assert {entry.due_at for entry in await scene.pending()} == {scene.now + 100 * SECOND}
    scene.api.faults.clear()
    await scene.settle_all()
    assert all_gone(messages)


async def test_a_new_clear_during_a_long_pause_asks_nothing(scene: Scene) -> None:
    first, second = await plant_in_chats(scene, 2)
    scene.api.faults.add(Flood(retry_after=100))
    executor = scene.executor()
    await executor.run(scene.bot, await scene.claim([scene.record(first)]))
    result = await executor.run(scene.bot, await scene.claim([scene.record(second)]))
    assert (len(result.pending), result.requests) == (1, 0)


async def test_floods_that_never_end_use_up_the_patience_even_while_a_test_holds_the_clock(
    scene: Scene,
) -> None:
    async def no_sleep(seconds: float) -> None:
        scene.naps.append(seconds)

    scene.api.faults.add(Flood(retry_after=10), times=None)
    executor = scene.executor()
    executor.pacing._sleep = no_sleep
    result = await executor.run(scene.bot, await scene.claim(scene.records(scene.plant(scene.private_chat()))))
    assert len(result.pending) == 1
    assert scene.naps == [10, 10, 10], "half a minute is the patience"


# Faults


@pytest.mark.parametrize("fault", [Failure(500), Failure(502), Drop(), Drop(after_work=True)])
async def test_a_fault_is_retried_with_backoff(scene: Scene, fault: Any) -> None:
    scene.api.faults.add(fault, times=3)
    messages = scene.plant(scene.private_chat(), 100)
    result = await scene.clear(scene.records(messages))
    assert (len(result.accepted), result.requests) == (100, 4)
    assert scene.naps == [0.5, 1, 2]
    assert all_gone(messages)


async def test_a_server_that_is_away_leaves_everything_pending_within_the_patience(scene: Scene) -> None:
    messages = await plant_in_chats(scene, 40)
    await scene.api.refuse()
    start = scene.now
    result = await scene.clear(scene.records(messages), patience=10 * SECOND)
    assert len(result.pending) == 40
    assert scene.now - start <= 10 * SECOND
    assert result.requests <= 4 * 6, "and not one for each chat"
    await scene.api.accept()
    await scene.settle_all()
    assert all_gone(messages)


async def test_a_chat_that_always_fails_does_not_hold_up_the_others(scene: Scene) -> None:
    messages = await plant_in_chats(scene, 30)
    poison = messages[0]
    scene.api.faults.add(Failure(500), chat=poison.chat.id, times=None)
    result = await scene.clear(scene.records(messages), in_flight=1, patience=3 * SECOND)
    assert result.pending == (scene.record(poison),)
    assert len(result.accepted) == 29


async def test_without_patience_nothing_is_tried_twice(scene: Scene) -> None:
    scene.api.faults.add(Failure(500))
    claimed = await scene.claim(scene.records(scene.plant(scene.private_chat(), 5)))
    result = await scene.executor().run(scene.bot, claimed, patience=Patience(timedelta()))
    assert (len(result.pending), result.requests, scene.naps) == (5, 1, [])


async def test_what_is_pending_rests_longer_each_time(scene: Scene) -> None:
    scene.api.faults.add(Failure(500), times=None)
    claimed = await scene.claim(scene.records(scene.plant(scene.private_chat())))
    executor = scene.executor(patience=timedelta())
    await executor.run(scene.bot, claimed)
    rests = []
    for _ in range(14):
        (entry,) = await scene.pending()
        rests.append((entry.due_at - scene.now).total_seconds())
        scene.api.clock.move(entry.due_at - scene.now)
        await scene.settle_due(executor)
    assert rests == [5, 5, 10, 20, 40, 80, 160, 320, 640, 1280, 2560, 2560, 2560, 2560]


async def test_nothing_is_retried_once_telegram_would_refuse_it_anyway(scene: Scene) -> None:
    api = scene.api
    owner, customer = api.add_person("Owner"), api.add_person("Customer")
    business_chat = api.world.business_chat(customer, owner)
    unreachable_kinds = [
        scene.record(scene.plant(scene.private_chat())[0]),
        scene.record(scene.plant(scene.private_chat())[0], date=None),
        scene.record(scene.plant(business_chat)[0], business_connection_id="c"),
    ]
    api.faults.add(Failure(500), times=None)
    executor = scene.executor(patience=timedelta())
    await executor.run(scene.bot, await scene.claim(unreachable_kinds))
    api.clock.move(timedelta(hours=48, seconds=1))
    before = len(api.requests)
    result = await scene.settle_due(executor)
    assert len(result.expired) == 3
    assert len(api.requests) == before
    assert await scene.pending() == []


async def test_a_message_that_gets_too_old_while_it_waits_is_not_asked_for(scene: Scene) -> None:
    age = timedelta(hours=47, minutes=59)
    messages = scene.plant(scene.private_chat(), 3, age=age)
    scene.api.faults.add(Flood(retry_after=90))
    result = await scene.clear(scene.records(messages), patience=timedelta(minutes=5))
    assert (len(result.expired), result.requests) == (3, 1)


# Errors that are raised


async def test_a_revoked_token_is_raised_and_everything_stays_pending(scene: Scene) -> None:
    messages = await plant_in_chats(scene, 10)
    scene.api.faults.add(Failure(401), times=None)
    with pytest.raises(TelegramUnauthorizedError):
        await scene.clear(scene.records(messages))
    assert len(await scene.pending()) == 10
    assert len(scene.api.requests) <= 4


async def test_an_error_of_a_request_middleware_is_raised_and_leaves_only_pending_entries(scene: Scene) -> None:
    async def broken(make_request: Any, bot: Any, method: Any) -> Any:
        raise LookupError("no such tenant")

    scene.bot.session.middleware(broken)
    with pytest.raises(LookupError, match="no such tenant"):
        await scene.clear(scene.records(scene.plant(scene.private_chat(), 3)))
    assert len(await scene.pending()) == 3


# Old servers


async def test_a_server_without_batches_gets_single_messages(scene: Scene) -> None:
    scene.api.faults.add(Failure(404, "Not Found: method not found"), method="deleteMessages", times=None)
    messages = scene.plant(scene.private_chat(), 250)
    scene.api.world.remove(messages[:3])
    executor = scene.executor()
    result = await executor.run(scene.bot, await scene.claim(scene.records(messages)))
    assert len(result.accepted) == 250
    assert all_gone(messages)
    assert scene.api.count("deleteMessages") <= 4
    more = scene.plant(scene.private_chat(), 5)
    again = await executor.run(scene.bot, await scene.claim(scene.records(more)))
    assert (len(again.accepted), again.requests) == (5, 5), "what was learnt outlives the run"


async def test_a_server_that_knows_no_path_at_all_is_not_taken_for_an_old_one(scene: Scene) -> None:
    scene.api.faults.add(Failure(404, "Not Found"), times=None)
    executor = scene.executor(patience=timedelta())
    messages = scene.plant(scene.private_chat(), 5)
    result = await executor.run(scene.bot, await scene.claim(scene.records(messages)))
    assert len(result.pending) == 5
    scene.api.faults.clear()
    scene.api.clock.move(timedelta(minutes=2))
    assert (await scene.settle_due(executor)).requests == 1


async def test_a_batch_that_gets_lost_on_the_way_once_is_not_remembered_as_a_missing_method(
    scene: Scene,
) -> None:
    scene.api.faults.add(Failure(404, "Not Found"))
    executor = scene.executor()
    messages = scene.plant(scene.private_chat(), 203)
    lost = await executor.run(scene.bot, await scene.claim(scene.records(messages[:3])))
    assert (len(lost.accepted), lost.requests) == (3, 4)
    later = await executor.run(scene.bot, await scene.claim(scene.records(messages[3:])))
    assert (len(later.accepted), later.requests) == (200, 2)


async def test_a_server_without_ephemeral_messages_makes_them_unreachable(scene: Scene) -> None:
    scene.api.faults.add(Failure(404, "Not Found: method not found"), method="deleteEphemeralMessage", times=None)
    group = scene.api.add_group("G", members=[scene.account, scene.ann])
    ephemeral = scene.api.world.store_ephemeral(group, scene.account, scene.ann, "text", {})
    result = await scene.clear([scene.record(ephemeral)])
    assert (len(result.unreachable), result.requests) == (1, 1)


# Cancellation


async def test_cancellation_leaves_only_pending_entries_that_are_due_at_once(scene: Scene) -> None:
    held = asyncio.Event()
    messages = await plant_in_chats(scene, 10)
    scene.api.faults.add(Slow(until=held), times=None, skip=2)
    claimed = await scene.claim(scene.records(messages))
    clearing = asyncio.create_task(scene.executor(in_flight=2).run(scene.bot, claimed))
    await _until(lambda: len(scene.api.requests) == 4)
    clearing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await clearing
    held.set()
    left = await scene.pending()
    assert len(left) == 8
    assert {entry.due_at for entry in left} == {scene.now}
    result = await scene.settle_due()
    assert len(result.accepted) == 8
    assert all_gone(messages)


@pytest.mark.parametrize("turns", [1, 2, 4, 8])
async def test_a_cancellation_while_a_large_session_is_prepared_makes_all_of_it_due(scene: Scene, turns: int) -> None:
    (planted,) = scene.plant(scene.private_chat())
    records = [scene.record(planted, message_id=number) for number in range(1, 20_001)]
    clearing = asyncio.create_task(scene.executor().run(scene.bot, await scene.claim(records)))
    for _ in range(turns):
        await asyncio.sleep(0)
    assert scene.api.requests == []
    clearing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await clearing
    assert {entry.due_at for entry in await scene.pending()} == {scene.now}


async def test_a_cancellation_while_the_bot_is_paused_ends_the_wait(scene: Scene) -> None:
    sleeping = asyncio.Event()

    async def forever(_: float) -> None:
        sleeping.set()
        await asyncio.Event().wait()

    scene.api.faults.add(Flood(retry_after=5))
    executor = scene.executor()
    executor.pacing._sleep = forever
    claimed = await scene.claim(scene.records(scene.plant(scene.private_chat())))
    clearing = asyncio.create_task(executor.run(scene.bot, claimed))
    await sleeping.wait()
    clearing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await clearing
    assert len(await scene.pending()) == 1


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


async def test_a_storage_that_fails_while_settling_is_harmless(scene: Scene, caplog: pytest.LogCaptureFixture) -> None:
    scene.storage = storage = ForgetfulStorage()
    messages = scene.plant(scene.private_chat(), 5)
    claimed = await scene.claim(scene.records(messages))
    storage.failures = 1
    result = await scene.executor().run(scene.bot, claimed)
    assert len(result.accepted) == 5
    (error,) = [r.getMessage() for r in caplog.records if r.levelno == logging.ERROR]
    assert error == (
        "The storage failed: 5 deletions are done, but not settled; they will be asked for again, which is harmless: "
        "ConnectionError"
    )
    assert len(await scene.pending()) == 5
    scene.api.clock.move(timedelta(minutes=1))
    assert len((await scene.settle_due()).accepted) == 5
    assert await scene.pending() == []


async def test_a_storage_that_fails_while_a_lease_is_prolonged_stops_nothing(scene: Scene) -> None:
    scene.storage = storage = ForgetfulStorage()
    messages = scene.plant(scene.private_chat(), 5)
    claimed = await scene.claim(scene.records(messages))
    scene.api.clock.move(timedelta(seconds=50))
    storage.failures = 1
    assert len((await scene.executor().run(scene.bot, claimed)).accepted) == 5


# One at a time, and many


async def test_no_more_requests_are_in_flight_than_allowed_for_all_runs_of_the_bot_together(
    scene: Scene,
) -> None:
    most = 0
    scene.api.latency = timedelta(milliseconds=2)

    async def watch(make_request: Any, bot: Any, method: Any) -> Any:
        nonlocal most
        result = await make_request(bot, method)
        most = max(most, scene.api.calls.in_flight)
        return result

    scene.bot.session.middleware(watch)
    executor = scene.executor(in_flight=3)
    messages = await plant_in_chats(scene, 30)
    runs = [executor.run(scene.bot, await scene.claim([record])) for record in scene.records(messages)]
    results: list[ClearResult] = await asyncio.gather(*runs)
    assert sum(len(result.accepted) for result in results) == 30
    assert most <= 3


async def test_four_requests_of_one_chat_are_in_flight_at_once(scene: Scene) -> None:
    held = asyncio.Event()
    scene.api.faults.add(Slow(until=held), times=None)
    claimed = await scene.claim(scene.records(scene.plant(scene.private_chat(), 1000)))
    clearing = asyncio.create_task(scene.executor().run(scene.bot, claimed))
    await _until(lambda: scene.api.calls.in_flight == 4)
    assert len(scene.api.requests) == 4
    held.set()
    assert (await clearing).requests == 10


async def test_an_executor_outlives_its_event_loop(scene: Scene) -> None:
    executor = scene.executor(in_flight=1)
    messages = await plant_in_chats(scene, 3)

    async def clear_in_another_loop() -> int:
        claimed = await scene.claim(scene.records(messages))
        return (await executor.run(scene.bot, claimed)).requests

    assert await clear_in_another_loop() == 3
    slots = executor.pacing._semaphore()
    assert await asyncio.to_thread(lambda: asyncio.run(_slots_of(executor))) is not slots


async def _slots_of(executor: Any) -> asyncio.Semaphore:
    slots: asyncio.Semaphore = executor.pacing._semaphore()
    return slots


async def _until(condition: Any) -> None:
    async with asyncio.timeout(30):
        while not condition():
            await asyncio.sleep(0.001)


async def test_nothing_outside_of_what_was_claimed_is_touched_by_any_trouble(scene: Scene) -> None:
    mine, theirs = scene.plant(scene.private_chat(), 50), scene.plant(scene.private_chat(), 50)
    for fault in (Failure(500), Flood(), Drop(after_work=True), Drop()):
        scene.api.faults.add(fault)
    await scene.clear(scene.records(mine))
    assert all_gone(mine)
    assert none_gone(theirs)
