"""Invitation links as people follow them."""

from datetime import timedelta

import pytest
from aiogram import Bot

from tgslices.testing import BotAccount, BotApi, ChatView, NotAllowed, Person


@pytest.fixture
def team(api: BotApi, account: BotAccount, ann: Person) -> ChatView:
    return ann.view(api.add_supergroup("Team", admins=[account]))


async def test_a_link_lets_as_many_in_as_it_says(api: BotApi, bot: Bot, team: ChatView) -> None:
    await bot.get_updates(allowed_updates=["chat_member"])
    link = await bot.create_chat_invite_link(team.id, member_limit=1)
    await team.joins(link.invite_link)
    [update] = await bot.get_updates()
    assert update.chat_member is not None
    assert update.chat_member.invite_link is not None
    assert update.chat_member.invite_link.invite_link == link.invite_link
    with pytest.raises(NotAllowed, match="as many have come by this link as may"):
        await api.add_person("Bob").view(team.chat).joins(link.invite_link)


async def test_a_link_for_requests_asks(bot: Bot, team: ChatView, ann: Person) -> None:
    link = await bot.create_chat_invite_link(team.id, creates_join_request=True)
    await team.joins(link.invite_link)
    assert team.chat.status_of(ann.id) == "left"
    [update] = await bot.get_updates()
    assert update.chat_join_request is not None
    assert update.chat_join_request.invite_link is not None
    assert update.chat_join_request.invite_link.invite_link == link.invite_link


async def test_a_link_that_is_over_lets_nobody_in(api: BotApi, bot: Bot, team: ChatView) -> None:
    revoked = await bot.create_chat_invite_link(team.id)
    await bot.revoke_chat_invite_link(team.id, revoked.invite_link)
    with pytest.raises(NotAllowed, match="this link was revoked"):
        await team.joins(revoked.invite_link)
    short = await bot.create_chat_invite_link(team.id, expire_date=timedelta(hours=1))
    api.clock.move(timedelta(hours=2))
    with pytest.raises(NotAllowed, match="this link has expired"):
        await team.joins(short.invite_link)
    with pytest.raises(NotAllowed, match="there is no such link"):
        await team.joins("https://t.me/+nothing")
