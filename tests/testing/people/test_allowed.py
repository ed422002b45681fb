"""What Telegram does not let people do, and what it does not let them see: a test that tries it fails and says why."""

from __future__ import annotations

from collections.abc import Awaitable
from datetime import timedelta
from typing import Any

import pytest
from aiogram import Bot
from aiogram.types import ChatMemberBanned, ChatMemberRestricted, ChatPermissions

from tgslices.testing import BotAccount, BotApi, ChatView, NotAllowed, Person, StoredMessage

MUTED = ChatPermissions(can_send_messages=False)
TALKING = ChatPermissions(can_send_messages=True)


async def why_not(act: Awaitable[object]) -> str:
    """The reason that a person is told."""
    with pytest.raises(NotAllowed) as caught:
        await act
    return caught.value.reason


async def test_the_whole_error_names_the_cause_the_remedy_and_the_chat(bot: Bot, bob: Person, team: ChatView) -> None:
    await team.types("before")
    await bot.restrict_chat_member(team.id, bob.id, MUTED)
    with pytest.raises(AssertionError) as caught:
        await team.types("after")
    assert str(caught.value) == (
        "Bob may not write in 'Team', because they are restricted here, without can_send_messages. "
        "Let an administrator lift that with restrictChatMember.\n"
        "--- Team, as Bob sees it ---\n"
        "    2  Bob: before"
    )
    assert team.texts() == ["before"]


async def test_a_mute_ends_when_its_time_is_over(api: BotApi, bot: Bot, bob: Person, team: ChatView) -> None:
    api.clock.freeze()
    until = api.clock.now() + timedelta(minutes=5)
    await bot.restrict_chat_member(team.id, bob.id, MUTED, until_date=until)
    member = await bot.get_chat_member(team.id, bob.id)
    assert isinstance(member, ChatMemberRestricted)
    assert (member.until_date, member.is_member) == (until, True)
    assert await why_not(team.types("too early")) == (
        f"Bob may not write in 'Team', because they are restricted here until {until:%Y-%m-%d %H:%M:%S} UTC, "
        "without can_send_messages."
    )
    api.clock.move(timedelta(minutes=5))
    assert (await bot.get_chat_member(team.id, bob.id)).status == "member"
    await team.types("at last")


@pytest.mark.parametrize("term", [timedelta(seconds=29), timedelta(days=367), timedelta(0), timedelta(days=-1)])
async def test_terms_too_short_or_too_long_are_for_ever(
    api: BotApi, bot: Bot, bob: Person, team: ChatView, term: timedelta
) -> None:
    """https://core.telegram.org/bots/api#banchatmember"""
    api.clock.freeze()
    await bot.ban_chat_member(team.id, bob.id, until_date=api.clock.now() + term)
    banned = await bot.get_chat_member(team.id, bob.id)
    assert isinstance(banned, ChatMemberBanned)
    assert banned.until_date.timestamp() == 0
    api.clock.move(timedelta(days=400))
    assert (await bot.get_chat_member(team.id, bob.id)).status == "kicked"


async def test_a_number_too_large_for_a_date_is_for_ever(bot: Bot, bob: Person, team: ChatView) -> None:
    assert await bot.ban_chat_member(team.id, bob.id, until_date=2**62)
    assert (await bot.get_chat_member(team.id, bob.id)).status == "kicked"


@pytest.mark.parametrize(
    ("kind", "permission"),
    [
        ("photo", "can_send_photos"),
        ("voice", "can_send_voice_notes"),
        ("sticker", "can_send_other_messages"),
        ("poll", "can_send_polls"),
        ("contact", "can_send_messages"),
    ],
)
async def test_media_take_a_permission_each(bot: Bot, bob: Person, team: ChatView, kind: str, permission: str) -> None:
    others = {"can_send_messages", "can_send_photos", "can_send_voice_notes", "can_send_other_messages"}
    left = ChatPermissions(**{name: True for name in others | {"can_send_polls"} if name != permission})
    await bot.restrict_chat_member(team.id, bob.id, left, use_independent_chat_permissions=True)
    assert await why_not(team.sends(kind, {})) == (
        f"Bob may not send {kind!r} in 'Team', because they are restricted here, without {permission}."
    )
    allowed = ChatPermissions(**{permission: True})
    await bot.restrict_chat_member(team.id, bob.id, allowed, use_independent_chat_permissions=True)
    await team.sends(kind, {})


