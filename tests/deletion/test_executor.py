"""What becomes of each message, over HTTP."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.deletion.scene import LEASE, Scene, all_gone, none_gone
from tgslices.deletion.executor import DeletionExecutor
from tgslices.model import PendingDeletion, SessionKey
from tgslices.testing import Failure, Member

HOUR = timedelta(hours=1)


async def test_a_thousand_healthy_messages_take_ten_requests(scene: Scene) -> None:
    messages = scene.plant(scene.private_chat(), 1000)
    result = await scene.clear(scene.records(messages))
    assert (result, len(result.accepted), result.requests) == (1000, 1000, 10)
    assert all_gone(messages)
    assert await scene.pending() == []


async def test_one_refused_message_does_not_cost_its_neighbours(scene: Scene) -> None:
    messages = scene.plant(scene.private_chat(), 100)
    records = scene.records(messages)
    dice = scene.plant(scene.private_chat(), kind="dice")[0]
    disguised = scene.record(dice, kind="text")
    result = await scene.clear([*records[:50], disguised, *records[50:]])
    assert result.refused == (disguised,)
    assert len(result.accepted) == 100
    assert result.requests <= 20
    assert all_gone(messages)


async def test_requests_are_counted_as_the_server_counts_them(scene: Scene) -> None:
    messages = scene.plant(scene.private_chat(), 250)
    result = await scene.clear(scene.records(messages))
    assert result.requests == len(scene.api.requests) == 3


async def test_what_is_too_old_is_never_asked_for(scene: Scene) -> None:
    old = scene.plant(scene.private_chat(), 3, age=49 * HOUR)
    result = await scene.clear(scene.records(old))
    assert len(result.expired) == 3
    assert scene.api.requests == []
    assert await scene.pending() == []


async def test_a_message_a_second_before_the_limit_is_still_deleted(scene: Scene) -> None:
    supergroup = scene.api.add_supergroup("S", members=[scene.account])
    messages = scene.plant(supergroup, 2, age=48 * HOUR - timedelta(seconds=1))
    messages += scene.plant(scene.private_chat(), 2, age=48 * HOUR)
    result = await scene.clear(scene.records(messages))
    assert len(result.accepted) == 4
    assert all_gone(messages)


async def test_a_fresh_dice_is_deferred_and_goes_when_it_can(scene: Scene) -> None:
    (dice,) = scene.plant(scene.private_chat(), kind="dice", age=HOUR)
    result = await scene.clear([scene.record(dice)])
    assert result.deferred == (scene.record(dice),)
    assert scene.api.requests == []
    (entry,) = await scene.pending()
    assert entry.due_at == scene.record(dice).at + timedelta(hours=24, minutes=1)
    scene.api.clock.move(24 * HOUR)
    again = await scene.settle_due()
    assert again.accepted == (scene.record(dice),)
    assert dice.is_deleted


async def test_a_refused_copy_in_a_private_chat_is_taken_for_a_dice_and_tried_again(scene: Scene) -> None:
    (dice,) = scene.plant(scene.private_chat(), kind="dice")
    copy = scene.record(dice, kind=None)
    assert (await scene.clear([copy])).deferred == (copy,)
    await scene.settle_all()
    assert dice.is_deleted


async def test_a_dice_goes_although_the_bots_clock_is_ahead_of_telegrams(scene: Scene) -> None:
    (dice,) = scene.plant(scene.private_chat(), kind="dice")
    skew = timedelta(minutes=10)
    executor = DeletionExecutor(
        scene.storage, clock=lambda: scene.now + skew, monotonic=scene.monotonic, sleep=scene.sleep
    )
    entries, requests = await scene.claim([scene.record(dice)]), []
    while entries:
        requests.append((await executor.run(scene.bot, entries)).requests)
        due = await scene.storage.next_due(scene.account.id, now=scene.now) or scene.now + skew
        scene.api.clock.move(due - skew - scene.now)
        entries = await scene.storage.lease(scene.account.id, now=due, until=due + LEASE, limit=1)
    assert dice.is_deleted
    assert requests == [0, 1, 1], "asked for ten minutes too early, and then once more"


async def test_many_dice_are_put_off_in_few_writes_each_to_its_time(scene: Scene) -> None:
    start = scene.now.replace(second=0, microsecond=0)
    ages = [scene.now - start + timedelta(seconds=n) for n in range(600)]
    dice = [message for age in ages for message in scene.plant(scene.private_chat(), kind="dice", age=age)]
    writes: list[object] = []
    scene.storage.postpone = _counted(scene.storage.postpone, writes)  # type: ignore[method-assign]
    claimed = await scene.claim(scene.records(dice))
    result = await scene.executor().run(scene.bot, claimed)
    assert (len(result.deferred), len(writes)) == (600, 11), "those of one minute together"
    for entry in await scene.pending():
        early = entry.message.at + timedelta(hours=24, minutes=1)
        assert early <= entry.due_at < early + timedelta(minutes=1)


def _counted(postpone: Any, writes: list[object]) -> Any:
    async def counted(pending: Any, *, until: datetime) -> None:
        writes.append(until)
        await postpone(pending, until=until)

    return counted


async def test_a_chat_without_access_takes_one_request(scene: Scene) -> None:
    group = scene.api.add_supergroup("S", members=[scene.account, scene.ann])
    messages = scene.plant(group, 150) + scene.plant(group, 150, own=False)
    group.members[scene.account.id] = Member(scene.account, "kicked")
    result = await scene.clear(scene.records(messages))
    assert len(result.unreachable) == 300
    assert result.requests == 1
    assert none_gone(messages)
    assert await scene.pending() == []


async def test_a_large_chat_without_access_takes_no_more_requests_than_may_be_in_flight(scene: Scene) -> None:
    group = scene.api.add_supergroup("S", members=[scene.account])
    messages = scene.plant(group, 1000)
    group.members[scene.account.id] = Member(scene.account, "kicked")
    result = await scene.clear(scene.records(messages), in_flight=4)
    assert len(result.unreachable) == 1000
    assert result.requests <= 4


async def test_what_was_in_flight_when_access_was_lost_keeps_its_own_answer(scene: Scene) -> None:
    scene.api.faults.add(Failure(403, "Forbidden: bot was kicked from the supergroup chat"))
    group = scene.api.add_supergroup("S", members=[scene.account])
    messages = scene.plant(group, 1000)
    result = await scene.clear(scene.records(messages), in_flight=4)
    gone = [message for message in messages if message.is_deleted]
    assert len(gone) == len(result.accepted) == 300
    assert len(result.unreachable) == 700


async def test_a_chat_that_has_migrated_takes_one_request_and_its_ids_enter_no_other_chat(scene: Scene) -> None:
    group = scene.api.add_group("G", members=[scene.account])
    messages = scene.plant(group, 10)
    heir = scene.api.add_supergroup("G", members=[scene.account])
    bystanders = scene.plant(heir, 10)
    group.migrated_to = heir.id
    result = await scene.clear(scene.records(messages))
    assert len(result.unreachable) == 10
    assert result.requests == 1
    assert none_gone(bystanders)


async def test_a_chat_that_is_known_to_have_migrated_is_not_asked_at_all(scene: Scene) -> None:
    group = scene.api.add_group("G", members=[scene.account])
    claimed = await scene.claim(scene.records(scene.plant(group, 10)))
    result = await scene.executor().run(scene.bot, claimed, migrated={group.id})
    assert (len(result.unreachable), result.requests) == (10, 0)


async def test_messages_of_other_chats_are_cleared_there(scene: Scene) -> None:
    bob = scene.api.add_person("Bob")
    supergroup = scene.api.add_supergroup("S", members=[scene.account])
    chats = [scene.private_chat(), scene.private_chat(bob), supergroup]
    messages = [message for chat in chats for message in scene.plant(chat, 5)]
    bystanders = [message for chat in chats for message in scene.plant(chat, 5)]
    result = await scene.clear(scene.records(messages))
    assert (len(result.accepted), result.requests) == (15, 3)
    assert all_gone(messages)
    assert none_gone(bystanders)


async def test_what_others_sent_is_deleted_by_an_administrator(scene: Scene) -> None:
    group = scene.api.add_supergroup("S", members=[scene.ann], admins=[scene.account])
    messages = scene.plant(group, 10) + scene.plant(group, 10, own=False)
    result = await scene.clear(scene.records(messages))
    assert (len(result.accepted), result.requests) == (20, 2)


@pytest.mark.parametrize("kind", ["group", "supergroup"])
async def test_a_plain_member_learns_with_one_question_that_nothing_of_others_can_go(scene: Scene, kind: str) -> None:
    add = scene.api.add_group if kind == "group" else scene.api.add_supergroup
    group = add("G", members=[scene.account, scene.ann])
    own, others = scene.plant(group, 100), scene.plant(group, 1000, own=False)
    result = await scene.clear(scene.records([*own, *others]))
    assert (len(result.accepted), len(result.refused)) == (100, 1000)
    assert result.requests <= 10, "and not a thousand"
    assert scene.api.count("getChatMember") == 1
    assert all_gone(own)


async def test_a_message_pending_for_two_sessions_is_asked_for_once_and_counted_twice(scene: Scene) -> None:
    records = scene.records(scene.plant(scene.private_chat(), 3))
    other = replace(scene.key, qualifier="order")
    claimed = await scene.claim(records) + await scene.claim(records[:2], other)
    result = await scene.executor().run(scene.bot, claimed)
    assert (result, len(result.accepted), result.requests) == (5, 5, 1)
    assert scene.asked() == [[record.message_id for record in records]]
    assert await scene.pending() == []


async def test_of_two_records_of_one_message_the_one_that_tells_its_age_counts(scene: Scene) -> None:
    (message,) = scene.plant(scene.private_chat(), age=49 * HOUR)
    dated, undated = scene.record(message), scene.record(message, date=None, at=scene.now)
    claimed = await scene.claim([undated]) + await scene.claim([dated], SessionKey(scene.account.id, 1))
    assert len((await scene.executor().run(scene.bot, claimed)).expired) == 2
    assert scene.api.requests == []


async def test_messages_that_are_gone_count_as_accepted(scene: Scene) -> None:
    messages = scene.plant(scene.private_chat(), 3)
    scene.api.world.remove(messages)
    assert len((await scene.clear(scene.records(messages))).accepted) == 3


async def test_nothing_to_delete_takes_no_request(scene: Scene) -> None:
    result = await scene.executor().run(scene.bot, [])
    assert (result, result.requests) == (0, 0)


async def test_entries_are_reported_in_the_order_of_the_session(scene: Scene) -> None:
    records = scene.records(scene.plant(scene.private_chat(), 5))
    shuffled = [records[n] for n in (3, 1, 4, 0, 2)]
    assert list((await scene.clear(shuffled)).accepted) == shuffled


async def test_a_run_holds_its_entries_for_as_long_as_it_works(scene: Scene) -> None:
    messages = scene.records(scene.plant(scene.private_chat(), 5))
    entries = [replace(e, due_at=scene.now) for e in await scene.claim(messages)]
    await scene.storage.postpone(entries, until=scene.now)
    seen: list[list[PendingDeletion]] = []

    async def peek(make_request: Any, bot: Any, method: Any) -> Any:
        seen.append(await scene.storage.lease(scene.account.id, now=scene.now, until=scene.now + LEASE, limit=10))
        return True

    scene.bot.session.middleware(peek)
    await scene.executor().run(scene.bot, entries)
    assert seen == [[]], "another worker finds nothing while the request is under way"
