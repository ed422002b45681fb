"""What the bot's own code deletes leaves the sessions, on every route."""

from __future__ import annotations

import asyncio
from functools import partial

import pytest
from aiogram import types
from aiogram.exceptions import TelegramNetworkError
from aiogram.methods import DeleteMessage

from tests.needs import needs
from tests.promises.fed_bot import FedBot, ids_in
from tgslices import Session
from tgslices.testing import Chat, Drop, Failure, Flood


async def test_ordinary_messages_that_were_deleted_by_hand_are_in_no_list(stage: FedBot) -> None:
    session = stage.session()
    one, two, three = [await session.send_message(text) for text in ("one", "two", "three")]
    await one.delete()
    await stage.bot.delete_messages(stage.chat.id, [two.message_id])
    assert await ids_in(session) == [three.message_id]


async def test_they_are_asked_for_once_more_with_the_rest(stage: FedBot) -> None:
    """Telegram's True proves acceptance and not disappearance, and one batch costs one request."""
    session = stage.session()
    one = await session.send_message("one")
    await session.send_message("two")
    await one.delete()
    result = await session.clear()
    assert (len(result.accepted), result.requests) == (2, 1)
    assert await session.clear() == 0


async def test_a_deletion_that_telegram_refused_changes_nothing(stage: FedBot) -> None:
    session = stage.session()
    one = await session.send_message("one")
    stage.answers("deleteMessages", lambda arguments: False)
    await stage.bot.delete_messages(stage.chat.id, [one.message_id])
    assert await ids_in(session) == [one.message_id]


@needs(types, "EphemeralMessageParameters")
async def test_an_ephemeral_number_that_was_deleted_by_hand_is_never_asked_for(stage: FedBot) -> None:
    group = stage.api.add_supergroup("Group", members=[stage.ann], admins=[stage.account])
    session = stage.bot.sessions.get(group.id, stage.ann.id)
    parameters = types.EphemeralMessageParameters(receiver_user_id=stage.ann.id)
    code = await session.send_message("Your code: 1234", ephemeral_message_parameters=parameters)
    assert code.ephemeral_message_id is not None
    await stage.bot.delete_ephemeral_message(group.id, stage.ann.id, code.ephemeral_message_id)
    assert await session.messages() == []
    result = await session.clear()
    assert (int(result), result.requests) == (0, 0)


async def test_business_messages_that_were_deleted_by_hand_leave_the_session(stage: FedBot) -> None:
    carl, olga = stage.api.add_person("Carl"), stage.api.add_person("Olga")
    connection = stage.api.connect_business(olga, stage.account)
    session = stage.bot.sessions.get(carl.id, carl.id, business_connection_id=connection)
    carl.business_chat(olga)
    sent = [await session.send_message(text) for text in ("one", "two")]
    await stage.bot.delete_business_messages(connection, [sent[0].message_id])
    assert await ids_in(session) == [sent[1].message_id]


async def test_business_messages_that_were_deleted_by_hand_leave_a_session_that_is_not_open(stage: FedBot) -> None:
    carl, olga = stage.api.add_person("Carl"), stage.api.add_person("Olga")
    connection = stage.api.connect_business(olga, stage.account)
    case = stage.bot.sessions.get(carl.id, carl.id, business_connection_id=connection, collect=False)
    carl.business_chat(olga)
    sent = await case.send_message("one")
    await stage.bot.delete_business_messages(connection, [sent.message_id])
    assert await ids_in(case) == []


async def test_what_a_deleted_topic_took_with_it_leaves_the_sessions(stage: FedBot) -> None:
    forum = stage.api.add_supergroup("Forum", members=[stage.ann], admins=[stage.account], is_forum=True)
    garden, kitchen = (stage.api.add_topic(forum, name, by=stage.ann).thread_id for name in ("Garden", "Kitchen"))
    await stage.settled()
    session = stage.bot.sessions.get(forum.id)
    await session.send_message("tomatoes", message_thread_id=garden)
    knives = await session.send_message("knives", message_thread_id=kitchen)
    await stage.bot.delete_forum_topic(forum.id, garden)
    assert await ids_in(session) == [knives.message_id]


