"""``include_current``: the message that opened the slice, which is otherwise outside of it."""

from __future__ import annotations

import asyncio

import pytest
from aiogram import F
from aiogram.types import CallbackQuery, InlineKeyboardButton, InlineKeyboardMarkup, Message, PollAnswer

from tests.promises.fed_bot import FedBot, ids_in, texts_of
from tgslices import Direction, Session

MENU = InlineKeyboardMarkup(inline_keyboard=[[InlineKeyboardButton(text="S", callback_data="s")]])


async def test_the_message_that_opened_the_slice_is_outside_of_it(stage: FedBot) -> None:
    @stage.dispatcher.message(F.text == "/order")
    async def start(message: Message) -> None:
        stage.bot.sessions.get(message.chat, message.from_user)

    await stage.says("/order", "pizza")
    assert await texts_of(stage.session(), stage.chat) == ["pizza"]


async def test_get_records_the_message_being_handled(stage: FedBot) -> None:
    """ "`include_current` also records the message being handled, the `/order` that opened the slice" """

    @stage.dispatcher.message(F.text == "/order")
    async def start(message: Message) -> None:
        session = stage.bot.sessions.get(message.chat, message.from_user, include_current=True)
        async with session:
            await message.answer("What would you like?")

    await stage.says("before", "/order", "pizza")
    session = stage.session()
    assert await texts_of(session, stage.chat) == ["/order", "What would you like?", "pizza"]
    assert [entry.direction for entry in await session.messages()] == [
        Direction.INCOMING,
        Direction.OUTGOING,
        Direction.INCOMING,
    ]


async def test_of_records_the_message_that_the_event_carries(stage: FedBot) -> None:
    @stage.dispatcher.message(F.text == "/order")
    async def start(message: Message) -> None:
        stage.bot.sessions.of(message, qualifier="order", include_current=True)

    await stage.says("/order", "pizza")
    assert await texts_of(stage.session("order"), stage.chat) == ["/order", "pizza"]


async def test_including_it_again_and_again_records_it_once(stage: FedBot) -> None:
    @stage.dispatcher.message(F.text == "/order")
    async def start(message: Message, session: Session) -> None:
        for _ in range(3):
            stage.bot.sessions.get(message.chat, message.from_user, include_current=True)
            stage.bot.sessions.of(message, include_current=True)
        await session.track(message)

    await stage.says("/order")
    assert await texts_of(stage.session(), stage.chat) == ["/order"]


async def test_every_session_that_includes_it_gets_it(stage: FedBot) -> None:
    @stage.dispatcher.message()
    async def start(message: Message) -> None:
        for qualifier in ("order", "support"):
            stage.bot.sessions.of(message, qualifier=qualifier, include_current=True)

    await stage.says("/order")
    assert await ids_in(stage.session("order")) == await ids_in(stage.session("support")) == [1]


async def test_the_message_of_a_tap_is_the_menu(stage: FedBot) -> None:
    await stage.bot.send_message(stage.chat.id, "Size?", reply_markup=MENU)

    @stage.dispatcher.callback_query()
    async def tapped(tap: CallbackQuery) -> None:
        stage.bot.sessions.get(stage.chat.id, tap.from_user, include_current=True)

    await stage.chat.taps("S")
    await stage.settled()
    [entry] = await stage.session().messages()
    assert (entry.message_id, entry.direction, entry.user_id) == (1, Direction.OUTGOING, stage.bot.id)


async def test_outside_of_any_update_there_is_no_current_message(stage: FedBot) -> None:
    await stage.says("before")
    session = stage.bot.sessions.get(stage.chat.id, stage.ann.id, include_current=True)
    assert await session.messages() == []


async def test_after_the_handler_there_is_no_current_message(stage: FedBot) -> None:
    await stage.says("handled")
    session = stage.session(include_current=True)
    await stage.says("next")
    assert await texts_of(session, stage.chat) == ["next"]


async def test_two_updates_at_once_are_not_confused(stage: FedBot) -> None:
    everyone = asyncio.Barrier(3)

    @stage.dispatcher.message()
    async def start(message: Message) -> None:
        await everyone.wait()
        stage.bot.sessions.get(message.chat, qualifier=message.text, include_current=True)

    updates = [stage.update("message", stage.message(number, text=str(number))) for number in (5, 6, 7)]
    await asyncio.gather(*(stage.dispatcher.feed_update(stage.bot, update) for update in updates))
    for number in (5, 6, 7):
        assert await ids_in(stage.bot.sessions.get(stage.chat.id, qualifier=str(number))) == [number]


