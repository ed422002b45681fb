"""What a slice is: parallel sessions, what each holds, and the ways to look at it and to drop it."""

from __future__ import annotations

import pytest
from aiogram import F
from aiogram.types import Message

from tests.promises.fed_bot import FedBot, ids_in, texts_of
from tgslices import Direction, Session


async def test_qualifiers_isolate_storage_and_not_routing(stage: FedBot) -> None:
    """An incoming message belongs to every open session of the chat and user; what is done with it to one alone."""
    order, support, bare = stage.session("order"), stage.session("support"), stage.session()
    await stage.says("one")
    async with order:
        await stage.bot.send_message(stage.chat.id, "for the order")
    assert await texts_of(order, stage.chat) == ["one", "for the order"]
    assert await texts_of(support, stage.chat) == await texts_of(bare, stage.chat) == ["one"]
    assert await support.forget() == 1
    assert await ids_in(order) == [1, 2]
    await order.close()
    await stage.says("two")
    assert await texts_of(support, stage.chat) == ["two"]


async def test_an_open_session_of_another_chat_gets_nothing(stage: FedBot) -> None:
    other = stage.bot.sessions.get(stage.chat.id + 1, stage.ann.id)
    await stage.says("one")
    assert await other.messages() == []


async def test_an_open_session_of_another_user_gets_nothing(stage: FedBot) -> None:
    other = stage.bot.sessions.get(stage.chat.id, stage.ann.id + 1)
    await stage.says("one")
    assert await other.messages() == []


async def test_closing_unsubscribes_and_drops(stage: FedBot) -> None:
    """ "close: stop tracking and drop what is left", without touching Telegram."""
    session = stage.session()
    await stage.says("one", "two")
    assert await session.close() == 2
    await stage.says("three")
    assert stage.bot.sessions.is_idle()
    assert await stage.bot.sessions.storage.list(session.key) == []
    assert stage.chat.texts() == ["one", "two", "three"]
    assert await session.close() == 0


async def test_idle_bots_store_nothing(stage: FedBot) -> None:
    await stage.says("one")
    await stage.bot.send_message(stage.chat.id, "two")
    assert await stage.session().messages() == []


@pytest.mark.parametrize(
    "predicate",
    [lambda message: message.direction == Direction.INCOMING, F.direction == Direction.INCOMING],
    ids=["callable", "F"],
)
async def test_forget_by_predicate_leaves_telegram_untouched(stage: FedBot, predicate: object) -> None:
    session = stage.session()
    await stage.says("in 1", "in 2")
    await session.send_message("out")
    assert await session.forget(predicate) == 2  # type: ignore[arg-type]  # both are predicates
    assert await texts_of(session, stage.chat) == ["out"]
    assert stage.chat.texts() == ["in 1", "in 2", "out"]
    assert await session.forget(predicate) == 0  # type: ignore[arg-type]  # likewise
    assert stage.api.count("deleteMessage") == stage.api.count("deleteMessages") == 0


async def test_250_tracked_messages_are_forgotten_at_once(stage: FedBot) -> None:
    session = stage.session()
    for number in range(1, 251):
        await session.track(Message.model_validate(stage.message(number), context={"bot": stage.bot}))
    assert await ids_in(session) == list(range(1, 251))
    assert await session.forget(F.message_id > 240) == 10
    assert await session.forget() == 240
    assert await session.messages() == []


async def test_messages_by_predicate_keep_their_order_and_stay(stage: FedBot) -> None:
    session = stage.session()
    await stage.says("1", "2", "3")
    assert [m.message_id for m in await session.messages(F.message_id != 2)] == [1, 3]
    assert [m.message_id for m in await session.messages()] == [1, 2, 3]


async def test_what_a_list_holds_is_the_callers_own(stage: FedBot) -> None:
    session = stage.session()
    await stage.says("1")
    (await session.messages()).clear()
    assert await ids_in(session) == [1]


async def test_clear_wipes_the_slice_and_nothing_else(stage: FedBot) -> None:
    """ "clear: delete from Telegram and drop from the session" """
    await stage.says("before")
    session = stage.session()
    await stage.says("in")
    await session.send_message("out")
    await stage.bot.send_message(stage.chat.id, "farewell")
    result = await session.clear()
    assert (result, len(result.accepted), result.requests) == (2, 2, 1)
    assert stage.chat.texts() == ["before", "farewell"]
    assert await session.messages() == []
    assert await session.clear() == 0
    assert stage.api.count("deleteMessages") == 1


async def test_a_cleared_session_is_still_open(stage: FedBot) -> None:
    session = stage.session()
    await stage.says("one")
    await session.clear()
    await stage.says("two")
    assert await texts_of(session, stage.chat) == ["two"]


async def test_clear_by_predicate_deletes_those_alone(stage: FedBot) -> None:
    session = stage.session()
    await stage.says("in")
    await session.send_message("out")
    assert await session.clear(F.direction == Direction.OUTGOING) == 1
    assert stage.chat.texts() == ["in"]
    assert await texts_of(session, stage.chat) == ["in"]


async def test_messages_in_other_chats_are_cleared_there(stage: FedBot) -> None:
    """ "Messages in other chats are cleared there." """
    group = stage.api.add_supergroup("Team", members=[stage.ann], admins=[stage.account])
    await stage.ann.view(group).types("stays")
    await stage.says("stays too")
    session = stage.session()
    with session.recording(everywhere=True):
        await stage.bot.send_message(group.id, "to the group")
        await stage.bot.send_message(stage.chat.id, "to Ann")
    assert {entry.chat_id for entry in await session.messages()} == {group.id, stage.chat.id}
    assert await session.clear() == 2
    assert stage.ann.view(group).texts() == ["stays"]
    assert stage.chat.texts() == ["stays too"]


async def test_an_ephemeral_message_never_enters_a_batch(stage: FedBot) -> None:
    """ "it never enters a batch" """
    stage.answers("sendMessage", stage.message(0, ephemeral_message_id=9, receiver_user=stage.ann.json()))
    stage.answers("deleteEphemeralMessage", True)
    async with stage.session() as session:
        await stage.bot.send_message(stage.chat.id, "only for you")
    await stage.says("ordinary")
    assert await session.clear() == 2
    batches = [request.arguments["message_ids"] for request in stage.api.requests if request.method == "deleteMessages"]
    assert batches == [[1]]
    assert stage.api.count("deleteEphemeralMessage") == 1


async def test_what_is_tracked_by_hand_is_returned_and_counts_once(stage: FedBot) -> None:
    """ "`track(message_or_update, direction=None)`" """
    sent = await stage.bot.send_message(stage.chat.id, "outside")
    session = stage.session()
    entry = await session.track(sent)
    again = await session.track(stage.update("message", stage.message(sent.message_id)), direction=Direction.INCOMING)
    assert (entry.message_id, entry.direction, again.direction) == (1, Direction.OUTGOING, Direction.INCOMING)
    assert [held.direction for held in await session.messages()] == [Direction.OUTGOING]


async def test_a_handle_knows_its_key_by_sight(stage: FedBot) -> None:
    session: Session = stage.session("order")
    assert repr(session) == f"Session({session.key})"
