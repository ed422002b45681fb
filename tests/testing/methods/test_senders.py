"""Who writes as a channel or as an anonymous administrator, and discussions of posts."""

import pytest
from aiogram import Bot

from tgslices.testing import BotAccount, BotApi, NotAllowed, Person


async def test_a_person_writes_as_their_channel(api: BotApi, account: BotAccount, bot: Bot, ann: Person) -> None:
    """As user 136817688 with `sender_chat`"""
    group = api.add_supergroup("Group", members=[ann], admins=[account])
    channel = api.add_channel("News", admins=[ann])
    await ann.view(group).types("hello", sender=channel)
    [update] = await bot.get_updates()
    assert update.message is not None
    assert update.message.from_user is not None
    assert update.message.sender_chat is not None
    assert (update.message.from_user.id, update.message.sender_chat.id) == (136817688, channel.id)


async def test_an_anonymous_administrator_is_the_group(api: BotApi, account: BotAccount, bot: Bot, ann: Person) -> None:
    group = api.add_supergroup("Group", admins=[account, ann])
    await ann.view(group).types("hello", sender=group)
    [update] = await bot.get_updates()
    assert update.message is not None
    assert update.message.from_user is not None
    assert update.message.sender_chat is not None
    assert (update.message.from_user.id, update.message.sender_chat.id) == (1087968824, group.id)


async def test_nobody_writes_as_a_chat_that_they_do_not_run_or_that_is_banned(
    api: BotApi, account: BotAccount, bot: Bot, ann: Person
) -> None:
    group = api.add_supergroup("Group", members=[ann], admins=[account])
    with pytest.raises(NotAllowed, match="they do not run it"):
        await ann.view(group).types("hello", sender=group)
    channel = api.add_channel("News", admins=[ann])
    await bot.ban_chat_sender_chat(group.id, channel.id)
    with pytest.raises(NotAllowed, match="it is banned here"):
        await ann.view(group).types("hello", sender=channel)


async def test_posts_come_into_the_discussion_group(api: BotApi, account: BotAccount, bot: Bot, ann: Person) -> None:
    """DOC, Message.is_automatic_forward"""
    channel, group = api.add_channel("News", admins=[ann]), api.add_supergroup("Talk", admins=[account])
    api.link_discussion(channel, group)
    await ann.view(channel).types("news")
    [update] = await bot.get_updates()
    assert update.message is not None
    assert update.message.is_automatic_forward
    assert (update.message.chat.id, update.message.text) == (group.id, "news")
    assert update.message.from_user is not None
    assert update.message.from_user.id == 777000
    assert (await bot.get_chat(group.id)).linked_chat_id == channel.id
