"""deleteMessage and deleteMessages over HTTP."""

from datetime import timedelta
from typing import Any

import pytest
from aiogram import Bot
from aiogram.exceptions import TelegramForbiddenError, TelegramMigrateToChat
from aiogram.methods import DeleteMessage, DeleteMessages, SendMessage, TelegramMethod

from tests.testing.refusals import refusal
from tgslices.testing import BotAccount, BotApi, Chat, ChatView, Person

NOT = "Bad Request: message can't be deleted"
NOT_FOR_EVERYONE = "Bad Request: message can't be deleted for everyone"


async def ids_of(chat: ChatView, count: int) -> list[int]:
    return [(await chat.types(f"message {number}")).message_id for number in range(count)]


async def test_a_batch_goes_and_missing_ones_are_skipped(bot: Bot, chat: ChatView) -> None:
    ids = await ids_of(chat, 5)
    assert await bot.delete_messages(chat.id, [999, *ids[:3], ids[0]])
    assert [message.message_id for message in chat.visible()] == ids[3:]
    assert await bot.delete_messages(chat.id, [999, *ids[:3]])
    assert len(chat.visible()) == 2


async def test_all_or_nothing(api: BotApi, bot: Bot, chat: ChatView, ann: Person) -> None:
    """The first message that cannot be deleted refuses the batch, and the answer does not say which."""
    ids = await ids_of(chat, 3)
    old = api.plant_message(chat, ann, text="old", date=api.clock.now() - timedelta(days=3))
    text = await refusal(bot, DeleteMessages(chat_id=chat.id, message_ids=[*ids, old.message_id]))
    assert text == NOT_FOR_EVERYONE
    assert len(chat.visible()) == 4
    assert await bot.delete_messages(chat.id, ids)
    assert chat.texts() == ["old"]


async def test_single_deletion_tells_absent_from_refused(bot: Bot, chat: ChatView) -> None:
    [number] = await ids_of(chat, 1)
    assert await bot.delete_message(chat.id, number)
    assert await refusal(bot, DeleteMessage(chat_id=chat.id, message_id=number)) == (
        "Bad Request: message to delete not found"
    )
    for bad in (0, -1):
        assert await refusal(bot, DeleteMessage(chat_id=chat.id, message_id=bad)) == (
            "Bad Request: message identifier is not specified"
        )
    assert await refusal(bot, DeleteMessage(chat_id="", message_id=1)) == (
        "Bad Request: chat identifier is not specified"
    )


async def test_a_hundred_and_one_are_too_many(bot: Bot, chat: ChatView) -> None:
    ids = await ids_of(chat, 101)
    method = DeleteMessages(chat_id=chat.id, message_ids=ids)
    assert await refusal(bot, method) == "Bad Request: too many message identifiers specified"
    assert len(chat.visible()) == 101
    assert await bot.delete_messages(chat.id, ids[:100])
    assert [message.message_id for message in chat.visible()] == ids[100:]


async def test_the_clock_opens_and_shuts_the_window(api: BotApi, bot: Bot, chat: ChatView) -> None:
    """A dice goes between 24 and 48 hours; anything else up to 48."""
    api.clock.freeze()
    dice = await bot.send_dice(chat.id)
    text = await bot.send_message(chat.id, "x")
    assert await refusal(bot, DeleteMessage(chat_id=chat.id, message_id=dice.message_id)) == NOT_FOR_EVERYONE
    api.clock.move(timedelta(hours=24))
    assert await bot.delete_message(chat.id, dice.message_id)
    api.clock.move(timedelta(hours=24))
    again = await bot.send_dice(chat.id)
    assert await bot.delete_message(chat.id, text.message_id)
    api.clock.move(timedelta(hours=48, seconds=1))
    assert await refusal(bot, DeleteMessage(chat_id=chat.id, message_id=again.message_id)) == NOT_FOR_EVERYONE


async def test_private_chats_and_groups_share_one_row_of_numbers(
    api: BotApi, account: BotAccount, bot: Bot, ann: Person, chat: ChatView
) -> None:
    """An identifier belongs to one chat of the bot's own box; asked for elsewhere it is missing, not deleted."""
    bob = api.add_person("Bob").private_chat(account)
    group = ann.view(api.add_group("Team", members=[ann, account]))
    numbers = [(await view.types("x")).message_id for view in (chat, bob, group, chat, group)]
    assert numbers == [1, 2, 3, 4, 5]
    assert await bot.delete_messages(chat.id, [1, 2, 3])
    assert [len(view.visible()) for view in (chat, bob, group)] == [1, 1, 2]
    assert await refusal(bot, DeleteMessage(chat_id=chat.id, message_id=2)) == (
        "Bad Request: message to delete not found"
    )


async def test_two_bots_number_a_group_differently(api: BotApi, account: BotAccount, bot: Bot, ann: Person) -> None:
    other = api.add_bot("support_bot")
    await ann.private_chat(other).types("one")
    group = ann.view(api.add_group("Team", members=[ann, account, other]))
    message = await group.types("hello")
    assert (message.id_for(account.id), message.id_for(other.id)) == (1, 2)
    async with Bot(other.token, session=api.client_session()) as other_bot:
        updates = await other_bot.get_updates()
        assert [update.message and update.message.message_id for update in updates] == [1, 2]
    [update] = await bot.get_updates()
    assert update.message is not None
    assert update.message.message_id == 1


async def test_supergroups_count_for_themselves(api: BotApi, account: BotAccount, bot: Bot, ann: Person) -> None:
    views = [ann.view(api.add_supergroup(name, members=[ann, account])) for name in ("A", "B")]
    assert [(await view.types("x")).message_id for view in views] == [2, 2]
    sent = await bot.send_message(views[0].id, "mine")
    assert await bot.delete_messages(views[0].id, [sent.message_id])
    assert await refusal(bot, DeleteMessages(chat_id=views[0].id, message_ids=[1, 2])) == NOT
    api.promote(views[0], account, can_delete_messages=True)
    assert await bot.delete_messages(views[0].id, [1, 2])
    assert [len(view.visible()) for view in views] == [0, 1]


