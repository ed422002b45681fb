"""Suggested posts, approved and declined."""

import pytest
from aiogram import Bot

from tests.testing.refusals import answer_to
from tgslices.testing import BotAccount, BotApi, ChatView, Person

PENDING = {"text": "Tea for all", "suggested_post_info": {"state": "pending"}}


@pytest.fixture
def channel(api: BotApi, account: BotAccount, ann: Person) -> ChatView:
    return ann.view(api.add_channel("News", members=[ann], admins=[account]))


async def test_an_approved_post_is_published(api: BotApi, bot: Bot, ann: Person, channel: ChatView) -> None:
    direct = ann.view(api.add_direct_messages(channel))
    post = await direct.sends("text", PENDING)
    assert await bot.approve_suggested_post(direct.id, post.message_id)
    assert channel.texts() == ["Tea for all"]
    assert [message.kind for message in direct.visible()] == ["text", "suggested_post_approved"]
    assert post.content["suggested_post_info"]["state"] == "approved"


async def test_a_declined_one_is_not_and_nothing_is_decided_twice(
    api: BotApi, account: BotAccount, bot: Bot, ann: Person, channel: ChatView
) -> None:
    direct = ann.view(api.add_direct_messages(channel))
    post = await direct.sends("text", PENDING)
    assert await bot.decline_suggested_post(direct.id, post.message_id, comment="No tea")
    assert channel.texts() == []
    assert direct.visible()[-1].stored.content["suggested_post_declined"]["comment"] == "No tea"
    place = {"chat_id": direct.id, "message_id": post.message_id}
    again = await answer_to(api, account, "approveSuggestedPost", **place)
    assert again == "Bad Request: message can't be approved or declined"
