"""Groups, channels, topics, pins and members."""

import pytest
from aiogram import Bot
from aiogram.enums import ContentType
from aiogram.methods import (
    CloseForumTopic,
    CreateForumTopic,
    DeleteMessage,
    EditForumTopic,
    PinChatMessage,
    PromoteChatMember,
    SendMessage,
    SetChatTitle,
    UnpinChatMessage,
)
from aiogram.types import ChatMemberAdministrator, InaccessibleMessage, Message, Update

from tests.testing.refusals import refusal
from tgslices.testing import BotAccount, BotApi, ChatView, Person

EVERYTHING = ["message", "channel_post", "edited_channel_post", "my_chat_member", "chat_member"]


def kinds(updates: list[Update]) -> list[str]:
    """The types of updates, and for messages what they hold."""
    found = []
    for update in updates:
        content = ContentType(update.event.content_type).value if isinstance(update.event, Message) else ""
        found.append(f"{update.event_type}:{content}".rstrip(":"))
    return found


async def test_a_pin_comes_back_to_the_bot(api: BotApi, account: BotAccount, bot: Bot, ann: Person) -> None:
    """The bot's own service messages of some kinds are echoed; they take a right to be deleted."""
    group = ann.view(api.add_supergroup("Team", members=[ann, account]))
    hers = await group.types("pin me")
    method = PinChatMessage(chat_id=group.id, message_id=hers.message_id)
    assert await refusal(bot, method) == "Bad Request: not enough rights to manage pinned messages in the chat"
    api.promote(group, account, can_pin_messages=True)
    assert await bot(method)
    updates = await bot.get_updates(offset=-1)
    notice = updates[0].message
    assert notice is not None
    assert notice.from_user is not None
    assert (notice.content_type, notice.from_user.id) == ("pinned_message", bot.id)
    assert notice.pinned_message is not None
    assert notice.pinned_message.message_id == hers.message_id
    assert (await bot.get_chat(group.id)).pinned_message is not None
    delete = DeleteMessage(chat_id=group.id, message_id=notice.message_id)
    assert await refusal(bot, delete) == "Bad Request: message can't be deleted"
    api.promote(group, account, can_pin_messages=True, can_delete_messages=True)
    assert await bot(delete)
    assert await bot.unpin_chat_message(group.id)
    unpin = UnpinChatMessage(chat_id=group.id)
    assert await refusal(bot, unpin) == "Bad Request: message to unpin not found"
    assert await bot.unpin_all_chat_messages(group.id)


async def test_pins_in_private_chats(bot: Bot, chat: ChatView) -> None:
    hers = await chat.types("pin me")
    await bot.pin_chat_message(chat.id, hers.message_id)
    notice = chat.visible()[-1]
    assert notice.kind == "pinned_message"
    again = PinChatMessage(chat_id=chat.id, message_id=notice.message_id)
    assert await refusal(bot, again) == "Bad Request: service messages can't be pinned"
    assert await refusal(bot, PinChatMessage(chat_id=chat.id, message_id=99)) == (
        "Bad Request: message to pin not found"
    )
    await chat.deletes(hers)
    await bot.pin_chat_message(chat.id, (await chat.types("other")).message_id)
    assert await bot.delete_messages(chat.id, [notice.message_id])


async def test_what_was_pinned_may_be_gone(bot: Bot, chat: ChatView) -> None:
    hers = await chat.types("pin me")
    notice = await chat.pins(hers)
    await chat.deletes(hers)
    await bot.send_message(chat.id, "re", reply_to_message_id=notice.message_id)
    replied = notice.json_for(bot.id)["pinned_message"]
    assert InaccessibleMessage.model_validate(replied).date == 0


async def test_topics(api: BotApi, account: BotAccount, bot: Bot, ann: Person) -> None:
    forum = ann.view(api.add_supergroup("Forum", members=[ann], admins=[account], is_forum=True))
    topic = await bot.create_forum_topic(forum.id, "News")
    [update] = await bot.get_updates()
    assert update.message is not None
    assert (update.message.content_type, update.message.message_thread_id) == (
        "forum_topic_created",
        topic.message_thread_id,
    )
    sent = await bot.send_message(forum.id, "hot", message_thread_id=topic.message_thread_id)
    assert (sent.message_thread_id, sent.is_topic_message) == (topic.message_thread_id, True)
    await forum.types("hers", topic=topic.message_thread_id)
    delete = DeleteMessage(chat_id=forum.id, message_id=topic.message_thread_id)
    assert await refusal(bot, delete) == "Bad Request: message can't be deleted"
    for wrong in (1, 999):
        method = SendMessage(chat_id=forum.id, text="x", message_thread_id=wrong)
        assert await refusal(bot, method) == "Bad Request: message thread not found"
    assert await bot.close_forum_topic(forum.id, topic.message_thread_id)
    api.promote(forum, account, can_delete_messages=True)
    closed = SendMessage(chat_id=forum.id, text="x", message_thread_id=topic.message_thread_id)
    assert await refusal(bot, closed) == "Bad Request: TOPIC_CLOSED"
    again = CloseForumTopic(chat_id=forum.id, message_thread_id=topic.message_thread_id)
    assert await refusal(bot, again) == "Bad Request: not enough rights to close or open the topic"
    assert await bot.delete_forum_topic(forum.id, topic.message_thread_id)
    assert forum.visible() == []