async def test_rights_in_groups_and_channels(api: BotApi, account: BotAccount, bot: Bot, ann: Person) -> None:
    group = ann.view(api.add_group("Team", members=[ann, account]))
    channel = ann.view(api.add_channel("News", members=[ann, account]))
    hers = await group.types("hers")
    assert await refusal(bot, DeleteMessage(chat_id=group.id, message_id=hers.message_id)) == NOT_FOR_EVERYONE
    api.promote(group, account)
    assert await bot.delete_message(group.id, hers.message_id)
    assert await refusal(bot, SendMessage(chat_id=channel.id, text="x")) == (
        "Bad Request: need administrator rights in the channel chat"
    )
    api.promote(channel, account, can_post_messages=True)
    api.promote(channel, ann, can_post_messages=True)
    post = await channel.types("hers")
    own = await bot.send_message(channel.id, "its own")
    assert own.sender_chat is not None
    assert own.from_user is None
    assert await refusal(bot, DeleteMessage(chat_id=channel.id, message_id=post.message_id)) == NOT
    assert await bot.delete_message(channel.id, own.message_id)


@pytest.mark.parametrize(
    ("kind", "kicked", "text"),
    [
        ("group", True, "Forbidden: bot was kicked from the group chat"),
        ("group", False, "Forbidden: bot is not a member of the group chat"),
        ("supergroup", True, "Forbidden: bot was kicked from the supergroup chat"),
        ("supergroup", False, "Forbidden: bot is not a member of the supergroup chat"),
        ("channel", True, "Forbidden: bot was kicked from the channel chat"),
        ("channel", False, "Forbidden: bot is not a member of the channel chat"),
    ],
)
async def test_outsiders_may_not_even_ask(
    api: BotApi, account: BotAccount, bot: Bot, ann: Person, *, kind: str, kicked: bool, text: str
) -> None:
    """C4, Client.cpp:8127-8195."""
    makers = {"group": api.add_group, "supergroup": api.add_supergroup, "channel": api.add_channel}
    place: Chat = makers[kind]("Team", members=[ann], admins=[account])
    sent = await bot.send_message(place.id, "x")
    if kicked:
        api.kick(place, account)
    else:
        api.leave(place, account)
    with pytest.raises(TelegramForbiddenError) as caught:
        await bot.delete_messages(place.id, [sent.message_id])
    assert caught.value.message == text


async def test_people_who_blocked_or_left_telegram(bot: Bot, account: BotAccount, ann: Person, chat: ChatView) -> None:
    """There is no check for a blocked bot before deletions; a deactivated user refuses everything."""
    sent = await bot.send_message(chat.id, "x")
    ann.blocks(account)
    assert await refusal(bot, SendMessage(chat_id=chat.id, text="y")) == "Forbidden: bot was blocked by the user"
    assert await bot.delete_messages(chat.id, [sent.message_id])
    ann.unblocks(account)
    ann.deactivated = True
    method = DeleteMessages(chat_id=chat.id, message_ids=[sent.message_id])
    assert await refusal(bot, method) == "Forbidden: user is deactivated"


async def test_a_migrated_group_lets_messages_be_edited_but_not_deleted(
    api: BotApi, account: BotAccount, bot: Bot, ann: Person
) -> None:
    """Write access is refused with the new chat's number, Edit access passes; the new chat counts from 1."""
    group = api.add_group("Team", members=[ann], admins=[account])
    sent = await bot.send_message(group.id, "before")
    supergroup = api.migrate(group, by=ann)
    left, arrived = [update.message for update in await bot.get_updates()]
    assert left is not None
    assert arrived is not None
    assert (left.chat.id, left.migrate_to_chat_id) == (group.id, supergroup.id)
    assert (arrived.chat.id, arrived.migrate_from_chat_id, arrived.message_id) == (supergroup.id, group.id, 1)
    refused: list[TelegramMethod[Any]] = [
        DeleteMessages(chat_id=group.id, message_ids=[sent.message_id]),
        DeleteMessage(chat_id=group.id, message_id=sent.message_id),
        SendMessage(chat_id=group.id, text="x"),
    ]
    for method in refused:
        with pytest.raises(TelegramMigrateToChat) as caught:
            await bot(method)
        assert caught.value.migrate_to_chat_id == supergroup.id
    await bot.edit_message_text("after", chat_id=group.id, message_id=sent.message_id)
    assert ann.view(group).texts()[0] == "after"
    assert await refusal(bot, DeleteMessages(chat_id=supergroup.id, message_ids=[1])) == NOT
    assert (await bot.send_message(supergroup.id, "new")).message_id == 2


async def test_bots_may_learn_of_a_migration_late(api: BotApi, account: BotAccount, bot: Bot, ann: Person) -> None:
    group = api.add_group("Team", members=[ann, account])
    supergroup = api.migrate(group, tell=False)
    await ann.view(supergroup).types("first")
    api.tell_migration(group, supergroup)
    texts = [update.message and update.message.text for update in await bot.get_updates()]
    assert texts == ["first", None, None]


async def test_public_chats_are_found_by_name(api: BotApi, account: BotAccount, bot: Bot, ann: Person) -> None:
    place = api.add_supergroup("Open", members=[ann, account], username="open_chat")
    sent = await bot.send_message("@Open_Chat", "x")
    assert sent.chat.id == place.id
    assert await bot.delete_messages("@open_chat", [sent.message_id])
