"""Topics that a person writes into, however the test names them."""

from __future__ import annotations

import pytest

from tgslices.testing import BotAccount, BotApi, ChatView, Person


@pytest.fixture
def forum(api: BotApi, account: BotAccount, ann: Person) -> ChatView:
    view = ann.view(api.add_supergroup("Desk", members=[ann], admins=[account], is_forum=True))
    api.add_topic(view, "Tea", by=ann)
    api.add_topic(view, "Cake", by=ann)
    return view


async def test_a_topic_is_named_as_a_message_in_it_shows_it(forum: ChatView) -> None:
    await forum.types("hot", topic="Tea")
    shown = await forum.sees("hot")
    assert shown.topic == "Tea"
    await forum.types("and sweet", topic=shown.topic)
    assert (await forum.sees("and sweet")).topic == "Tea"


async def test_a_reply_stands_in_the_topic_of_what_it_replies_to(forum: ChatView) -> None:
    hot = await forum.types("hot", topic="Tea")
    await forum.types("how hot?", reply_to=hot)
    await forum.types("and cake?", reply_to=hot, topic="Cake")
    assert [message.topic for message in forum.visible()[-3:]] == ["Tea", "Tea", "Cake"]
    aside = await forum.types("hello")
    await forum.types("hello yourself", reply_to=aside)
    assert [message.topic for message in forum.visible()[-2:]] == ["", ""]


@pytest.mark.parametrize("general", [1, "", "General"])
async def test_general_has_the_number_1_and_a_name_but_its_messages_name_no_topic(
    forum: ChatView, general: int | str
) -> None:
    sent = await forum.types("hello", topic=general)
    assert (sent.topic_id, "message_thread_id" in sent.content) == (0, False)


@pytest.mark.parametrize("missing", [99, "Coffee"])
async def test_a_topic_that_is_not_there_is_an_error_that_lists_those_that_are(
    forum: ChatView, missing: int | str
) -> None:
    with pytest.raises(AssertionError, match=rf"no topic {missing!r} in 'Desk', which has .*'Tea', .*'Cake'"):
        await forum.types("hello", topic=missing)
    assert "hello" not in forum.texts()


async def test_a_group_without_topics_has_none(api: BotApi, account: BotAccount, ann: Person) -> None:
    team = ann.view(api.add_supergroup("Team", members=[ann, account]))
    first = await team.types("first")
    assert (await team.types("second", reply_to=first)).topic_id == 0
    with pytest.raises(AssertionError, match="no topic 'Tea' in 'Team'"):
        await team.types("third", topic="Tea")


async def test_a_topic_of_a_private_chat_is_named_likewise(api: BotApi, account: BotAccount, chat: ChatView) -> None:
    with pytest.raises(AssertionError, match="no topic 'Tea' in 'order_bot'"):
        await chat.types("hot", topic="Tea")
