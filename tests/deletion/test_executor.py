"""What becomes of each message, over HTTP."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.deletion.stage import LEASE, Stage, all_gone, none_gone
from tgslices.deletion.executor import DeletionExecutor
from tgslices.model import PendingDeletion, SessionKey
from tgslices.testing import Failure, Member

HOUR = timedelta(hours=1)


async def test_a_thousand_healthy_messages_take_ten_requests(stage: Stage) -> None:
    messages = stage.plant(stage.private_chat(), 1000)
    result = await stage.clear(stage.records(messages))
    assert (result, len(result.accepted), result.requests) == (1000, 1000, 10)
    assert all_gone(messages)
    assert await stage.pending() == []


async def test_one_refused_message_does_not_cost_its_neighbours(stage: Stage) -> None:
    messages = stage.plant(stage.private_chat(), 100)
    records = stage.records(messages)
    dice = stage.plant(stage.private_chat(), kind="dice")[0]
    disguised = stage.record(dice, kind="text")
    result = await stage.clear([*records[:50], disguised, *records[50:]])
    assert result.refused == (disguised,)
    assert len(result.accepted) == 100
    assert result.requests <= 20
    assert all_gone(messages)


async def test_requests_are_counted_as_the_server_counts_them(stage: Stage) -> None:
    messages = stage.plant(stage.private_chat(), 250)
    result = await stage.clear(stage.records(messages))
    assert result.requests == len(stage.api.requests) == 3


async def test_what_is_too_old_is_never_asked_for(stage: Stage) -> None:
    old = stage.plant(stage.private_chat(), 3, age=49 * HOUR)
    result = await stage.clear(stage.records(old))
    assert len(result.expired) == 3
    assert stage.api.requests == []
    assert await stage.pending() == []


async def test_a_message_a_second_before_the_limit_is_still_deleted(stage: Stage) -> None:
    supergroup = stage.api.add_supergroup("S", members=[stage.account])
    messages = stage.plant(supergroup, 2, age=48 * HOUR - timedelta(seconds=1))
    messages += stage.plant(stage.private_chat(), 2, age=48 * HOUR)
    result = await stage.clear(stage.records(messages))
    assert len(result.accepted) == 4
    assert all_gone(messages)


async def test_a_fresh_dice_is_deferred_and_goes_when_it_can(stage: Stage) -> None:
    (dice,) = stage.plant(stage.private_chat(), kind="dice", age=HOUR)
    result = await stage.clear([stage.record(dice)])
    assert result.deferred == (stage.record(dice),)
    assert stage.api.requests == []
    (entry,) = await stage.pending()
    assert entry.due_at == stage.record(dice).at + timedelta(hours=24, minutes=1)
    stage.api.clock.move(24 * HOUR)
    again = await stage.settle_due()
    assert again.accepted == (stage.record(dice),)
    assert dice.is_deleted


async def test_a_refused_copy_in_a_private_chat_is_taken_for_a_dice_and_tried_again(stage: Stage) -> None:
    (dice,) = stage.plant(stage.private_chat(), kind="dice")
    copy = stage.record(dice, kind=None)
    assert (await stage.clear([copy])).deferred == (copy,)
    await stage.settle_all()
    assert dice.is_deleted


async def test_a_dice_goes_although_the_bots_clock_is_ahead_of_telegrams(stage: Stage) -> None:
    (dice,) = stage.plant(stage.private_chat(), kind="dice")
    skew = timedelta(minutes=10)
    executor = DeletionExecutor(
        stage.storage, clock=lambda: stage.now + skew, monotonic=stage.monotonic, sleep=stage.sleep
    )
    entries, requests = await stage.claim([stage.record(dice)]), []
    while entries:
        requests.append((await executor.run(stage.bot, entries)).requests)
        due = await stage.storage.next_due(stage.account.id) or stage.now + skew
        stage.api.clock.move(due - skew - stage.now)
        entries = await stage.storage.lease(stage.account.id, now=due, until=due + LEASE, limit=1)
    assert dice.is_deleted
    assert requests == [0, 1, 1], "asked for ten minutes too early, and then once more"


async def test_many_dice_are_put_off_in_few_writes_each_to_its_time(stage: Stage) -> None:
    start = stage.now.replace(second=0, microsecond=0)
    ages = [stage.now - start + timedelta(seconds=n) for n in range(600)]
    dice = [message for age in ages for message in stage.plant(stage.private_chat(), kind="dice", age=age)]
    writes: list[object] = []
    stage.storage.postpone = _counted(stage.storage.postpone, writes)  # type: ignore[method-assign]
    claimed = await stage.claim(stage.records(dice))
    result = await stage.executor().run(stage.bot, claimed)
    assert (len(result.deferred), len(writes)) == (600, 11), "those of one minute together"
    for entry in await stage.pending():
        early = entry.message.at + timedelta(hours=24, minutes=1)
        assert early <= entry.due_at < early + timedelta(minutes=1)


def _counted(postpone: Any, writes: list[object]) -> Any:
    async def counted(pending: Any, *, until: datetime) -> None:
        writes.append(until)
        await postpone(pending, until=until)

    return counted


async def test_a_chat_without_access_takes_one_request(stage: Stage) -> None:
    group = stage.api.add_supergroup("S", members=[stage.account, stage.ann])
    messages = stage.plant(group, 150) + stage.plant(group, 150, own=False)
    group.members[stage.account.id] = Member(stage.account, "kicked")
    result = await stage.clear(stage.records(messages))
    assert len(result.unreachable) == 300
    assert result.requests == 1
    assert none_gone(messages)
    assert await stage.pending() == []


async def test_a_large_chat_without_access_takes_no_more_requests_than_may_be_in_flight(stage: Stage) -> None:
    group = stage.api.add_supergroup("S", members=[stage.account])
    messages = stage.plant(group, 1000)
    group.members[stage.account.id] = Member(stage.account, "kicked")
    result = await stage.clear(stage.records(messages), in_flight=4)
    assert len(result.unreachable) == 1000
    assert result.requests <= 4


async def test_what_was_in_flight_when_access_was_lost_keeps_its_own_answer(stage: Stage) -> None:
    stage.api.faults.add(Failure(403, "Forbidden: bot was kicked from the supergroup chat"))
    group = stage.api.add_supergroup("S", members=[stage.account])
    messages = stage.plant(group, 1000)
    result = await stage.clear(stage.records(messages), in_flight=4)
    gone = [message for message in messages if message.is_deleted]
    assert len(gone) == len(result.accepted) == 300
    assert len(result.unreachable) == 700


async def test_a_chat_that_has_migrated_takes_one_request_and_its_ids_enter_no_other_chat(stage: Stage) -> None:
    group = stage.api.add_group("G", members=[stage.account])
    messages = stage.plant(group, 10)
    heir = stage.api.add_supergroup("G", members=[stage.account])
    bystanders = stage.plant(heir, 10)
    group.migrated_to = heir.id
    result = await stage.clear(stage.records(messages))
    assert len(result.unreachable) == 10
    assert result.requests == 1
    assert none_gone(bystanders)


async def test_a_chat_that_is_known_to_have_migrated_is_not_asked_at_all(stage: Stage) -> None:
    group = stage.api.add_group("G", members=[stage.account])
    claimed = await stage.claim(stage.records(stage.plant(group, 10)))
    result = await stage.executor().run(stage.bot, claimed, migrated={group.id})
    assert (len(result.unreachable), result.requests) == (10, 0)


async def test_messages_of_other_chats_are_cleared_there(stage: Stage) -> None:
    bob = stage.api.add_person("Bob")
    supergroup = stage.api.add_supergroup("S", members=[stage.account])
    chats = [stage.private_chat(), stage.private_chat(bob), supergroup]
    messages = [message for chat in chats for message in stage.plant(chat, 5)]
    bystanders = [message for chat in chats for message in stage.plant(chat, 5)]
    result = await stage.clear(stage.records(messages))
    assert (len(result.accepted), result.requests) == (15, 3)
    assert all_gone(messages)
    assert none_gone(bystanders)


async def test_what_others_sent_is_deleted_by_an_administrator(stage: Stage) -> None:
    group = stage.api.add_supergroup("S", members=[stage.ann], admins=[stage.account])
    messages = stage.plant(group, 10) + stage.plant(group, 10, own=False)
    result = await stage.clear(stage.records(messages))
    assert (len(result.accepted), result.requests) == (20, 2)


@pytest.mark.parametrize("kind", ["group", "supergroup"])
async def test_a_plain_member_learns_with_one_question_that_nothing_of_others_can_go(stage: Stage, kind: str) -> None:
    add = stage.api.add_group if kind == "group" else stage.api.add_supergroup
    group = add("G", members=[stage.account, stage.ann])
    own, others = stage.plant(group, 100), stage.plant(group, 1000, own=False)
    result = await stage.clear(stage.records([*own, *others]))
    assert (len(result.accepted), len(result.refused)) == (100, 1000)
    assert result.requests <= 10, "and not a thousand"
    assert stage.api.count("getChatMember") == 1
    assert all_gone(own)


async def test_a_message_pending_for_two_sessions_is_asked_for_once_and_counted_twice(stage: Stage) -> None:
    records = stage.records(stage.plant(stage.private_chat(), 3))
    other = replace(stage.key, qualifier="order")
    claimed = await stage.claim(records) + await stage.claim(records[:2], other)
    result = await stage.executor().run(stage.bot, claimed)
    assert (result, len(result.accepted), result.requests) == (5, 5, 1)
    assert stage.asked() == [[record.message_id for record in records]]
    assert await stage.pending() == []


async def test_of_two_records_of_one_message_the_one_that_tells_its_age_counts(stage: Stage) -> None:
    (message,) = stage.plant(stage.private_chat(), age=49 * HOUR)
    dated, undated = stage.record(message), stage.record(message, date=None, at=stage.now)
    claimed = await stage.claim([undated]) + await stage.claim([dated], SessionKey(stage.account.id, 1))
    assert len((await stage.executor().run(stage.bot, claimed)).expired) == 2
    assert stage.api.requests == []


async def test_messages_that_are_gone_count_as_accepted(stage: Stage) -> None:
    messages = stage.plant(stage.private_chat(), 3)
    stage.api.world.remove(messages)
    assert len((await stage.clear(stage.records(messages))).accepted) == 3


async def test_nothing_to_delete_takes_no_request(stage: Stage) -> None:
    result = await stage.executor().run(stage.bot, [])
    assert (result, result.requests) == (0, 0)


async def test_entries_are_reported_in_the_order_of_the_session(stage: Stage) -> None:
    records = stage.records(stage.plant(stage.private_chat(), 5))
    shuffled = [records[n] for n in (3, 1, 4, 0, 2)]
    assert list((await stage.clear(shuffled)).accepted) == shuffled


async def test_a_run_holds_its_entries_for_as_long_as_it_works(stage: Stage) -> None:
    messages = stage.records(stage.plant(stage.private_chat(), 5))
    entries = [replace(e, due_at=stage.now) for e in await stage.claim(messages)]
    await stage.storage.postpone(entries, until=stage.now)
    seen: list[list[PendingDeletion]] = []

    async def peek(make_request: Any, bot: Any, method: Any) -> Any:
        seen.append(await stage.storage.lease(stage.account.id, now=stage.now, until=stage.now + LEASE, limit=10))
        return True

    stage.bot.session.middleware(peek)
    await stage.executor().run(stage.bot, entries)
    assert seen == [[]], "another worker finds nothing while the request is under way"