async def test_topics_are_edited_and_reopened(api: BotApi, account: BotAccount, bot: Bot, ann: Person) -> None:
    forum = ann.view(api.add_supergroup("Forum", members=[ann], admins=[account], is_forum=True))
    topic = api.add_topic(forum, "News", by=ann)
    assert await bot.edit_forum_topic(forum.id, topic.thread_id, name="Old news")
    same = EditForumTopic(chat_id=forum.id, message_thread_id=topic.thread_id, name="Old news")
    assert await refusal(bot, same) == "Bad Request: TOPIC_NOT_MODIFIED"
    assert await bot.close_forum_topic(forum.id, topic.thread_id)
    assert await bot.reopen_forum_topic(forum.id, topic.thread_id)
    assert kinds(await bot.get_updates())[1:] == [
        "message:forum_topic_edited",
        "message:forum_topic_closed",
        "message:forum_topic_reopened",
    ]
    plain = api.add_supergroup("Plain", admins=[account])
    method = CreateForumTopic(chat_id=plain.id, name="x")
    assert await refusal(bot, method) == "Bad Request: the chat is not a forum"


async def test_coming_and_going(api: BotApi, account: BotAccount, bot: Bot, ann: Person) -> None:
    bob = api.add_person("Bob")
    group = api.add_group("Team", members=[ann])
    await bot.get_updates(allowed_updates=EVERYTHING)
    api.join(group, account, by=ann)
    api.promote(group, account, by=ann)
    api.join(group, bob)
    api.kick(group, bob)
    api.kick(group, account)
    assert kinds(await bot.get_updates()) == [
        "my_chat_member",
        "message:new_chat_members",
        "my_chat_member",
        "chat_member",
        "message:new_chat_members",
        "message:left_chat_member",
        "chat_member",
        "message:left_chat_member",
        "my_chat_member",
    ]


async def test_asking_about_members(api: BotApi, account: BotAccount, bot: Bot, ann: Person) -> None:
    group = api.add_supergroup("Team", members=[ann], admins=[account])
    bob = api.add_person("Bob")
    assert (await bot.get_chat_member(group.id, ann.id)).status == "member"
    assert (await bot.get_chat_member(group.id, bob.id)).status == "left"
    me = await bot.get_chat_member(group.id, bot.id)
    assert isinstance(me, ChatMemberAdministrator)
    assert me.can_delete_messages
    assert [member.user.id for member in await bot.get_chat_administrators(group.id)] == [bot.id]
    assert await bot.get_chat_member_count(group.id) == 2
    assert await bot.promote_chat_member(group.id, ann.id, can_pin_messages=True)
    assert await bot.set_chat_title(group.id, "Crew")
    assert (await bot.get_chat(group.id)).title == "Crew"
    api.restrict(group, bob, can_send_messages=False)
    assert (await bot.get_chat_member(group.id, bob.id)).status == "restricted"
    api.demote(group, account)
    assert await refusal(bot, SetChatTitle(chat_id=group.id, title="x")) == (
        "Bad Request: not enough rights to change chat title"
    )
    assert await refusal(bot, PromoteChatMember(chat_id=group.id, user_id=ann.id)) == "Bad Request: not enough rights"


async def test_a_ban_takes_the_messages_along(api: BotApi, account: BotAccount, bot: Bot, ann: Person) -> None:
    bob = api.add_person("Bob")
    group = ann.view(api.add_supergroup("Team", members=[ann, bob], admins=[account]))
    await bob.view(group.chat).types("spam")
    await group.types("ham")
    assert await bot.ban_chat_member(group.id, bob.id)
    assert [message.kind for message in group.visible()] == ["text", "left_chat_member"]
    assert (await bot.get_chat_member(group.id, bob.id)).status == "kicked"
    assert await bot.unban_chat_member(group.id, bob.id)
    assert (await bot.get_chat_member(group.id, bob.id)).status == "left"
    assert await bot.leave_chat(group.id)


async def test_channels_tell_their_administrators(api: BotApi, account: BotAccount, bot: Bot, ann: Person) -> None:
    other = api.add_bot("second_bot")
    channel = ann.view(api.add_channel("News", admins=[ann, account, other]))
    post = await channel.types("post")
    await channel.edits(post, "edited")
    await bot.send_message(channel.id, "own post")
    assert kinds(await bot.get_updates()) == ["channel_post:text", "edited_channel_post:text"]
    async with Bot(other.token, session=api.client_session()) as other_bot:
        heard = await other_bot.get_updates()
    assert [update.channel_post and update.channel_post.text for update in heard] == ["post", None, "own post"]


async def test_privacy_mode(api: BotApi, ann: Person) -> None:
    """https://core.telegram.org/bots/features#privacy-mode"""
    shy = api.add_bot("shy_bot", reads_all_group_messages=False)
    group = ann.view(api.add_group("Team", members=[ann, shy]))
    async with Bot(shy.token, session=api.client_session()) as bot:
        await group.types("not for you")
        await group.types("/command")
        await group.types("hey @shy_bot")
        own = await bot.send_message(group.id, "yes?")
        await group.types("nothing", reply_to=group.visible()[-1])
        heard = [update.message and update.message.text for update in await bot.get_updates()]
        assert heard == ["/command", "hey @shy_bot", "nothing"]
        assert own.message_id == 4
        api.promote(group, shy)
        await group.types("for all")
        assert kinds(await bot.get_updates(offset=-1)) == ["message:text"]


@pytest.mark.parametrize("kind", ["group", "supergroup"])
async def test_bots_do_not_hear_each_other(api: BotApi, account: BotAccount, bot: Bot, ann: Person, kind: str) -> None:
    other = api.add_bot("second_bot")
    make = api.add_group if kind == "group" else api.add_supergroup
    group = make("Team", members=[ann, account, other])
    await bot.send_message(group.id, "anybody?")
    async with Bot(other.token, session=api.client_session()) as other_bot:
        assert await other_bot.get_updates() == []