async def test_what_a_clear_deletes_stays_in_other_sessions_that_hold_it(stage: FedBot) -> None:
    order, support = await stage.session("order").open(), await stage.session("support").open()
    await stage.says("to both")
    await order.clear()
    assert len(await support.messages()) == 1


async def test_what_was_deleted_by_hand_goes_with_a_close(stage: FedBot) -> None:
    session = stage.session()
    await (await session.send_message("one")).delete()
    await session.close()
    await session.open()
    assert await session.clear() == 0


async def test_a_deletion_that_names_its_chat_in_another_way_counts_too(stage: FedBot) -> None:
    group = stage.api.add_supergroup("Group", members=[stage.ann], admins=[stage.account])
    group.username = "gardeners"
    session = stage.bot.sessions.get(group.id, stage.ann.id)
    one, two, three = [await session.send_message(text) for text in ("one", "two", "three")]
    await stage.bot.delete_message(str(group.id), one.message_id)
    await stage.bot.delete_messages("@gardeners", [two.message_id])
    assert await ids_in(session) == [three.message_id]


@needs(types, "EphemeralMessageParameters")
async def test_an_ephemeral_number_that_was_deleted_under_a_username_is_never_asked_for(stage: FedBot) -> None:
    """The number may be another message's by then."""
    group = stage.api.add_supergroup("Group", members=[stage.ann], admins=[stage.account])
    group.username = "gardeners"
    session = stage.bot.sessions.get(group.id, stage.ann.id)
    parameters = types.EphemeralMessageParameters(receiver_user_id=stage.ann.id)
    code = await session.send_message("Your code: 1234", ephemeral_message_parameters=parameters)
    assert code.ephemeral_message_id is not None
    await stage.bot.delete_ephemeral_message("@gardeners", stage.ann.id, code.ephemeral_message_id)
    seat = await stage.bot.send_message(group.id, "Your seat: 5B", ephemeral_message_parameters=parameters)
    assert seat.ephemeral_message_id == code.ephemeral_message_id
    await session.clear()
    assert stage.ann.view(group).texts() == ["Your seat: 5B"]


async def test_a_chat_that_cannot_be_asked_for_is_told_in_the_log(
    stage: FedBot, caplog: pytest.LogCaptureFixture
) -> None:
    group = stage.api.add_supergroup("Group", members=[stage.ann], admins=[stage.account])
    group.username = "gardeners"
    session = stage.bot.sessions.get(group.id, stage.ann.id)
    one = await session.send_message("one")
    stage.api.faults.add(Failure(500), method="getChat")
    assert await stage.bot.delete_message("@gardeners", one.message_id)
    assert await ids_in(session) == [one.message_id]
    assert "What deleteMessage deleted stays in its sessions" in caplog.text


@pytest.mark.parametrize("variant", ["webhook"])
async def test_a_deletion_that_is_the_answer_of_a_webhook_is_not_seen(stage: FedBot) -> None:
    """Telegram performs it, and answers nobody. The entry stays, and a clear asks for what is gone."""
    session = stage.session()
    await session.send_message("one")

    @stage.dispatcher.message()
    async def delete(message: types.Message) -> DeleteMessage:
        return DeleteMessage(chat_id=message.chat.id, message_id=message.message_id - 1)

    await stage.says("/delete")
    await stage.chat.sees_only(["/delete"])
    assert len(await session.messages()) == 2
    assert len((await session.clear()).accepted) == 2


async def seat_under_the_number_of(stage: FedBot, group: Chat, code: types.Message, session: Session | None) -> None:
    """Tell Ann her seat, under the number that an ephemeral message had that is gone."""
    parameters = types.EphemeralMessageParameters(receiver_user_id=stage.ann.id)
    send = partial(stage.bot.send_message, group.id) if session is None else session.send_message
    seat = await send("Your seat: 5B", ephemeral_message_parameters=parameters)
    assert seat.ephemeral_message_id == code.ephemeral_message_id


