"""What Telegram does not let people see."""

from __future__ import annotations

from aiogram import Bot

from tgslices.testing import BotAccount, BotApi, Person


async def test_who_is_thrown_out_of_a_basic_group_keeps_what_came_before(
    api: BotApi, account: BotAccount, bot: Bot, bob: Person
) -> None:
    group = bob.view(api.add_group("Trip", members=[bob], admins=[account]))
    await group.types("before")
    await bot.ban_chat_member(group.id, bob.id)
    await bot.send_message(group.id, "after")
    assert [message.kind for message in group.visible()] == ["text", "left_chat_member"]
    assert api.add_person("Cid").view(group.chat).visible() == []
