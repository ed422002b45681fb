"""The same update twice: nothing that was taken out of a session comes back, whoever gets the repetition."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Annotated, Any

import pytest
from aiogram import Dispatcher, F
from aiogram.filters import Command
from aiogram.types import Message, Update

from tests.promises.fed_bot import NOW, FedBot, texts_of
from tgslices import Session, SessionBot, SessionQualifier, sessions_of, setup_sessions
from tgslices.storage.sqlalchemy import SQLAlchemySessionStorage

Order = Annotated[Session, SessionQualifier("order")]
Workers = tuple[Dispatcher, SessionBot, Dispatcher, SessionBot]
Take = Callable[[Session], Awaitable[object]]
Opens = Callable[[Message, Session], Awaitable[object]]


class Deliveries:
    """Lets Ann type, and delivers each of her messages as often as it is told to."""

    def __init__(self, stage: FedBot) -> None:
        self._stage = stage
        self._updates: dict[str, Update] = {}

    async def first(self, text: str) -> None:
        """Let Ann type, and deliver it once."""
        typed = await self._stage.chat.types(text)
        await self._stage.settled()
        entities: list[dict[str, Any]] = []
        if text.startswith("/"):
            entities = [{"type": "bot_command", "offset": 0, "length": len(text)}]
        event = self._stage.message(typed.message_id, text=text, entities=entities)
        self._updates[text] = self._stage.update("message", event)

    async def again(self, *texts: str, dispatcher: Dispatcher | None = None) -> None:
        """Deliver messages once more."""
        for text in texts:
            await (dispatcher or self._stage.dispatcher).feed_update(self._stage.bot, self._updates[text])


@pytest.fixture
def deliveries(stage: FedBot) -> Deliveries:
    return Deliveries(stage)


def takes_orders(dispatcher: Dispatcher) -> None:
    """Register the bot of the quickstart."""

    @dispatcher.message(Command("order"))
    async def start(message: Message, order: Order) -> None:
        async with order:
            await message.answer("What would you like?")

    @dispatcher.message(Command("done"))
    async def done(message: Message, order: Order) -> None:
        await order.clear()
        await order.close()


async def test_the_command_that_opened_a_session_stays_outside_however_often_it_is_delivered(
    stage: FedBot, deliveries: Deliveries
) -> None:
    takes_orders(stage.dispatcher)
    await deliveries.first("/order")
    for _ in range(3):
        await deliveries.again("/order")
    await deliveries.first("/done")
    assert stage.chat.texts() == ["/order"]


async def test_what_was_said_before_the_session_was_opened_stays_outside(stage: FedBot, deliveries: Deliveries) -> None:
    takes_orders(stage.dispatcher)
    await deliveries.first("hello")
    await deliveries.first("/order")
    await deliveries.again("hello")
    await deliveries.first("a pizza")
    await deliveries.first("/done")
    assert stage.chat.texts() == ["hello", "/order"]


async def by_a_send(message: Message, order: Session) -> None:
    await order.send_message("Which?")


async def by_a_call(message: Message, order: Session) -> None:
    await order(message.answer("Which?"))


async def by_what_is_sent_inside(message: Message, order: Session) -> None:
    with order.recording():
        await message.answer("Which?")


async def by_what_is_tracked(message: Message, order: Session) -> None:
    await order.track(await message.answer("Which?"))


async def by_a_predicate(message: Message, order: Session) -> None:
    assert message.bot is not None
    sessions_of(message.bot).subscribe(order.key, F.message)


@pytest.mark.parametrize("opens", [by_a_send, by_a_call, by_what_is_sent_inside, by_what_is_tracked, by_a_predicate])
async def test_what_was_there_before_stays_outside_whatever_line_opened_the_session(
    stage: FedBot, deliveries: Deliveries, opens: Opens
) -> None:
    @stage.dispatcher.message(F.text == "order")
    async def start(message: Message, order: Order) -> None:
        await opens(message, order)

    await deliveries.first("hello")
    await deliveries.first("order")
    session = stage.session("order", collect=False)
    await deliveries.again("hello", "order")
    assert await session.messages(F.direction == "in") == []
    await deliveries.first("a pizza")
    assert len(await session.messages(F.direction == "in")) == 1


async def test_what_came_before_the_message_that_a_session_begins_with_stays_outside(
    stage: FedBot, deliveries: Deliveries
) -> None:
    @stage.dispatcher.message(F.text == "order")
    async def start(message: Message, order: Order) -> None:
        await order.open(include_current=True)

    await deliveries.first("hello")
    await deliveries.first("order")
    await deliveries.again("order", "hello")
    assert await texts_of(stage.session("order", collect=False), stage.chat) == ["order"]


async def test_what_came_before_a_tapped_or_edited_message_stays_outside_of_what_the_tap_or_edit_opens(
    stage: FedBot, deliveries: Deliveries
) -> None:
    @stage.dispatcher.callback_query()
    @stage.dispatcher.edited_message()
    @stage.dispatcher.message_reaction()
    async def opens(event: object, order: Order) -> None:
        await order.open()

    await deliveries.first("hello")
    session = stage.session("order", collect=False)
    menu = stage.message(2, **{"from": stage.account.json()})
    person, emoji = stage.ann.json(), [{"type": "emoji", "emoji": "👍"}]
    for kind, event in (
        ("callback_query", {"id": "1", "chat_instance": "1", "data": "x", "from": person, "message": menu}),
        ("edited_message", stage.message(2, edit_date=NOW)),
        (
            "message_reaction",
            {"chat": stage.chat.chat.json(), "message_id": 2, "user": person, "date": NOW}
            | {"old_reaction": [], "new_reaction": emoji},
        ),
    ):
        await stage.dispatcher.feed_update(stage.bot, stage.update(kind, event))
        assert await session.is_open(), kind
        await deliveries.again("hello")
        assert await session.messages() == [], kind
        await session.close()


@pytest.mark.parametrize("opens", ["get", "open", "a predicate"])
async def test_what_came_before_a_session_was_opened_by_hand_stays_outside(
    stage: FedBot, deliveries: Deliveries, opens: str
) -> None:
    """No update is being handled: what came to this process before is known by the updates that brought it."""
    await deliveries.first("hello")
    session = stage.session("order", collect=opens == "get")
    if opens == "open":
        await stage.bot.sessions.handle(session.key).open()
    elif opens == "a predicate":
        stage.bot.sessions.subscribe(session.key, F.message)
    await deliveries.again("hello")
    assert await session.messages() == []
    await deliveries.first("a pizza")
    assert await texts_of(session, stage.chat) == ["a pizza"]


async def test_what_came_before_in_another_chat_says_nothing(stage: FedBot, deliveries: Deliveries) -> None:
    group = stage.api.add_supergroup("Group", members=[stage.ann], admins=[stage.account])
    for number in range(3):
        await deliveries.first(f"{number}")
    session = stage.bot.sessions.get(group.id, stage.ann.id)
    await stage.ann.view(group).types("first here")
    await stage.settled()
    assert await texts_of(session, stage.ann.view(group)) == ["first here"]


async def test_a_command_in_a_group_that_opens_the_private_session_leaves_outside_what_was_said_there(
    stage: FedBot, deliveries: Deliveries
) -> None:
    group = stage.api.add_supergroup("Group", members=[stage.ann], admins=[stage.account])

    @stage.dispatcher.message(F.chat.id == group.id)
    async def start(message: Message) -> None:
        await stage.session("order").send_message("Here we are alone")

    await deliveries.first("hello")
    await stage.ann.view(group).types("order")
    await stage.settled()
    await deliveries.again("hello")
    assert await texts_of(stage.session("order", collect=False), stage.chat) == ["Here we are alone"]


async def test_a_session_that_a_timer_opens_by_a_send_begins_there(stage: FedBot, deliveries: Deliveries) -> None:
    """Nobody's update is being handled: what has a smaller number was there before."""
    await deliveries.first("hello")
    key = stage.session("order", collect=False).key
    await stage.bot.sessions.handle(key).send_message("Still there?")
    await deliveries.again("hello")
    assert await texts_of(stage.session("order", collect=False), stage.chat) == ["Still there?"]


