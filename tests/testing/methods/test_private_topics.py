"""Topics of private chats, and private chats with people who ask to join."""

from datetime import timedelta

import pytest
from aiogram import Bot
from aiogram.exceptions import TelegramForbiddenError
from aiogram.methods import SendMessage

from tests.testing.refusals import answer_to, refusal
from tgslices.testing import BotAccount, BotApi, ChatView, Person


async def test_a_private_chat_has_topics(bot: Bot, chat: ChatView) -> None:
    """DOC, createForumTopic: or a private chat with a user"""
    topic = await bot.create_forum_topic(chat.id, "Orders")
    sent = await bot.send_message(chat.id, "hello", message_thread_id=topic.message_thread_id)
    assert sent.message_thread_id == topic.message_thread_id
    assert sent.is_topic_message
    await chat.types("tea", topic=topic.message_thread_id)
    told = [update.message.message_thread_id for update in await bot.get_updates() if update.message]
    assert told == [topic.message_thread_id] * 2
    await bot.edit_forum_topic(chat.id, topic.message_thread_id, name="Old orders")
    await bot.delete_forum_topic(chat.id, topic.message_thread_id)
    assert chat.texts() == []


async def test_an_unknown_topic_of_a_private_chat_is_refused(bot: Bot, chat: ChatView) -> None:
    """`Client.cpp:8281-8285`"""
    method = SendMessage(chat_id=chat.id, text="x", message_thread_id=999)
    assert await refusal(bot, method) == "Bad Request: message thread not found"


async def test_a_bot_may_write_for_five_minutes_to_who_asks_to_join(
    api: BotApi, account: BotAccount, bot: Bot, ann: Person
) -> None:
    """DOC, ChatJoinRequest.user_chat_id"""
    group = api.add_supergroup("Group", admins=[account])
    await ann.view(group).asks_to_join()
    await bot.send_message(ann.id, "2 + 2?")
    api.clock.move(timedelta(minutes=6))
    with pytest.raises(TelegramForbiddenError, match="can't initiate conversation"):
        await bot.send_message(ann.id, "Hello?")
    assert ann.private_chat(account).texts() == ["2 + 2?"]
    await bot.send_message(ann.id, "You came!")


async def test_who_was_let_in_can_be_written_to_no_more(
    api: BotApi, account: BotAccount, bot: Bot, ann: Person
) -> None:
    group = api.add_supergroup("Group", admins=[account])
    await ann.view(group).asks_to_join()
    await bot.approve_chat_join_request(group.id, ann.id)
    with pytest.raises(TelegramForbiddenError, match="can't initiate conversation"):
        await bot.send_message(ann.id, "Hello?")
    again = await answer_to(api, account, "approveChatJoinRequest", chat_id=group.id, user_id=ann.id)
    assert again == "Bad Request: USER_ALREADY_PARTICIPANT"


async def test_the_icons_of_topics_are_there(bot: Bot) -> None:
    icons = await bot.get_forum_topic_icon_stickers()
    assert icons[0].emoji == "📰"
    assert icons[1].custom_emoji_id is not None
    assert await bot.get_custom_emoji_stickers([icons[1].custom_emoji_id]) == [icons[1]]
