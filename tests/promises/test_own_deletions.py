"""What the bot's own code deletes leaves the sessions, on every route."""

from __future__ import annotations

import pytest
from aiogram import types
from aiogram.methods import DeleteMessage

from tests.needs import needs
from tests.promises.fed_bot import FedBot, ids_in
from tgslices.testing import Failure


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
