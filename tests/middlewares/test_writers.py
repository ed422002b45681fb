"""Whose an update is: who writes as a channel, who answers a quiz, who asks to join, and whose message was tapped."""

from __future__ import annotations

from typing import Annotated, Any

import pytest
from aiogram import F
from aiogram.types import (
    CallbackQuery,
    ChatJoinRequest,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InputPollOption,
    Message,
    PollAnswer,
    PreCheckoutQuery,
    Update,
)

from tests.promises.fed_bot import NOW, FedBot
from tgslices import Direction, Scope, Session, SessionConfig, SessionManager, SessionQualifier
from tgslices.testing.state.chats import Chat

Order = Annotated[Session, SessionQualifier("order")]
MENU = InlineKeyboardMarkup(inline_keyboard=[[InlineKeyboardButton(text="Small", callback_data="small")]])


async def feed(stage: FedBot) -> None:
    """Hand every waiting update to the dispatcher, one after the other."""
    while updates := await stage.bot.get_updates():
        await stage.bot.get_updates(offset=updates[-1].update_id + 1)
        for update in updates:
            await stage.dispatcher.feed_update(stage.bot, update)


@pytest.fixture
def group(stage: FedBot) -> Chat:
    return stage.api.add_supergroup("Group", members=[stage.ann], admins=[stage.account])


def written_as(stage: FedBot, group: Chat, chat_id: int, text: str) -> Update:
    """Return what a bot gets of somebody who writes as a channel, or as the group itself."""
    stored = stage.api.plant_message(group, stage.ann, text=text)
    is_anonymous = chat_id == group.id
    sender = {"id": 1087968824 if is_anonymous else 136817688, "is_bot": True, "first_name": "Group or channel"}
    chat = {"id": group.id, "type": "supergroup", "title": "Group"}
    sender_chat = chat if is_anonymous else {"id": chat_id, "type": "channel", "title": f"Channel {chat_id}"}
    body = {"message_id": stored.message_id, "date": NOW, "chat": chat, "text": text, "from": sender}
    return stage.update("message", body | {"sender_chat": sender_chat})


async def test_who_writes_in_the_name_of_a_chat_has_a_session_of_that_name(stage: FedBot, group: Chat) -> None:
    @stage.dispatcher.message(F.text == "/order")
    async def start(message: Message, order: Order) -> None:
        await order.send_message("What would you like?")

    @stage.dispatcher.message(F.text == "/done")
    async def done(message: Message, order: Order) -> None:
        await order.clear()
        await order.close()

    first, second = -1002000000000001, -1002000000000002
    for chat_id, text in (
        (first, "/order"),
        (second, "news of another channel"),
        (group.id, "a word of an administrator"),
        (first, "a pizza"),
        (first, "/done"),
    ):
        await stage.dispatcher.feed_update(stage.bot, written_as(stage, group, chat_id, text))
    seen = stage.ann.view(group).texts()
    assert seen == ["/order", "news of another channel", "a word of an administrator"]
    assert stage.bot.sessions.is_idle()


async def test_an_entry_names_its_writer_as_the_session_does(stage: FedBot, group: Chat) -> None:
    channel = -1002000000000001
    session = stage.bot.sessions.get(group.id, channel)
    await stage.dispatcher.feed_update(stage.bot, written_as(stage, group, channel, "news"))
    assert await session.messages(F.user_id == session.user_id) == await session.messages()
    assert len((await session.clear()).accepted) == 1


async def test_an_answer_to_a_quiz_belongs_where_the_state_machine_puts_it(stage: FedBot) -> None:
    found: list[tuple[int, int | None]] = []

    @stage.dispatcher.poll_answer()
    async def answered(answer: PollAnswer, order: Order, state: Any) -> None:
        assert (order.chat_id, order.user_id) == (state.key.chat_id, state.key.user_id)
        async with order:
            await stage.bot.send_message(answer.user.id if answer.user else 0, "Right!")
        found.append((order.chat_id, order.user_id))

    options: list[InputPollOption | str] = [InputPollOption(text="3"), InputPollOption(text="4")]
    quiz = await stage.bot.send_poll(stage.ann.id, "2 + 2?", options, is_anonymous=False)
    await stage.chat.votes(next(m for m in stage.chat.visible() if m.message_id == quiz.message_id), 1)
    await feed(stage)
    assert found == [(stage.ann.id, stage.ann.id)]
    assert len(await stage.session("order").messages()) == 1


