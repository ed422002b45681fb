"""Who writes as a channel or as an anonymous administrator, and discussions of posts."""

import pytest
from aiogram import Bot
from aiogram.exceptions import TelegramBadRequest
from aiogram.types import ChatMemberAdministrator, KeyboardButton, Message, ReplyKeyboardMarkup

from tgslices.testing import BotAccount, BotApi, NotAllowed, Person

KEYS = ReplyKeyboardMarkup(keyboard=[[KeyboardButton(text="yes")]])


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


async def test_a_bot_that_is_an_anonymous_administrator_is_the_group(
    api: BotApi, account: BotAccount, bot: Bot, ann: Person
) -> None:
    """DOC, Message.sender_chat, Message.author_signature"""
    group = api.add_supergroup("Group", members=[ann, account])
    plain = await bot.send_message(group.id, "as myself")
    assert plain.from_user is not None
    assert (plain.from_user.id, plain.sender_chat) == (account.id, None)
    api.promote(group, account, can_pin_messages=True, is_anonymous=True)
    member = await bot.get_chat_member(group.id, account.id)
    assert isinstance(member, ChatMemberAdministrator)
    assert (member.is_anonymous, member.can_pin_messages, member.can_delete_messages) == (True, True, False)
    sent = await bot.send_message(group.id, "as the group")
    assert sent.from_user is not None
    assert sent.sender_chat is not None
    assert (sent.from_user.id, sent.sender_chat.id) == (1087968824, group.id)
    assert ann.view(group).texts() == ["as myself", "as the group"]
    # its own all the same: it edits and deletes it without a right over others' messages
    edited = await bot.edit_message_text("as we said", chat_id=group.id, message_id=sent.message_id)
    assert isinstance(edited, Message)
    assert edited.sender_chat == sent.sender_chat
    with pytest.raises(TelegramBadRequest, match="inline keyboard expected"):
        await bot.send_message(group.id, "keys", reply_markup=KEYS)
    assert await bot.delete_messages(group.id, [plain.message_id, sent.message_id])
    assert ann.view(group).texts() == []


async def test_a_bot_is_made_an_anonymous_administrator_by_another_bot(
    api: BotApi, account: BotAccount, bot: Bot
) -> None:
    other = api.add_bot("other_bot")
    group = api.add_supergroup("Group", members=[other], admins=[account])
    await bot.promote_chat_member(group.id, other.id, is_anonymous=True, can_invite_users=True)
    await bot.set_chat_administrator_custom_title(group.id, other.id, "Doorkeeper")
    async with Bot(other.token, session=api.client_session()) as second:
        sent = await second.send_message(group.id, "hello")
    assert sent.sender_chat is not None
    assert (sent.sender_chat.id, sent.author_signature) == (group.id, "Doorkeeper")


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