async def test_the_durable_part_is_done_when_the_handler_ends_at_the_latest(stage: FedBot) -> None:
    """ "the durable part of opening is awaited at the next await point of the session and at the latest when the
    update's handler ends" """

    @stage.dispatcher.message()
    async def start(message: Message) -> None:
        stage.bot.sessions.get(message.chat, include_current=True)
        assert await stage.bot.sessions.storage.list(stage.bot.sessions.get(message.chat).key) == []

    await stage.says("/order")
    key = stage.bot.sessions.get(stage.chat.id).key
    assert [entry.message_id for entry in await stage.bot.sessions.storage.list(key)] == [1]


async def test_it_is_done_although_the_handler_fails(stage: FedBot) -> None:
    @stage.dispatcher.message()
    async def fail(message: Message) -> None:
        stage.bot.sessions.of(message, include_current=True)
        raise LookupError

    @stage.dispatcher.errors()
    async def swallow(event: object) -> bool:
        return True

    await stage.says("/order")
    assert [entry.message_id for entry in await stage.bot.sessions.storage.list(stage.session().key)] == [1]


async def test_a_worker_that_outlives_the_handler_begins_nobodys_session_with_its_message(stage: FedBot) -> None:
    ben = stage.api.add_person("Ben")
    group = stage.api.add_supergroup("Group", members=[stage.ann, ben], admins=[stage.account])
    waiting: asyncio.Queue[int] = asyncio.Queue()
    workers: list[asyncio.Task[None]] = []

    async def work() -> None:
        while True:
            user_id = await waiting.get()
            await stage.bot.sessions.get(group.id, user_id, include_current=True).open(include_current=True)
            waiting.task_done()

    @stage.dispatcher.message()
    async def first_needed_here(message: Message) -> None:
        workers.append(asyncio.create_task(work()))

    typed = await stage.ann.view(group).types("for the worker")
    await stage.settled()
    for person in (ben, stage.ann):
        waiting.put_nowait(person.id)
    await waiting.join()
    workers[0].cancel()
    bens, anns = (stage.bot.sessions.get(group.id, person.id, collect=False) for person in (ben, stage.ann))
    assert await ids_in(bens) == []
    assert await ids_in(anns) == [typed.message_id]


async def test_an_update_without_a_message_opens_all_the_same(stage: FedBot) -> None:
    @stage.dispatcher.poll_answer()
    async def answered(answer: PollAnswer, session: Session) -> None:
        await session.open(include_current=True)

    answer = {"poll_id": "1", "user": stage.ann.json(), "option_ids": [0], "option_persistent_ids": ["0"]}
    await stage.delivers("poll_answer", answer)
    session = stage.session(collect=False)
    assert await session.is_open()
    assert await session.messages() == []


@pytest.mark.parametrize("leaves", ["forget", "keep", "clear", "close"])
async def test_a_repeated_update_does_not_bring_back_the_message_that_opened_the_session(
    stage: FedBot, leaves: str
) -> None:
    """ "The same update is recorded once, for good", though the handler that includes its message runs again."""

    @stage.dispatcher.message()
    async def start(message: Message) -> None:
        stage.session(include_current=True)

    typed = await stage.chat.types("/order")
    await stage.settled()
    session = stage.session(collect=False)
    assert await ids_in(session) == [typed.message_id]
    update = stage.update("message", stage.message(typed.message_id, text="/order"))
    await stage.dispatcher.feed_update(stage.bot, update)
    assert await ids_in(session) == [typed.message_id]
    await (session.keep(*await session.messages()) if leaves == "keep" else getattr(session, leaves)())
    await stage.dispatcher.feed_update(stage.bot, update)
    assert await session.is_open()
    assert await ids_in(session) == []
    await stage.says("next")
    assert len(await session.messages()) == 1


async def test_a_repeated_update_whose_first_handler_failed_begins_the_session(stage: FedBot) -> None:
    failures = iter([LookupError])

    @stage.dispatcher.message()
    async def start(message: Message) -> None:
        for failure in failures:
            raise failure
        stage.session(include_current=True)

    update = stage.update("message", stage.message(7, text="/order"))
    with pytest.raises(LookupError):
        await stage.dispatcher.feed_update(stage.bot, update)
    await stage.dispatcher.feed_update(stage.bot, update)
    assert await ids_in(stage.session(collect=False)) == [7]
