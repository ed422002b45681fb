"""Which requests a replay makes: ascending, albums whole, and each copy with its pair."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.replay.stage import ReplayStage
from tgslices import GENERAL_TOPIC
from tgslices.event_loop.work_in_turns import at_once
from tgslices.replay.plan import planning


async def test_a_hundred_messages_and_ten_albums_take_a_hundred_and_ten_requests(stage: ReplayStage) -> None:
    entries = []
    for number in range(10):
        entries += stage.texts(*(f"{number}-{each}" for each in range(10)))
        entries += stage.album(3, number=number)
    result = await stage.replay(entries)
    assert result.requests == stage.calls == 110
    assert [copy.message_id for copy in stage.copies()] == list(result.copied.values())
    assert list(result.copied) == entries
    texts = {entry: f"{number // 13}-{number % 13}" for number, entry in enumerate(entries) if number % 13 < 10}
    by_id = {copy.message_id: copy for copy in stage.copies()}
    assert {entry: by_id[result.copied[entry]].content["text"] for entry in texts} == texts


async def test_an_album_stays_one_album(stage: ReplayStage) -> None:
    result = await stage.replay([*stage.texts("one"), *stage.album(4)])
    *_, first, second, third, fourth = stage.copies()
    albums = {message.content["media_group_id"] for message in (first, second, third, fourth)}
    assert len(albums) == 1 and result.requests == 2


async def test_in_bulk_a_hundred_messages_and_ten_albums_take_two_requests(stage: ReplayStage) -> None:
    entries = []
    for number in range(10):
        entries += [*stage.texts(*(["hi"] * 10)), *stage.album(3, number=number)]
    result = await stage.replay(entries, exact=False)
    assert result.requests == 2
    assert list(result.copied) == entries
    assert len(stage.copies()) == 130


async def test_a_hundred_does_not_tear_an_album_apart(stage: ReplayStage) -> None:
    entries = [*stage.texts(*(["hi"] * 98)), *stage.album(3)]
    await stage.replay(entries, exact=False)
    assert [len(ids) for ids in stage.scene.asked("copyMessages")] == [98, 3]


async def test_copies_ascend_whatever_the_order_of_recording(stage: ReplayStage) -> None:
    entries = stage.texts("one", "two", "three")
    await stage.replay(reversed(entries))
    assert stage.copied_texts() == ["one", "two", "three"]


async def test_messages_of_two_chats_are_copied_by_the_time_when_they_were_sent(stage: ReplayStage) -> None:
    scene = stage.scene
    group = scene.api.add_supergroup("Group", members=[scene.ann, scene.account])
    entries = []
    for number in range(4):
        scene.api.clock.move(timedelta(minutes=1))
        chat = group if number % 2 else scene.private_chat()
        entries.append(stage.record(scene.api.world.store(chat, scene.account, "text", {"text": str(number)})))
    await stage.replay(entries)
    assert stage.copied_texts() == ["0", "1", "2", "3"]


@pytest.mark.parametrize("exact", [True, False])
async def test_a_forward_names_its_origin(stage: ReplayStage, exact: bool) -> None:
    result = await stage.replay([*stage.texts("one", "two"), *stage.album()], forward=True, exact=exact)
    assert all("forward_origin" in copy.content for copy in stage.copies())
    assert len(result.copied) == 4
    assert result.requests == (3 if exact else 1)


async def test_copies_go_to_the_topic_that_is_named(stage: ReplayStage) -> None:
    scene = stage.scene
    forum = scene.api.add_supergroup("Forum", members=[scene.ann, scene.account], is_forum=True)
    scene.api.promote(forum, scene.account, can_manage_topics=True)
    topic = await scene.bot.create_forum_topic(forum.id, "Orders")
    result = await stage.replay(stage.texts("one"), to=forum.id, thread_id=topic.message_thread_id)
    (copy_id,) = result.copied.values()
    copy = forum.find(scene.account.id, copy_id)
    assert copy is not None
    assert copy.content["message_thread_id"] == topic.message_thread_id


async def test_the_general_topic_is_not_named_to_telegram_which_refuses_that(stage: ReplayStage) -> None:
    forum = stage.scene.api.add_supergroup("Forum", members=[stage.scene.account], is_forum=True)
    result = await stage.replay(stage.texts("one"), to=forum.id, thread_id=GENERAL_TOPIC)
    assert len(result.copied) == 1


async def test_a_username_names_a_target(stage: ReplayStage) -> None:
    channel = stage.scene.api.add_channel("News", username="news_of_ann")
    stage.scene.api.promote(channel, stage.scene.account, can_post_messages=True)
    assert len((await stage.replay(stage.texts("one"), to="@news_of_ann")).copied) == 1


async def test_what_is_recorded_twice_is_copied_once(stage: ReplayStage) -> None:
    entries = stage.texts("one")
    assert (await stage.replay(entries * 2)).requests == 1


def test_nothing_to_copy_makes_no_chunks() -> None:
    assert at_once(planning([], forward=False, exact=True)).chunks == ()
