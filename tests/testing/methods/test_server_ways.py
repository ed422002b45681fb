"""Small things that the server does in its own way."""

from typing import Any

from aiogram import Bot, methods
from aiogram.exceptions import TelegramBadRequest
from aiogram.methods import BanChatMember, LeaveChat, PromoteChatMember, SetMessageReaction, UnbanChatMember
from aiogram.types import BufferedInputFile, InputMediaPhoto, ReactionTypeEmoji

from tests.needs import needs
from tests.testing.refusals import answer_to, refusal
from tgslices.testing import BotAccount, BotApi, ChatView, Person


async def test_old_names_of_methods_work(api: BotApi, account: BotAccount, ann: Person) -> None:
    group = api.add_supergroup("Group", members=[ann], admins=[account])
    assert await answer_to(api, account, "getChatMembersCount", chat_id=group.id) == 2
    assert await answer_to(api, account, "kickChatMember", chat_id=group.id, user_id=ann.id) is True
    assert api.count("banChatMember") == 1


async def test_a_fraction_of_a_number_is_cut_off(api: BotApi, account: BotAccount, ann: Person) -> None:
    """tdutils ``misc.h:157``, ``to_integer``"""
    group = api.add_supergroup("Group", members=[ann], admins=[account])
    end = api.clock.unix_time() + 1000
    link = await answer_to(api, account, "createChatInviteLink", chat_id=group.id, expire_date=end + 0.75)
    assert link["expire_date"] == end


async def test_albums_are_protected(bot: Bot, chat: ChatView, ann: Person) -> None:
    file = BufferedInputFile(b"x", "x.jpg")
    media: list[Any] = [InputMediaPhoto(media=file), InputMediaPhoto(media=file)]
    for message in await bot.send_media_group(chat.id, media, protect_content=True):
        assert message.has_protected_content
        try:
            await message.forward(chat.id)
        except TelegramBadRequest:
            continue
        raise AssertionError("a protected message was forwarded")


async def test_bots_are_among_the_administrators_when_asked_for(api: BotApi, account: BotAccount, bot: Bot) -> None:
    other = api.add_bot("other_bot")
    group = api.add_supergroup("Group", admins=[account, other])
    shown = await answer_to(api, account, "getChatAdministrators", chat_id=group.id)
    assert [member["user"]["id"] for member in shown if member["user"]["is_bot"]] == [account.id]
    shown = await answer_to(api, account, "getChatAdministrators", chat_id=group.id, return_bots=True)
    assert other.id in [member["user"]["id"] for member in shown]


async def test_a_bot_cannot_promote_itself_but_step_down(api: BotApi, account: BotAccount, bot: Bot) -> None:
    group = api.add_supergroup("Group", admins=[account])
    more = PromoteChatMember(chat_id=group.id, user_id=account.id, can_pin_messages=True)
    assert await refusal(bot, more) == "Bad Request: can't promote self"
    assert await refusal(bot, BanChatMember(chat_id=group.id, user_id=account.id)) == "Bad Request: can't restrict self"
    assert await bot.promote_chat_member(group.id, account.id)
    assert group.status_of(account.id) == "member"


async def test_what_is_for_groups_is_not_done_in_private(bot: Bot, chat: ChatView, ann: Person) -> None:
    ban = BanChatMember(chat_id=chat.id, user_id=ann.id)
    assert await refusal(bot, ban) == "Bad Request: can't ban members in private chats"
    assert await refusal(bot, LeaveChat(chat_id=chat.id)) == "Bad Request: can't leave private chats"


async def test_unbanning_removes_who_is_inside(api: BotApi, account: BotAccount, bot: Bot, ann: Person) -> None:
    group = api.add_supergroup("Group", members=[ann], admins=[account])
    assert await bot.unban_chat_member(group.id, ann.id, only_if_banned=True)
    assert group.status_of(ann.id) == "member"
    assert await bot.unban_chat_member(group.id, ann.id)
    assert group.status_of(ann.id) == "left"
    basic = api.add_group("Basic", members=[ann], admins=[account])
    text = await refusal(bot, UnbanChatMember(chat_id=basic.id, user_id=ann.id))
    assert text == "Bad Request: method is available for supergroup and channel chats only"


async def test_reactions_are_those_of_the_list(bot: Bot, chat: ChatView) -> None:
    sent = await bot.send_message(chat.id, "x")
    chair = SetMessageReaction(chat_id=chat.id, message_id=sent.message_id, reaction=[ReactionTypeEmoji(emoji="🪑")])
    assert await refusal(bot, chair) == "Bad Request: REACTION_INVALID"


async def test_an_offset_from_another_run_counts_as_none(bot: Bot, chat: ChatView) -> None:
    await chat.types("one")
    assert [update.update_id for update in await bot.get_updates(offset=5000)] == [1]
    assert await bot.get_updates(offset=2) == []


@needs(methods, "GetUserGifts")
async def test_calls_without_an_effect_are_marked(api: BotApi, account: BotAccount, bot: Bot, chat: ChatView) -> None:
    assert (await bot.get_user_gifts(chat.id)).total_count == 0
    await bot.verify_user(chat.id)
    await bot.send_message(chat.id, "x")
    assert [request.has_effect for request in api.requests] == [False, False, True]