@pytest.mark.parametrize(
    "take",
    [Session.forget, Session.clear, Session.close, lambda session: session.forget(F.direction == "in")],
    ids=["forget", "clear", "close", "forget what came in"],
)
async def test_what_left_a_session_is_not_recorded_again(stage: FedBot, deliveries: Deliveries, take: Take) -> None:
    session = await stage.session("order", collect=True).open()
    await deliveries.first("a pizza")
    await take(session)
    await session.open()
    await deliveries.again("a pizza")
    assert await texts_of(session, stage.chat) == []
    await deliveries.first("another")
    assert await texts_of(session, stage.chat) == ["another"]


async def test_what_is_kept_before_it_is_recorded_is_not_recorded_again(stage: FedBot, deliveries: Deliveries) -> None:
    order = await stage.session("order").open()

    @stage.dispatcher.message(F.text == "receipt")
    async def keep(message: Message) -> None:
        await order.keep(message)

    await deliveries.first("receipt")
    await deliveries.again("receipt", "receipt")
    await order.clear()
    assert stage.chat.texts() == ["receipt"]


async def test_a_line_that_tracks_it_brings_back_what_was_forgotten(stage: FedBot) -> None:
    session = await stage.session().open()
    seen: list[Message] = []
    stage.dispatcher.message.register(seen.append)
    await stage.says("back")
    await session.forget()
    await session.track(*seen)
    assert await texts_of(session, stage.chat) == ["back"]


