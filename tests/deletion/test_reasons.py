"""Why each message stayed, and which of them may go later, over HTTP."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.deletion.stage import Stage, all_gone
from tgslices.deletion.fates import DEFERRED, EXPIRED, MIGRATED, NOT_ASKED
from tgslices.results import ClearResult
from tgslices.testing import Drop, Failure, Flood, Member

HOUR = timedelta(hours=1)
FORBIDDEN = "Bad Request: message can't be deleted"
KICKED = "Forbidden: bot was kicked from the supergroup chat"


def reasons(result: ClearResult) -> set[str | None]:
    everything = result.accepted + result.refused + result.expired + result.deferred + result.unreachable
    return {result.reason(message) for message in everything + result.pending}


async def test_what_was_refused_for_want_of_a_right_may_go_later_and_says_so(stage: Stage) -> None:
    group = stage.api.add_supergroup("S", members=[stage.account, stage.ann])
    own, others = stage.plant(group, 5), stage.plant(group, 20, own=False)
    topic = stage.plant(group, kind="forum_topic_created", own=False)
    result = await stage.clear(stage.records([*own, *others, *topic]))
    assert set(result.refused) == {*stage.records(others), *stage.records(topic)}
    assert {result.reason(entry) for entry in result.refused} == {FORBIDDEN}
    assert set(result.retryable) == set(stage.records(others)), "nobody deletes the notice of a topic's creation"
    assert {result.reason(entry) for entry in result.accepted} == {None}
    stage.api.promote(group, stage.account, can_delete_messages=True)
    again = await stage.clear(result.retryable)
    assert (len(again.accepted), again.retryable, all_gone(others)) == (20, (), True)


async def test_what_is_refused_although_the_bot_has_the_right_is_refused_for_good(stage: Stage) -> None:
    group = stage.api.add_supergroup("S", members=[stage.ann], admins=[stage.account])
    topics = stage.plant(group, 8, kind="forum_topic_created", own=False)
    result = await stage.clear(stage.records(topics, kind="text"))
    assert (len(result.refused), result.retryable) == (8, ())
    assert stage.api.count("getChatMember") == 1


async def test_a_culprit_that_was_never_asked_for_alone_has_a_reason_too(stage: Stage) -> None:
    messages = stage.plant(stage.private_chat(), 2)
    messages[1].kind = "dice"
    result = await stage.clear(stage.records(messages, kind="text"))
    assert result.requests == 2, "both, then the first: the second is the culprit"
    assert result.reason(result.refused[0]) == "Bad Request: message can't be deleted for everyone"
    assert result.retryable == ()


async def test_a_chat_without_access_says_why_and_may_open_again(stage: Stage) -> None:
    group = stage.api.add_supergroup("S", members=[stage.account])
    messages = stage.plant(group, 1000)
    group.members[stage.account.id] = Member(stage.account, "kicked")
    result = await stage.clear(stage.records(messages))
    assert reasons(result) == {KICKED}
    assert result.retryable == result.unreachable
    group.members[stage.account.id] = Member(stage.account, "member")
    assert len((await stage.clear(result.retryable)).accepted) == 1000


async def test_a_group_that_has_migrated_is_lost_for_good(stage: Stage) -> None:
    group = stage.api.add_group("G", members=[stage.account])
    messages = stage.records(stage.plant(group, 3))
    known = await stage.executor().run(stage.bot, await stage.claim(messages), migrated={group.id})
    assert (reasons(known), known.retryable) == ({MIGRATED.reason}, ())
    group.migrated_to = stage.api.add_supergroup("G", members=[stage.account]).id
    told = await stage.clear(messages)
    assert (reasons(told), told.retryable) == ({"Bad Request: group chat was upgraded to a supergroup chat"}, ())


async def test_what_is_not_asked_for_has_a_reason_of_our_own(stage: Stage) -> None:
    old = stage.plant(stage.private_chat(), age=49 * HOUR)
    dice = stage.plant(stage.private_chat(), kind="dice")
    result = await stage.clear(stage.records([*old, *dice]))
    assert [result.reason(entry) for entry in result.expired + result.deferred] == [EXPIRED.reason, DEFERRED.reason]
    assert result.retryable == ()


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (Flood(60), "Too Many Requests: retry after 60"),
        (Failure(502, "Bad Gateway"), "Bad Gateway"),
        (Drop(), "TelegramNetworkError (ServerDisconnectedError)"),
    ],
)
async def test_what_is_pending_says_what_keeps_it(stage: Stage, fault: Flood | Failure | Drop, reason: str) -> None:
    stage.api.faults.add(fault, times=None)
    result = await stage.clear(stage.records(stage.plant(stage.private_chat(), 3)), patience=timedelta())
    assert (len(result.pending), reasons(result)) == (3, {reason})


async def test_what_a_flood_kept_from_being_asked_for_is_pending_for_no_other_reason(stage: Stage) -> None:
    stage.api.faults.add(Flood(60))
    executor = stage.executor(patience=timedelta())
    messages = stage.records(stage.plant(stage.private_chat(), 2))
    await executor.run(stage.bot, await stage.claim(messages[:1]))
    later = await executor.run(stage.bot, await stage.claim(messages[1:]))
    assert (later.requests, reasons(later)) == (0, {NOT_ASKED.reason})


async def test_no_reason_holds_a_token(stage: Stage) -> None:
    stage.api.faults.add(Failure(403, f"Forbidden: GET /bot{stage.account.token}/deleteMessages is blocked"))
    result = await stage.clear(stage.records(stage.plant(stage.private_chat())))
    assert reasons(result) == {"Forbidden: GET /bot[token]/deleteMessages is blocked"}


async def test_an_entry_of_another_result_has_no_reason(stage: Stage) -> None:
    messages = stage.records(stage.plant(stage.private_chat(), 2, age=49 * HOUR))
    assert (await stage.clear(messages[:1])).reason(messages[1]) is None


# Rights, asked for once


async def test_rights_are_asked_for_once_although_one_message_was_accepted_first(stage: Stage) -> None:
    group = stage.api.add_supergroup("S", members=[stage.account, stage.ann])
    messages = stage.plant(group, 300, own=False)
    stage.api.world.remove(messages[:30])  # what is gone counts as accepted
    result = await stage.clear(stage.records(messages), in_flight=1)
    assert (len(result.refused), stage.api.count("getChatMember")) == (270, 1)
    assert result.requests <= 20, "and not hundreds"
    assert len(result.retryable) == 270


async def test_rights_that_are_lost_in_the_middle_are_asked_for(stage: Stage) -> None:
    group = stage.api.add_supergroup("S", members=[stage.ann], admins=[stage.account])
    messages = stage.plant(group, 500, own=False)

    async def demote(make_request, bot, method):  # type: ignore[no-untyped-def]
        answer = await make_request(bot, method)
        stage.api.demote(group, stage.account)
        return answer

    stage.bot.session.middleware(demote)
    result = await stage.clear(stage.records(messages), in_flight=1)
    assert (len(result.accepted), len(result.refused)) == (100, 400)
    assert result.requests <= 20
    assert len(result.retryable) == 400