async def test_what_all_members_may_not_do_administrators_may(
    api: BotApi, account: BotAccount, bot: Bot, ann: Person, bob: Person, team: ChatView
) -> None:
    await bot.set_chat_permissions(team.id, MUTED)
    assert await why_not(team.types("x")) == (
        "Bob may not write in 'Team', because members do not have can_send_messages here."
    )
    await bot.restrict_chat_member(team.id, bob.id, TALKING)
    assert "members do not have can_send_messages" in await why_not(team.types("nor with a permission of my own"))
    api.promote(team, ann, can_delete_messages=True)
    await ann.view(team.chat).types("I may")


async def test_a_restriction_outlasts_leaving(api: BotApi, bot: Bot, bob: Person, team: ChatView) -> None:
    """https://core.telegram.org/bots/api#chatmemberrestricted (``is_member``)"""
    await bot.restrict_chat_member(team.id, bob.id, MUTED)
    api.leave(team, bob)
    member = await bot.get_chat_member(team.id, bob.id)
    assert isinstance(member, ChatMemberRestricted)
    assert not member.is_member
    assert await bot.get_chat_member_count(team.id) == 2
    api.join(team, bob)
    assert "restricted here" in await why_not(team.types("x"))
    await bot.restrict_chat_member(team.id, bob.id, ChatPermissions(**dict.fromkeys(ALL, True)))
    assert (await bot.get_chat_member(team.id, bob.id)).status == "member"


ALL = [
    "can_send_messages", "can_send_audios", "can_send_documents", "can_send_photos", "can_send_videos",
    "can_send_video_notes", "can_send_voice_notes", "can_send_polls", "can_send_other_messages",
    "can_add_web_page_previews", "can_change_info", "can_invite_users", "can_pin_messages",
]  # fmt: skip
"""Those that bots name since long; what is omitted follows from them."""


async def test_strangers_and_the_banned_are_shut_out_of_a_supergroup(
    api: BotApi, bot: Bot, ann: Person, bob: Person, team: ChatView
) -> None:
    message = await team.types("hers")
    stranger = api.add_person("Cid").view(team.chat)
    assert stranger.visible() == []
    assert await why_not(stranger.types("x")) == "Cid may not write in 'Team', because they are not in this chat."
    assert "not in this chat" in await why_not(stranger.reacts(message, "👍"))
    await bot.ban_chat_member(team.id, bob.id)
    await bot.send_message(team.id, "He is out.")
    assert team.visible() == []
    assert await why_not(team.types("x")) == "Bob may not write in 'Team', because they are banned here."
    with pytest.raises(NotAllowed, match="may not join"):
        api.join(team, bob)
    assert "banned here" in await why_not(team.asks_to_join())
    await bot.unban_chat_member(team.id, bob.id)
    api.join(team, bob)
    await team.types("back")
    assert "in this chat already" in await why_not(team.asks_to_join())


async def test_a_ban_ends_and_lets_one_come_back(api: BotApi, bot: Bot, bob: Person, team: ChatView) -> None:
    await bot.ban_chat_member(team.id, bob.id, until_date=timedelta(hours=1))
    api.clock.move(timedelta(hours=2))
    assert (await bot.get_chat_member(team.id, bob.id)).status == "left"
    api.join(team, bob)
    await team.types("back")


async def test_everybody_reads_a_public_group_and_only_members_write(
    api: BotApi, bot: Bot, account: BotAccount
) -> None:
    market = api.add_supergroup("Market", admins=[account], username="market")
    await bot.send_message(market.id, "Fresh fish")
    passer = api.add_person("Cid").view(market)
    assert passer.texts() == ["Fresh fish"]
    assert "not in this chat" in await why_not(passer.types("How much?"))


async def test_subscribers_do_not_post(api: BotApi, account: BotAccount, bot: Bot, bob: Person) -> None:
    channel = bob.view(api.add_channel("News", members=[bob], admins=[account]))
    post = await bot.send_message(channel.id, "news")
    stored = channel.visible()[-1]
    assert stored.message_id == post.message_id
    without = "because they are no administrator with"
    assert await why_not(channel.types("x")) == f"Bob may not write in 'News', {without} can_post_messages."
    assert (
        await why_not(channel.pins(stored)) == f"Bob may not pin this message in 'News', {without} can_edit_messages."
    )
    assert await why_not(channel.edits(stored, "x")) == (
        f"Bob may not edit this message in 'News', {without} can_edit_messages."
    )
    assert "it is somebody else's" in await why_not(channel.deletes(stored))
    await channel.reacts(stored, "👍")
    api.promote(channel, bob, can_post_messages=True)
    own = await channel.types("mine")
    await channel.deletes(own)
    assert "an administrator without can_edit_messages" in await why_not(channel.edits(stored, "x"))
    api.promote(channel, bob)
    await channel.edits(stored, "his wording")
    await channel.deletes(stored)