@needs(types, "EphemeralMessageParameters")
@pytest.mark.parametrize("qualifier", [None, "seats"])
async def test_an_ephemeral_message_is_not_deleted_for_one_that_had_its_number(
    stage: FedBot, qualifier: str | None
) -> None:
    """ "may be reused ... after the message is deleted": by the person, and nobody tells the bot."""
    group = stage.api.add_supergroup("Group", members=[stage.ann], admins=[stage.account])
    session, view = stage.bot.sessions.get(group.id, stage.ann.id), stage.ann.view(group)
    parameters = types.EphemeralMessageParameters(receiver_user_id=stage.ann.id)
    code = await session.send_message("Your code: 1234", ephemeral_message_parameters=parameters)
    await view.deletes(view.visible()[-1])
    seats = None if qualifier is None else stage.bot.sessions.get(group.id, stage.ann.id, qualifier=qualifier)
    await seat_under_the_number_of(stage, group, code, seats)
    assert await session.clear() == 0
    assert view.texts() == ["Your seat: 5B"]
    if seats is not None:
        assert await seats.clear() == 1


@needs(types, "EphemeralMessageParameters")
async def test_a_pending_deletion_ends_when_the_number_is_anothers(stage: FedBot) -> None:
    group = stage.api.add_supergroup("Group", members=[stage.ann], admins=[stage.account])
    session, view = stage.bot.sessions.get(group.id, stage.ann.id), stage.ann.view(group)
    parameters = types.EphemeralMessageParameters(receiver_user_id=stage.ann.id)
    code = await session.send_message("Your code: 1234", ephemeral_message_parameters=parameters)
    stage.api.faults.add(Flood(3600), method="deleteEphemeralMessage")
    assert len((await session.clear()).pending) == 1
    await view.deletes(view.visible()[-1])
    await seat_under_the_number_of(stage, group, code, None)
    assert await stage.bot.sessions.tracker.storage.pending(stage.bot.id) == []


@needs(types, "EphemeralMessageParameters")
async def test_an_ephemeral_message_that_may_be_gone_leaves_the_session(stage: FedBot) -> None:
    """In doubt a message stays: the next one under its number may come from where no session sees it."""
    group = stage.api.add_supergroup("Group", members=[stage.ann], admins=[stage.account])
    session = stage.bot.sessions.get(group.id, stage.ann.id)
    parameters = types.EphemeralMessageParameters(receiver_user_id=stage.ann.id)
    code = await session.send_message("Your code: 1234", ephemeral_message_parameters=parameters)
    assert code.ephemeral_message_id is not None
    stage.api.faults.add(Drop(after_work=True), method="deleteEphemeralMessage")
    with pytest.raises(TelegramNetworkError):
        await stage.bot.delete_ephemeral_message(group.id, stage.ann.id, code.ephemeral_message_id)
    assert await session.messages() == []


@needs(types, "EphemeralMessageParameters")
async def test_a_clear_at_work_does_not_ask_again_when_the_number_is_anothers(stage: FedBot) -> None:
    """Its answer was lost, and it asks again after half a second; by then the number is somebody else's."""
    group = stage.api.add_supergroup("Group", members=[stage.ann], admins=[stage.account])
    session, view = stage.bot.sessions.get(group.id, stage.ann.id), stage.ann.view(group)
    parameters = types.EphemeralMessageParameters(receiver_user_id=stage.ann.id)
    code = await session.send_message("Your code: 1234", ephemeral_message_parameters=parameters)
    stage.api.faults.add(Drop(after_work=True), method="deleteEphemeralMessage")
    clearing = asyncio.create_task(session.clear())
    await view.until(lambda seen: not seen.texts())
    await seat_under_the_number_of(stage, group, code, None)
    result = await clearing
    assert (len(result.accepted), result.requests) == (1, 1)
    assert view.texts() == ["Your seat: 5B"]
