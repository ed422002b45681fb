"""Why each message stayed, and which of them may go later, over HTTP."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.deletion.scene import Scene, all_gone
from tgslices.deletion.message_fates import DEFERRED, EXPIRED, MIGRATED, NOT_ASKED
from tgslices.results import ClearResult
from tgslices.testing import Drop, Failure, Flood, Member

HOUR = timedelta(hours=1)
FORBIDDEN = "Bad Request: message can't be deleted"
KICKED = "Forbidden: bot was kicked from the supergroup chat"


def reasons(result: ClearResult) -> set[str | None]:
    everything = result.accepted + result.refused + result.expired + result.deferred + result.unreachable
    return {result.reason(message) for message in everything + result.pending}


async def test_what_was_refused_for_want_of_a_right_may_go_later_and_says_so(scene: Scene) -> None:
    group = scene.api.add_supergroup("S", members=[scene.account, scene.ann])
    own, others = scene.plant(group, 5), scene.plant(group, 20, own=False)
    topic = scene.plant(group, kind="forum_topic_created", own=False)
    result = await scene.clear(scene.records([*own, *others, *topic]))
    assert set(result.refused) == {*scene.records(others), *scene.records(topic)}
    assert {result.reason(entry) for entry in result.refused} == {FORBIDDEN}
    assert set(result.retryable) == set(scene.records(others)), "nobody deletes the notice of a topic's creation"
    assert {result.reason(entry) for entry in result.accepted} == {None}
    scene.api.promote(group, scene.account, can_delete_messages=True)
    again = await scene.clear(result.retryable)
    assert (len(again.accepted), again.retryable, all_gone(others)) == (20, (), True)


async def test_what_is_refused_although_the_bot_has_the_right_is_refused_for_good(scene: Scene) -> None:
    group = scene.api.add_supergroup("S", members=[scene.ann], admins=[scene.account])
    topics = scene.plant(group, 8, kind="forum_topic_created", own=False)
    result = await scene.clear(scene.records(topics, kind="text"))
    assert (len(result.refused), result.retryable) == (8, ())
    assert scene.api.count("getChatMember") == 1


async def test_a_culprit_that_was_never_asked_for_alone_has_a_reason_too(scene: Scene) -> None:
    messages = scene.plant(scene.private_chat(), 2)
    messages[1].kind = "dice"
    result = await scene.clear(scene.records(messages, kind="text"))
    assert result.requests == 2, "both, then the first: the second is the culprit"
    assert result.reason(result.refused[0]) == "Bad Request: message can't be deleted for everyone"
    assert result.retryable == ()


async def test_a_chat_without_access_says_why_and_may_open_again(scene: Scene) -> None:
    group = scene.api.add_supergroup("S", members=[scene.account])
    messages = scene.plant(group, 1000)
    group.members[scene.account.id] = Member(scene.account, "kicked")
    result = await scene.clear(scene.records(messages))
    assert reasons(result) == {KICKED}
    assert result.retryable == result.unreachable
    group.members[scene.account.id] = Member(scene.account, "member")
    assert len((await scene.clear(result.retryable)).accepted) == 1000


async def test_a_group_that_has_migrated_is_lost_for_good(scene: Scene) -> None:
    group = scene.api.add_group("G", members=[scene.account])
    messages = scene.records(scene.plant(group, 3))
    known = await scene.executor().run(scene.bot, await scene.claim(messages), migrated={group.id})
    assert (reasons(known), known.retryable) == ({MIGRATED.reason}, ())
    group.migrated_to = scene.api.add_supergroup("G", members=[scene.account]).id
    told = await scene.clear(messages)
    assert (reasons(told), told.retryable) == ({"Bad Request: group chat was upgraded to a supergroup chat"}, ())


async def test_what_is_not_asked_for_has_a_reason_of_our_own(scene: Scene) -> None:
    old = scene.plant(scene.private_chat(), age=49 * HOUR)
    dice = scene.plant(scene.private_chat(), kind="dice")
    result = await scene.clear(scene.records([*old, *dice]))
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
async def test_what_is_pending_says_what_keeps_it(scene: Scene, fault: Flood | Failure | Drop, reason: str) -> None:
    scene.api.faults.add(fault, times=None)
    result = await scene.clear(scene.records(scene.plant(scene.private_chat(), 3)), patience=timedelta())
    assert len(result.pending) == 3
    [told] = reasons(result)
    assert told is not None
    assert told in (reason, "TelegramNetworkError")  # an older aiogram does not name the cause of a lost connection


async def test_what_a_flood_kept_from_being_asked_for_is_pending_for_no_other_reason(scene: Scene) -> None:
    scene.api.faults.add(Flood(60))
    executor = scene.executor(patience=timedelta())
    messages = scene.records(scene.plant(scene.private_chat(), 2))
    await executor.run(scene.bot, await scene.claim(messages[:1]))
    later = await executor.run(scene.bot, await scene.claim(messages[1:]))
    assert (later.requests, reasons(later)) == (0, {NOT_ASKED.reason})


async def test_no_reason_holds_a_token(scene: Scene) -> None:
    scene.api.faults.add(Failure(403, f"Forbidden: GET /bot{scene.account.token}/deleteMessages is blocked"))
    result = await scene.clear(scene.records(scene.plant(scene.private_chat())))
    assert reasons(result) == {"Forbidden: GET /bot[token]/deleteMessages is blocked"}


async def test_an_entry_of_another_result_has_no_reason(scene: Scene) -> None:
    messages = scene.records(scene.plant(scene.private_chat(), 2, age=49 * HOUR))
    assert (await scene.clear(messages[:1])).reason(messages[1]) is None


# Rights, asked for once


async def test_rights_are_asked_for_once_although_one_message_was_accepted_first(scene: Scene) -> None:
    group = scene.api.add_supergroup("S", members=[scene.account, scene.ann])
    messages = scene.plant(group, 300, own=False)
    scene.api.world.remove(messages[:30])  # what is gone counts as accepted
    result = await scene.clear(scene.records(messages), in_flight=1)
    assert (len(result.refused), scene.api.count("getChatMember")) == (270, 1)
    assert result.requests <= 20, "and not hundreds"
    assert len(result.retryable) == 270


async def test_rights_that_are_lost_in_the_middle_are_asked_for(scene: Scene) -> None:
    group = scene.api.add_supergroup("S", members=[scene.ann], admins=[scene.account])
    messages = scene.plant(group, 500, own=False)

    async def demote(make_request, bot, method):  # type: ignore[no-untyped-def]
        answer = await make_request(bot, method)
        scene.api.demote(group, scene.account)
        return answer

    scene.bot.session.middleware(demote)
    result = await scene.clear(scene.records(messages), in_flight=1)
    assert (len(result.accepted), len(result.refused)) == (100, 400)
    assert result.requests <= 20
    assert len(result.retryable) == 400
