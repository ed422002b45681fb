"""The direct messages of a channel: a topic for everybody who writes, and one right to run them."""

from datetime import timedelta
from typing import Any

import pytest
from aiogram import Bot, types
from aiogram.methods import DeleteMessage, DeleteMessages, SendMessage

from tests.needs import needs
from tests.testing.methods.samples import sample
from tests.testing.methods.scene import Scene
from tests.testing.methods.test_every_method import MODELS
from tests.testing.refusals import refusal
from tgslices.testing import BotAccount, BotApi, ChatView, Person

pytestmark = needs(types, "DirectMessagesTopic")
INTO_TOPICS = [name for name, model in MODELS.items() if "direct_messages_topic_id" in model.model_fields]
"""Every method that names such a topic."""


@pytest.fixture
def channel(api: BotApi, account: BotAccount) -> Any:
    return api.add_channel("News", admins=[account])


@pytest.fixture
def direct(api: BotApi, ann: Person, channel: Any) -> ChatView:
    return ann.view(api.add_direct_messages(channel))


async def test_she_writes_and_the_channel_answers_in_her_topic(
    api: BotApi, bot: Bot, account: BotAccount, ann: Person, channel: Any, direct: ChatView
) -> None:
    bob = api.add_person("Bob")
    await direct.types("hello")
    await bob.view(direct.chat).types("me too")
    hers, his = [update.message for update in await bot.get_updates()]
    assert hers is not None
    assert his is not None
    assert (hers.chat.type, hers.chat.is_direct_messages, hers.chat.title) == ("supergroup", True, "News")
    assert hers.direct_messages_topic is not None
    assert hers.direct_messages_topic.user is not None
    assert (hers.direct_messages_topic.topic_id, hers.direct_messages_topic.user.id) == (ann.id, ann.id)
    assert hers.message_thread_id is None
    answer = await bot.send_message(direct.id, "hi", direct_messages_topic_id=ann.id)
    assert answer.direct_messages_topic == hers.direct_messages_topic
    assert answer.sender_chat is not None
    assert answer.from_user is not None
    assert (answer.sender_chat.id, answer.from_user.username) == (channel.id, "Channel_Bot")
    assert direct.texts() == ["hello", "hi"]
    assert bob.view(direct.chat).texts() == ["me too"]
    assert (await bot.get_chat(direct.id)).is_direct_messages
    edited = await bot.edit_message_text("hi!", chat_id=direct.id, message_id=answer.message_id)
    assert not isinstance(edited, bool)
    assert edited.direct_messages_topic == hers.direct_messages_topic


@pytest.mark.parametrize("name", INTO_TOPICS)
async def test_every_sender_finds_the_topic(api: BotApi, account: BotAccount, bot: Bot, name: str) -> None:
    scene = Scene(api, account, bot)
    direct = scene.ann.view(api.add_direct_messages(api.add_channel("News", admins=[account])))
    await direct.types("hello")
    method = await sample(scene, MODELS[name])
    method = method.model_copy(update={"chat_id": direct.id, "direct_messages_topic_id": scene.ann.id})
    result = await bot(method)
    sent = direct.stored()[1:]
    assert sent
    topic = {"topic_id": scene.ann.id, "user": scene.ann.json()}
    assert [message.content["direct_messages_topic"] for message in sent] == [topic] * len(sent)
    first = result[0] if isinstance(result, list) else result
    assert first.message_id == sent[0].message_id


async def test_topics_that_are_none(
    api: BotApi, bot: Bot, account: BotAccount, ann: Person, channel: Any, direct: ChatView
) -> None:
    into = SendMessage(chat_id=direct.id, text="x", direct_messages_topic_id=ann.id)
    assert await refusal(bot, into) == "Bad Request: topic not found"
    await direct.types("hello")
    without = SendMessage(chat_id=direct.id, text="x", message_thread_id=5)
    assert await refusal(bot, without) == "Bad Request: channel direct messages topic must be specified"
    api.promote(channel, account, by=ann, can_post_messages=True)
    assert await refusal(bot, into) == "Bad Request: chat is not an administered channel direct messages chat"
    await direct.types("is nobody there?")
    assert [update for update in await bot.get_updates() if update.message and update.message.text != "hello"] == []
    private = ann.private_chat(account)
    assert (await bot.send_message(private.id, "x", direct_messages_topic_id=ann.id)).direct_messages_topic is None


async def test_who_runs_them_deletes_anything_for_two_days(
    api: BotApi, bot: Bot, account: BotAccount, ann: Person, channel: Any, direct: ChatView
) -> None:
    api.clock.freeze()
    api.promote(channel, account, by=ann, can_manage_direct_messages=True)
    hers = [await direct.types(text) for text in ("one", "two", "three")]
    own = await bot.send_message(direct.id, "own", direct_messages_topic_id=ann.id)
    assert await bot.delete_messages(direct.id, [hers[0].message_id, own.message_id])
    api.promote(channel, account, by=ann, can_delete_messages=True)
    one = DeleteMessage(chat_id=direct.id, message_id=hers[1].message_id)
    assert await refusal(bot, one) == "Bad Request: message can't be deleted"
    api.promote(channel, account, by=ann, can_manage_direct_messages=True)
    api.clock.move(timedelta(days=2, seconds=-1))
    assert await bot(one)
    api.clock.move(timedelta(seconds=1))
    old = DeleteMessages(chat_id=direct.id, message_ids=[hers[2].message_id])
    assert await refusal(bot, old) == "Bad Request: message can't be deleted"
    assert direct.texts() == ["three"]


async def test_an_administrator_answers_by_hand(
    api: BotApi, bot: Bot, ann: Person, channel: Any, direct: ChatView
) -> None:
    boss = api.add_person("Boss")
    api.promote(channel, boss, by=ann)
    await direct.types("hello")
    await boss.view(direct.chat).types("welcome", topic=ann.id)
    assert direct.texts() == ["hello", "welcome"] == boss.view(direct.chat).texts()
    assert [update.message.text for update in await bot.get_updates() if update.message] == ["hello", "welcome"]
