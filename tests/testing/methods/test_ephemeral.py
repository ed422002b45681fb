"""Ephemeral messages. They need an aiogram that knows of them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from aiogram import Bot, methods, types

from tests.needs import needs
from tests.testing.refusals import refusal
from tgslices.testing import BotAccount, BotApi, ChatView, Person

pytestmark = needs(methods, "DeleteEphemeralMessage")


@pytest.fixture
def group(api: BotApi, ann: Person, account: BotAccount) -> ChatView:
    bob = api.add_person("Bob")
    return ann.view(api.add_supergroup("Team", members=[ann, bob, account]))


def for_her(ann: Person) -> types.EphemeralMessageParameters:
    return types.EphemeralMessageParameters(receiver_user_id=ann.id)


async def test_only_she_sees_it_and_it_has_no_number(api: BotApi, bot: Bot, ann: Person, group: ChatView) -> None:
    sent = await bot.send_message(group.id, "psst", ephemeral_message_parameters=for_her(ann))
    assert (sent.message_id, sent.ephemeral_message_id) == (0, 1)
    assert sent.receiver_user is not None
    assert sent.receiver_user.id == ann.id
    assert group.texts() == ["psst"]
    assert str(group.visible()[0]).split() == ["e1", "order_bot:", "psst"]
    bob = next(user for user in api.world.users.values() if user.first_name == "Bob")
    assert isinstance(bob, Person)
    assert bob.view(group.chat).texts() == []
    assert await bot.delete_messages(group.id, [1])
    assert group.texts() == ["psst"]


async def test_it_is_deleted_by_itself_and_its_identifier_comes_back(bot: Bot, ann: Person, group: ChatView) -> None:
    for text in ("one", "two"):
        await bot.send_message(group.id, text, ephemeral_message_parameters=for_her(ann))
    assert await bot.delete_ephemeral_message(group.id, ann.id, 1)
    assert group.texts() == ["two"]
    again = methods.DeleteEphemeralMessage(chat_id=group.id, receiver_user_id=ann.id, ephemeral_message_id=1)
    assert await refusal(bot, again) == "Bad Request: message to delete not found"
    sent = await bot.send_message(group.id, "three", ephemeral_message_parameters=for_her(ann))
    assert sent.ephemeral_message_id == 1


async def test_it_is_edited_by_methods_of_its_own(bot: Bot, ann: Person, group: ChatView) -> None:
    await bot.send_message(group.id, "one", ephemeral_message_parameters=for_her(ann))
    assert await bot.edit_ephemeral_message_text(group.id, ann.id, 1, text="two") is True
    assert group.texts() == ["two"]
    same = methods.EditEphemeralMessageText(
        chat_id=group.id, receiver_user_id=ann.id, ephemeral_message_id=1, text="two"
    )
    assert "message is not modified" in await refusal(bot, same)


async def test_seven_days_and_a_hundred_are_the_limit(api: BotApi, bot: Bot, ann: Person, group: ChatView) -> None:
    for number in range(101):
        await bot.send_message(group.id, str(number), ephemeral_message_parameters=for_her(ann))
    assert group.texts() == [str(number) for number in range(1, 101)]
    api.clock.move(timedelta(days=7))
    assert group.texts() == []


async def test_groups_only_and_members_only(
    api: BotApi, bot: Bot, ann: Person, chat: ChatView, group: ChatView
) -> None:
    stranger = api.add_person("Carl")
    private = methods.SendMessage(chat_id=ann.id, text="x", ephemeral_message_parameters=for_her(ann))
    assert await refusal(bot, private) == "Bad Request: BOT_NOT_ADMIN"
    foreign = methods.SendMessage(chat_id=group.id, text="x", ephemeral_message_parameters=for_her(stranger))
    assert await refusal(bot, foreign) == "Bad Request: USER_NOT_PARTICIPANT"


async def test_she_whispers_and_gets_a_reply_within_15_seconds(
    api: BotApi, bot: Bot, account: BotAccount, ann: Person, group: ChatView
) -> None:
    api.clock.freeze()
    await group.sends_ephemeral(account, "/secret")
    [update] = await bot.get_updates()
    message = update.message
    assert message is not None
    assert (message.message_id, message.ephemeral_message_id, message.text) == (0, 1, "/secret")
    await message.reply("yes?").as_(bot)
    assert group.texts() == ["/secret", "yes?"]
    api.clock.move(timedelta(seconds=16))
    late = methods.SendMessage(
        chat_id=group.id,
        text="late",
        ephemeral_message_parameters=for_her(ann),
        reply_parameters=types.ReplyParameters(ephemeral_message_id=1),
    )
    assert await refusal(bot, late) == "Bad Request: message to be replied not found"
    assert await bot.delete_ephemeral_message(group.id, ann.id, 1)
