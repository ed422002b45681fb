"""Whole conversations on the emulator's own groups, forums, albums and business accounts: nothing is scripted."""

from __future__ import annotations

import pytest
from aiogram import F
from aiogram.exceptions import TelegramMigrateToChat
from aiogram.filters import Command
from aiogram.types import InputMediaPhoto, Message

from tests.promises.fed_bot import FedBot, ids_in, texts_of
from tgslices import Direction, Session


async def test_an_order_from_the_first_word_to_the_wipe(stage: FedBot) -> None:
    """The bot of the design's third section."""

    @stage.dispatcher.message(Command("order"))
    async def start(message: Message) -> None:
        async with stage.session("order", include_current=True):
            await message.answer("What would you like to order?")

    @stage.dispatcher.message(Command("done"))
    async def done(message: Message) -> None:
        order = stage.session("order")
        await message.answer("Order received. Wiping our chat history.")
        removed = await order.clear()
        await order.close()
        assert removed == 4

    await stage.says("hello", "/order", "pizza", "/done")
    await stage.chat.until(lambda view: view.texts() == ["hello", "Order received. Wiping our chat history."])
    assert stage.bot.sessions.is_idle()
    assert stage.api.count("deleteMessages") == 1


async def test_albums_in_both_directions_are_recorded_whole(stage: FedBot) -> None:
    session = stage.session()
    await stage.chat.sends_album(("photo", "photo", "photo"))
    await stage.settled()
    photo = await stage.bot.send_photo(stage.chat.id, "https://example.org/a.jpg")
    assert photo.photo is not None
    async with session:
        await stage.bot.send_media_group(stage.chat.id, [InputMediaPhoto(media=photo.photo[-1].file_id)] * 4)
    directions = [entry.direction for entry in await session.messages()]
    assert directions == [Direction.INCOMING] * 3 + [Direction.OUTGOING] * 4
    assert await session.clear() == 7
    assert len(stage.chat.visible()) == 1


async def test_a_topic_of_a_forum_is_a_slice_of_its_own(stage: FedBot) -> None:
    forum = stage.api.add_supergroup("Team", members=[stage.ann], admins=[stage.account], is_forum=True)
    orders = stage.api.add_topic(forum, "Orders", by=stage.ann)
    support = stage.api.add_topic(forum, "Support", by=stage.ann)
    view = stage.ann.view(forum)
    await stage.settled()
    in_orders = stage.bot.sessions.get(forum.id, thread_id=orders.thread_id)
    everywhere = stage.bot.sessions.get(forum.id, stage.ann.id)
    await view.types("an order", topic=orders)
    await view.types("a question", topic=support)
    await stage.settled()
    await in_orders.send_message("an answer")
    assert await texts_of(in_orders, view) == ["an order", "an answer"]
    assert await texts_of(everywhere, view) == ["an order", "a question"]
    assert [entry.thread_id for entry in await in_orders.messages()] == [orders.thread_id] * 2
    assert await in_orders.clear() == 2
    assert [text for text in view.texts() if text] == ["a question"]


async def test_a_group_that_becomes_a_supergroup_in_the_middle(stage: FedBot) -> None:
    group = stage.api.add_group("Team", members=[stage.ann, stage.account])
    session = stage.bot.sessions.get(group.id, stage.ann.id)
    await stage.ann.view(group).types("before")
    await stage.settled()
    supergroup = stage.api.migrate(group, by=stage.ann)
    await stage.settled()
    await stage.ann.view(supergroup).types("after")
    await stage.settled()
    assert session.chat_id == supergroup.id
    await session.send_message("answer")
    texts = stage.ann.view(supergroup).texts()
    assert (texts[-2], texts[-1]) == ("after", "answer")
    result = await session.clear()
    assert [entry.chat_id for entry in result.unreachable] == [group.id] * len(result.unreachable) != []
    assert "before" in stage.ann.view(group).texts()
    assert "answer" not in stage.ann.view(supergroup).texts()
    asked = [request.arguments for request in stage.api.requests if request.method.startswith("deleteMessage")]
    assert {arguments["chat_id"] for arguments in asked} == {supergroup.id}


async def test_a_migration_that_the_bot_learns_of_by_a_refused_send(stage: FedBot) -> None:
    group = stage.api.add_group("Team", members=[stage.ann, stage.account])
    session = stage.bot.sessions.get(group.id, stage.ann.id)
    await stage.ann.view(group).types("before")
    await stage.settled()
    supergroup = stage.api.migrate(group, by=stage.ann, tell=False)
    with pytest.raises(TelegramMigrateToChat):
        await session.send_message("too early")
    assert session.chat_id == supergroup.id
    await session.send_message("answer")
    await stage.ann.view(supergroup).types("after")
    await stage.settled()
    stage.api.tell_migration(group, supergroup)
    await stage.settled()
    assert [entry.chat_id for entry in await session.messages(F.chat_id == group.id)] == [group.id]
    assert {"answer", "after"} <= set(stage.ann.view(supergroup).texts())


async def test_a_business_conversation(stage: FedBot) -> None:
    owner = stage.api.add_person("Shop")
    connection = stage.api.connect_business(owner, stage.account)
    opened: list[Session] = []

    @stage.dispatcher.business_message(~F.sender_business_bot)  # what the bot sends comes back as an update
    async def answer(message: Message, session: Session) -> None:
        opened.append(session)
        async with session:
            await message.answer("We are open.")

    chat = stage.ann.business_chat(owner)
    await chat.types("Are you open?")
    await stage.settled()
    await chat.types("Thanks!")
    await stage.settled()
    session = opened[0]
    assert session.key.business_connection_id == connection
    assert {entry.direction for entry in await session.messages()} == {Direction.INCOMING, Direction.OUTGOING}
    assert len(await ids_in(session)) == 3
    await chat.deletes(chat.visible()[-1])
    await stage.settled()
    assert len(await ids_in(session)) == 2
    assert await session.clear() == 2
    assert chat.texts() == ["Are you open?"]