async def test_a_checkout_belongs_to_the_private_chat_of_who_pays(stage: FedBot) -> None:
    found: list[Session] = []

    @stage.dispatcher.pre_checkout_query()
    async def paying(query: PreCheckoutQuery, order: Order) -> None:
        found.append(order)

    query = {"id": "1", "from": stage.ann.json(), "currency": "EUR", "total_amount": 1, "invoice_payload": "x"}
    await stage.dispatcher.feed_update(stage.bot, stage.update("pre_checkout_query", query))
    assert [session.key for session in found] == [stage.session("order").key]


async def test_a_request_to_join_is_answered_in_the_session_of_the_private_chat(stage: FedBot, group: Chat) -> None:
    @stage.dispatcher.chat_join_request()
    async def asked(request: ChatJoinRequest, order: Order) -> None:
        async with order:
            await request.answer_pm("2 + 2?")

    @stage.dispatcher.message(F.text == "4")
    async def right(message: Message, order: Order) -> None:
        await order.clear()

    ben = stage.api.add_person("Ben")
    chat = ben.private_chat(stage.account)
    await ben.view(group).asks_to_join()
    await feed(stage)
    await chat.types("4")
    await feed(stage)
    assert chat.texts() == []


@pytest.mark.parametrize("is_accessible", [True, False])
@pytest.mark.parametrize("what", ["tap", "update", "message"])
async def test_a_message_under_a_tapped_button_was_sent_by_the_bot(
    stage: FedBot, is_accessible: bool, what: str
) -> None:
    """Also one that Telegram does not hand out any more, and that names no sender."""

    @stage.dispatcher.callback_query()
    async def tapped(tap: CallbackQuery, order: Order, event_update: Update) -> None:
        given = {"tap": tap, "update": event_update, "message": tap.message}[what]
        assert given is not None
        await order.track(given)

    await stage.bot.send_message(stage.ann.id, "Which size?", reply_markup=MENU)
    await stage.chat.taps("Small", is_accessible=is_accessible)
    await feed(stage)
    entries = await stage.session("order").messages()
    assert [entry.direction for entry in entries] == [Direction.OUTGOING]


async def test_a_strategy_of_ones_own_can_tell_who_writes_as_a_chat(stage: FedBot, group: Chat) -> None:
    scopes: list[Scope] = []

    def strategy(scope: Scope) -> None:
        scopes.append(scope)

    manager = SessionManager(stage.bot, SessionConfig(key_strategy=strategy))
    for chat_id in (-1002000000000001, group.id):
        manager.of(written_as(stage, group, chat_id, "hello"))
    assert [scope.sender_chat_id for scope in scopes] == [-1002000000000001, group.id]
    assert [scope.user_id for scope in scopes] == [-1002000000000001, group.id]


async def test_an_anonymous_administrator_types_as_the_chat_and_taps_as_themselves(stage: FedBot, group: Chat) -> None:
    stage.api.promote(group, stage.ann)
    view = stage.ann.view(group)
    whose: list[int | None] = []

    @stage.dispatcher.message()
    async def show(message: Message, session: Session) -> None:
        whose.append(session.key.user_id)
        await message.answer("Which size?", reply_markup=MENU)

    @stage.dispatcher.callback_query()
    async def take(tap: CallbackQuery, session: Session) -> None:
        whose.append(session.key.user_id)

    await view.types("/order", sender=group)
    await feed(stage)
    await view.taps("Small")
    await feed(stage)
    assert whose == [group.id, stage.ann.id]


async def test_what_a_bot_says_as_the_group_is_its_own_and_is_wiped_without_a_right_over_others(
    stage: FedBot, group: Chat
) -> None:
    stage.api.promote(group, stage.account, can_pin_messages=True, is_anonymous=True)
    order = await stage.bot.sessions.get(group.id, qualifier="order").open()
    sent = await order.send_message("What would you like?")
    assert sent.sender_chat is not None
    [entry] = await order.messages()
    assert (entry.message_id, entry.direction, entry.user_id) == (sent.message_id, Direction.OUTGOING, group.id)
    result = await order.clear()
    assert (len(result.accepted), result.requests) == (1, 1)
    assert stage.ann.view(group).texts() == []
