"""What cannot be copied, and where that is known from."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.replay.stage import ReplayStage
from tgslices.replay.obstacles import UNCOPYABLE, obstacle_to
from tgslices.telegram_facts.message_kind import MessageKind, kind_named
from tgslices.testing.rules.forwarding import UNCOPYABLE_KINDS

KNOWN: dict[str, tuple[dict[str, Any], str]] = {
    "a service message": ({"kind": MessageKind.PINNED_MESSAGE}, "A service message cannot be copied."),
    "an ephemeral message": (
        {"message_id": 0, "ephemeral_message_id": 7, "receiver_user_id": 9},
        "An ephemeral message cannot be copied.",
    ),
    "a message of a business account": (
        {"business_connection_id": "c"},
        "A message of a business account cannot be copied by a bot.",
    ),
    "paid media": ({"kind": MessageKind.PAID_MEDIA}, "A message of the kind 'paid_media' cannot be copied."),
    "an invoice": ({"kind": MessageKind.INVOICE}, "A message of the kind 'invoice' cannot be copied."),
    "a giveaway": ({"kind": MessageKind.GIVEAWAY}, "A message of the kind 'giveaway' cannot be copied."),
    "its winners": (
        {"kind": MessageKind.GIVEAWAY_WINNERS},
        "A message of the kind 'giveaway_winners' cannot be copied.",
    ),
    "what this release does not know": (
        {"kind": MessageKind.UNKNOWN},
        "This release does not know what this is; widgets, for one, cannot be copied.",
    ),
    "an id that no request can carry": ({"message_id": 2**31}, "No request can carry the id of this message."),
}


@pytest.mark.parametrize("what", KNOWN)
@pytest.mark.parametrize("exact", [True, False])
async def test_what_the_record_tells_is_never_asked_for(stage: ReplayStage, what: str, exact: bool) -> None:
    changed, why = KNOWN[what]
    (message,) = [stage.record(stored, **changed) for stored in stage.scene.plant(stage.scene.private_chat())]
    result = await stage.replay([message, *stage.texts("one")], exact=exact)
    assert result.skipped == (message,)
    assert result.reason(message) == why
    assert result.requests == 1
    assert stage.copied_texts() == ["one"]


def test_what_cannot_be_copied_is_what_the_emulator_says_too() -> None:
    assert {kind.value for kind in UNCOPYABLE} == UNCOPYABLE_KINDS


def test_a_widget_is_known_by_its_name_once_aiogram_has_it(stage: ReplayStage) -> None:
    message = replace(*stage.texts("one"), kind=kind_named("widget"))
    assert obstacle_to(message, forward=True) == "A widget is protected content and cannot be forwarded."


async def test_paid_media_are_forwarded(stage: ReplayStage) -> None:
    message = stage.other("paid_media", {"paid_media": {"star_count": 1, "paid_media": []}})
    assert obstacle_to(message, forward=True) is None


async def test_a_quiz_whose_answer_the_bot_does_not_know_is_refused_and_the_rest_copied(stage: ReplayStage) -> None:
    quiz = {"poll": {"id": "1", "type": "quiz", "question": "?", "options": []}}
    message, one = stage.other("poll", quiz), stage.texts("one")
    result = await stage.replay([message, *one])
    assert result.reason(message) == "Bad Request: the message can't be copied"
    assert list(result.copied) == one


async def test_a_deleted_message_is_refused_and_the_rest_copied(stage: ReplayStage) -> None:
    gone, one = stage.texts("gone", "one")
    await stage.scene.bot.delete_message(gone.chat_id, gone.message_id)
    result = await stage.replay([gone, one])
    assert result.skipped == (gone,)
    assert result.reason(gone) == "Bad Request: message to copy not found"
    assert list(result.copied) == [one]


REFUSED: dict[str, tuple[str, dict[str, Any]]] = {
    "service": ("pinned_message", {"pinned_message": {}}),
    "paid media": ("paid_media", {"paid_media": {"star_count": 1, "paid_media": []}}),
    "invoice": ("invoice", {"invoice": {}}),
    "giveaway": ("giveaway", {"giveaway": {}}),
    "winners": ("giveaway_winners", {"giveaway_winners": {}}),
    "quiz": ("poll", {"poll": {"id": "1", "type": "quiz", "question": "?", "options": []}}),
}


@pytest.mark.parametrize("what", REFUSED)
async def test_what_the_record_does_not_tell_telegram_refuses_and_the_rest_is_copied(
    stage: ReplayStage, what: str
) -> None:
    kind, content = REFUSED[what]
    stored = stage.scene.api.world.store(stage.scene.private_chat(), stage.scene.account, kind, content)
    untold, one = stage.record(stored, kind=None), stage.texts("one")
    result = await stage.replay([untold, *one])
    assert (result.skipped, list(result.copied)) == ((untold,), one)
    assert result.reason(untold) == "Bad Request: the message can't be copied"
    in_bulk = await stage.replay([untold, *one], exact=False)
    assert (in_bulk.unpaired, len(in_bulk.unpaired_ids)) == ((untold, *one), 1)
    alone = await stage.replay([untold, replace(untold, message_id=untold.message_id + 500)], exact=False)
    assert alone.reason(untold) == "Bad Request: messages can't be forwarded"


async def test_of_what_is_all_gone_nothing_is_copied(stage: ReplayStage) -> None:
    album = stage.album(2)
    for message in album:
        await stage.scene.bot.delete_message(message.chat_id, message.message_id)
    result = await stage.replay(album)
    assert result.skipped == tuple(album)
    assert result.reason(album[0]) == "Bad Request: there are no messages to forward"


async def test_a_target_that_wants_another_topic_ends_the_replay_at_once(stage: ReplayStage) -> None:
    scene = stage.scene
    channel = scene.api.add_channel("News", admins=[scene.account])
    direct = scene.api.add_direct_messages(channel)
    entries = stage.texts("one", "two")
    result = await stage.replay(entries, to=direct.id)
    assert (result.requests, result.left) == (1, tuple(entries))


async def test_protected_messages_are_copied_and_not_forwarded(stage: ReplayStage) -> None:
    protected = stage.other("text", {"text": "secret", "has_protected_content": True})
    assert list((await stage.replay([protected])).copied) == [protected]
    refused = await stage.replay([protected], forward=True)
    assert refused.reason(protected) == "Bad Request: the message can't be forwarded"


async def test_of_a_protected_chat_one_refused_forward_tells_all(stage: ReplayStage) -> None:
    entries = stage.texts("one", "two", "three")
    stage.scene.private_chat().protected = True
    result = await stage.replay(entries, forward=True)
    assert result.requests == 1
    assert result.skipped == tuple(entries)
    assert len(result.reasons()) == 1


async def test_of_an_album_with_a_gap_no_pair_is_guessed(stage: ReplayStage) -> None:
    album = stage.album(3)
    await stage.scene.bot.delete_message(album[1].chat_id, album[1].message_id)
    result = await stage.replay(album)
    assert result.unpaired == tuple(album)
    assert list(result.unpaired_ids) == [copy.message_id for copy in stage.copies()]
    assert result.copied == {}


async def test_of_a_hundred_with_a_gap_no_pair_is_guessed(stage: ReplayStage) -> None:
    entries = stage.texts(*"abcd")
    await stage.scene.bot.delete_message(entries[0].chat_id, entries[0].message_id)
    result = await stage.replay(entries, exact=False)
    assert (len(result.unpaired), len(result.unpaired_ids)) == (4, 3)
    assert stage.copied_texts() == ["b", "c", "d"]


async def test_a_target_without_access_ends_the_replay_at_once(stage: ReplayStage) -> None:
    entries = stage.texts("one", "two")
    result = await stage.replay(entries, to=-1009999999999)
    assert result.requests == 1
    assert result.left == tuple(entries)
    assert result.reason(entries[1]) == "Bad Request: chat not found"


async def test_a_bot_that_was_kicked_ends_the_replay_at_once(stage: ReplayStage) -> None:
    entries = stage.texts("one", "two")
    stage.scene.api.kick(stage.desk, stage.scene.account)
    result = await stage.replay(entries)
    assert (result.requests, result.left) == (1, tuple(entries))


async def test_a_group_that_became_a_supergroup_is_followed(stage: ReplayStage) -> None:
    scene = stage.scene
    group = scene.api.add_group("Group", members=[scene.ann, scene.account])
    scene.api.migrate(group)
    entries = stage.texts("one", "two")
    result = await stage.replay(entries, to=group.id)
    assert len(result.copied) == 2
    assert result.requests == 3