async def test_a_predicates_session_knows_what_it_forgot(stage: FedBot, deliveries: Deliveries) -> None:
    session = stage.session("order", collect=False)
    stage.bot.sessions.subscribe(session.key, F.message)
    await deliveries.first("a pizza")
    assert await session.forget() == 1
    await deliveries.again("a pizza")
    assert await session.messages() == []


@pytest.fixture
async def two_workers(stage: FedBot, tmp_path: Path) -> AsyncIterator[Workers]:
    """Two dispatchers with a bot each, as two processes have them, on one file."""
    parts: list[Any] = []
    for _ in range(2):
        dispatcher = Dispatcher()
        bot = SessionBot(stage.account.token, session=stage.api.client_session())
        storage = SQLAlchemySessionStorage(f"sqlite:///{tmp_path / 'shared.db'}", shared=True)
        setup_sessions(dispatcher, bot, storage=storage)
        takes_orders(dispatcher)
        parts += [dispatcher, bot]
    yield tuple(parts)
    for bot in parts[1::2]:
        await bot.sessions.aclose()
        await bot.session.close()


async def test_another_worker_gets_the_repetition(stage: FedBot, two_workers: Workers) -> None:
    first, bot, second, other = two_workers
    updates = {}
    for text in ("/order", "a pizza"):
        typed = await stage.chat.types(text)
        entities = [{"type": "bot_command", "offset": 0, "length": len(text)}] if text.startswith("/") else []
        updates[text] = stage.message(typed.message_id, text=text, entities=entities)
    await first.feed_raw_update(bot, {"update_id": 1, "message": updates["/order"]})
    await second.feed_raw_update(other, {"update_id": 1, "message": updates["/order"]})
    await second.feed_raw_update(other, {"update_id": 2, "message": updates["a pizza"]})
    session = other.sessions.get(stage.chat.id, stage.ann.id, qualifier="order", collect=False)
    assert await session.forget(F.direction == "in") == 1
    await first.feed_raw_update(bot, {"update_id": 2, "message": updates["a pizza"]})
    await session.clear()
    assert stage.chat.texts() == ["/order", "a pizza"]
