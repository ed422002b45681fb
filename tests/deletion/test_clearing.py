"""What ``Session.clear`` itself adds: the plan beforehand, another bot's hands, and sessions that share messages."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from tests.deletion.scene import LEASE, Scene, all_gone, none_gone
from tgslices import SessionBot
from tgslices.config import SessionConfig
from tgslices.manager import SessionManager
from tgslices.results import Outcome
from tgslices.session import Session
from tgslices.testing import Failure, StoredMessage

HOUR = timedelta(hours=1)


@pytest.fixture
async def manager(scene: Scene) -> AsyncIterator[SessionManager]:
    manager = SessionManager(scene.bot, SessionConfig(storage=scene.storage, clock=lambda: scene.now))
    yield manager
    await manager.aclose()


async def filled(scene: Scene, session: Session, messages: list[StoredMessage], **more: Any) -> Session:
    for record in scene.records(messages, **more):
        await scene.storage.add(session.key, record)
    return session


async def test_a_plan_tells_what_is_then_done_and_does_nothing(scene: Scene, manager: SessionManager) -> None:
    group = scene.api.add_supergroup("S", members=[scene.ann], admins=[scene.account])
    asked = scene.plant(group, 101) + scene.plant(group, 3, own=False) + scene.plant(scene.private_chat(), 2)
    asked += scene.plant(group, 2, age=48 * HOUR - timedelta(minutes=1))
    old = scene.plant(group, 4, age=49 * HOUR)
    dice = scene.plant(scene.private_chat(), 2, kind="dice")
    session = await filled(scene, manager.get(group.id), asked + old + dice)
    before = await session.messages()
    plan = await session.plan()
    assert (await session.messages(), scene.api.requests, await scene.pending()) == (before, [], [])
    result = await session.clear()
    told = dict(plan.outcomes())
    assert (result.expired, result.deferred) == (plan.expired, plan.deferred)
    assert result.accepted == tuple(m for m in before if told[m] is Outcome.PENDING)
    assert result.requests == plan.requests == 4
    asked_for = [(batch.chat_id, [m.message_id for m in batch.messages]) for batch in plan.batches]
    made = [(r.arguments["chat_id"], r.arguments["message_ids"]) for r in scene.api.requests]
    assert sorted(made) == sorted(asked_for)


async def test_another_bot_deletes_what_it_may_and_its_plan_says_how(scene: Scene, manager: SessionManager) -> None:
    helper = scene.api.add_bot("helper_bot")
    group = scene.api.add_supergroup("S", members=[scene.account, scene.ann], admins=[helper])
    messages = scene.plant(group, 5) + scene.plant(group, 5, own=False)
    session = await filled(scene, manager.get(group.id), messages)
    async with SessionBot(helper.token, session=scene.api.client_session()) as other:
        plan = await session.plan(bot=other)
        assert [(batch.suspect, len(batch.messages)) for batch in plan.batches] == [(True, 10)], "all are foreign to it"
        result = await session.clear(bot=other)
    assert (len(result.accepted), result.requests) == (10, plan.requests)
    assert {request.bot_id for request in scene.api.requests} == {helper.id}
    assert all_gone(messages)


async def test_two_sessions_that_hold_the_same_messages_are_cleared_at_once(
    scene: Scene, manager: SessionManager
) -> None:
    group = scene.api.add_supergroup("S", members=[scene.account, scene.ann])
    messages, stuck = scene.plant(group, 150), scene.plant(group, 3, own=False)
    sessions = [await filled(scene, manager.get(group.id, qualifier=name), messages + stuck) for name in ("a", "b")]
    for result in await asyncio.gather(*(session.clear() for session in sessions)):
        assert (int(result), len(result.accepted), len(result.refused)) == (153, 150, 3)
    assert all_gone(messages)
    assert none_gone(stuck)
    assert await scene.pending() == []


async def test_a_predicate_chooses_and_the_rest_stays(scene: Scene, manager: SessionManager) -> None:
    messages = scene.plant(scene.private_chat(), 10)
    session = await filled(scene, manager.get(scene.ann.id), messages)
    records = await session.messages()
    result = await session.clear(lambda message: message in records[3:7])
    assert result.accepted == tuple(records[3:7])
    assert await session.messages() == records[:3] + records[7:]
    assert none_gone(messages[:3] + messages[7:])


async def test_a_start_finishes_what_an_earlier_process_left(scene: Scene, manager: SessionManager) -> None:
    messages = scene.plant(scene.private_chat(), 120)
    await scene.claim(scene.records(messages))
    scene.api.clock.move(LEASE)
    await manager.start()
    async with asyncio.timeout(30):
        while await scene.pending():
            await asyncio.sleep(0.001)
    assert all_gone(messages)


async def test_workers_that_settle_at_once_share_the_work(scene: Scene) -> None:
    config = SessionConfig(storage=scene.storage, clock=lambda: scene.now)
    managers = [SessionManager(scene.bot, config) for _ in range(3)]
    messages = scene.plant(scene.private_chat(), 2500)
    await scene.claim(scene.records(messages))
    assert [int(await manager.settle_pending()) for manager in managers] == [0, 0, 0], "all is leased"
    scene.api.clock.move(LEASE)
    results = await asyncio.gather(*(manager.settle_pending() for manager in managers))
    settled = [message for result in results for message in result.accepted]
    assert len(settled) == len(set(settled)) == 2500
    assert sum(result.requests for result in results) == 25
    assert all_gone(messages)
    for manager in managers:
        await manager.aclose()


async def test_settling_loses_no_more_time_than_one_clear_however_much_is_pending(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tgslices.upkeep.sweeping.LEASE_BATCH", 1)
    scene.api.faults.add(Failure(), times=None)
    patience = timedelta(milliseconds=600)  # for one wait, and the request before it
    config = SessionConfig(storage=scene.storage, clock=lambda: scene.now, patience=patience)
    manager = SessionManager(scene.bot, config)
    await scene.claim(scene.records(scene.plant(scene.private_chat(), 5)))
    scene.api.clock.move(LEASE)
    result = await manager.settle_pending()
    assert (len(result.pending), result.requests) == (5, 2 + 4)
    await manager.aclose()