@pytest.mark.parametrize("kind", ["group", "supergroup"])
async def test_only_administrators_delete_what_others_said(
    api: BotApi, account: BotAccount, ann: Person, bob: Person, kind: str
) -> None:
    make: Any = {"group": api.add_group, "supergroup": api.add_supergroup}[kind]
    chat = bob.view(make("Team", members=[ann, bob, account]))
    hers = await ann.view(chat.chat).types("hers")
    own = await chat.types("his")
    assert await why_not(chat.deletes(own, hers)) == (
        "Bob may not delete this message in 'Team', because it is somebody else's, and they may not delete such."
    )
    assert chat.texts() == ["hers", "his"]
    await chat.deletes(own)
    api.promote(chat, bob)
    await chat.deletes(hers)
    assert chat.texts() == []


async def test_what_no_administrator_can_delete(api: BotApi, account: BotAccount, ann: Person) -> None:
    forum = ann.view(api.add_supergroup("Forum", admins=[ann, account], is_forum=True))
    topic = api.add_topic(forum, "News", by=ann)
    created = forum.visible()[-1]
    assert await why_not(forum.deletes(created)) == (
        "Ann may not delete this message in 'Forum', because nobody can delete a 'forum_topic_created' message."
    )
    api.demote(forum, ann)
    topic.is_closed = True
    assert await why_not(forum.types("x", topic=topic)) == (
        "Ann may not write in 'Forum', because the topic 'News' is closed."
    )


async def test_members_pin_unless_the_chat_says_otherwise(
    api: BotApi, account: BotAccount, bot: Bot, bob: Person, team: ChatView
) -> None:
    notice = await team.pins(await team.types("pin me"))
    assert "service messages cannot be pinned" in await why_not(team.pins(notice))
    await bot.set_chat_permissions(team.id, TALKING)
    message: StoredMessage = await team.types("and me")
    assert await why_not(team.pins(message)) == (
        "Bob may not pin this message in 'Team', because members do not have can_pin_messages here."
    )
    public = bob.view(api.add_supergroup("Market", members=[bob], admins=[account], username="market"))
    assert await why_not(public.pins(await public.types("x"))) == (
        "Bob may not pin this message in 'Market', because members never have can_pin_messages in a public group."
    )


async def test_reactions_are_forbidden_with_writing_unless_named(bot: Bot, bob: Person, team: ChatView) -> None:
    """https://core.telegram.org/bots/api#chatpermissions (``can_react_to_messages``)"""
    message = await team.types("x")
    await bot.restrict_chat_member(team.id, bob.id, MUTED)
    assert "without can_react_to_messages" in await why_not(team.reacts(message, "👍"))
    await bot.restrict_chat_member(team.id, bob.id, TALKING)
    await team.reacts(message, "👍")


async def test_nobody_writes_to_a_bot_that_they_blocked(
    bot: Bot, account: BotAccount, ann: Person, chat: ChatView
) -> None:
    await chat.types("hello")
    [first] = await bot.get_updates()
    ann.blocks(account)
    ann.blocks(account)
    assert await why_not(chat.types("x")) == ("Ann may not write in 'order_bot', because they have blocked the bot.")
    ann.unblocks(account)
    ann.unblocks(account)
    await chat.types("and hello")
    blocked, unblocked, message = await bot.get_updates(offset=first.update_id + 1)
    for update, statuses in ((blocked, ("member", "kicked")), (unblocked, ("kicked", "member"))):
        change = update.my_chat_member
        assert change is not None
        assert (change.chat.id, change.chat.type, change.from_user.id) == (ann.id, "private", ann.id)
        assert (change.old_chat_member.status, change.new_chat_member.status) == statuses
        assert change.new_chat_member.user.id == bot.id
    assert message.message is not None


async def test_a_group_that_moved_is_left_alone(api: BotApi, account: BotAccount, ann: Person) -> None:
    group = ann.view(api.add_group("Team", members=[ann, account]))
    api.migrate(group, by=ann)
    assert await why_not(group.types("x")) == (
        "Ann may not write in 'Team', because this group has become a supergroup."
    )
