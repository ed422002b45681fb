"""What a block records: what the bot sends into the session's own place, and nothing that goes elsewhere."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from aiogram import Bot, Dispatcher
from aiogram.client.session.middlewares.base import BaseRequestMiddleware
from aiogram.methods import PinChatMessage, SendMessage, TelegramMethod

from tests.needs import needs
from tests.promises.fed_bot import FedBot, ids_in, texts_of
from tgslices import ConfigurationError, Session, SessionBot, setup_sessions, unrecorded
from tgslices.testing import BotApi, Chat, ChatView, Person


def has_texts(expected: int, view: ChatView) -> bool:
    return len(view.texts()) == expected


@pytest.fixture
def ben(stage: FedBot) -> Person:
    """Somebody else who has a private chat with the bot."""
    ben = stage.api.add_person("Ben")
    ben.private_chat(stage.account)
    return ben


@pytest.fixture
def group(stage: FedBot, ben: Person) -> Chat:
    """A supergroup where the bot may delete."""
    return stage.api.add_supergroup("Group", members=[stage.ann, ben], admins=[stage.account])


async def held(session: Session) -> int:
    return len(await session.messages())


async def test_what_is_sent_to_another_chat_inside_a_block_is_in_no_session(stage: FedBot, ben: Person) -> None:
    async with stage.session() as session:
        await stage.bot.send_message(ben.id, "Your parcel is here")
        await stage.bot.send_message(stage.chat.id, "What would you like?")
    assert await texts_of(session, stage.chat) == ["What would you like?"]
    await session.clear()
    assert ben.private_chat(stage.account).texts() == ["Your parcel is here"]


async def test_of_nested_blocks_the_innermost_whose_place_it_is_records(stage: FedBot, ben: Person) -> None:
    async with stage.session() as session, stage.bot.sessions.get(ben.id, ben.id) as bens:
        await stage.bot.send_message(stage.chat.id, "to Ann")
        await stage.bot.send_message(ben.id, "to Ben")
    assert (await held(session), await held(bens)) == (1, 1)


async def test_calling_the_session_records_wherever_it_goes(stage: FedBot, ben: Person) -> None:
    session = stage.session()
    await session(SendMessage(chat_id=ben.id, text="for you"))
    with session.recording(everywhere=True):
        await stage.bot.send_message(ben.id, "and this")
    with session.recording():
        await stage.bot.send_message(ben.id, "but not this")
    assert await held(session) == 2
    await session.clear()
    assert ben.private_chat(stage.account).texts() == ["but not this"]


async def test_a_session_of_a_topic_records_what_goes_into_its_topic(stage: FedBot) -> None:
    forum = stage.api.add_supergroup("Forum", members=[stage.ann], admins=[stage.account], is_forum=True)
    garden, kitchen = (stage.api.add_topic(forum, name, by=stage.ann).thread_id for name in ("Garden", "Kitchen"))
    await stage.settled()
    async with stage.bot.sessions.get(forum.id, thread_id=garden) as session:
        mine = await stage.bot.send_message(forum.id, "tomatoes", message_thread_id=garden)
        await stage.bot.send_message(forum.id, "knives", message_thread_id=kitchen)
        await stage.bot.send_message(forum.id, "hello all")
        copied = await stage.bot.copy_message(forum.id, forum.id, mine.message_id, message_thread_id=garden)
    assert await ids_in(session) == [mine.message_id, copied.message_id]


async def test_a_session_of_general_records_what_goes_into_no_topic(stage: FedBot) -> None:
    forum = stage.api.add_supergroup("Forum", members=[stage.ann], admins=[stage.account], is_forum=True)
    garden = stage.api.add_topic(forum, "Garden", by=stage.ann).thread_id
    await stage.settled()
    async with stage.bot.sessions.get(forum.id, thread_id=1) as session:
        await stage.bot.send_message(forum.id, "tomatoes", message_thread_id=garden)
        mine = await stage.bot.send_message(forum.id, "hello all")
    assert await ids_in(session) == [mine.message_id]


async def test_what_is_sent_unrecorded_is_in_no_session(stage: FedBot) -> None:
    async with stage.session("order") as order:
        with unrecorded():
            await stage.bot.send_message(stage.chat.id, "an advertisement")
            await order.send_message("The session itself wins")
            async with stage.session("receipt") as receipt:
                await stage.bot.send_message(stage.chat.id, "and so does a block inside")
        await stage.bot.send_message(stage.chat.id, "back again")
    assert await texts_of(order, stage.chat) == ["The session itself wins", "back again"]
    assert await texts_of(receipt, stage.chat) == ["and so does a block inside"]


async def test_a_worker_that_a_block_started_speaks_to_others_in_no_session(
    stage: FedBot, ben: Person, group: Chat
) -> None:
    queue: asyncio.Queue[tuple[int, str]] = asyncio.Queue()

    async def work() -> None:
        while True:
            await stage.bot.send_message(*await queue.get())
            queue.task_done()

    sessions = stage.session(), stage.bot.sessions.get(group.id, stage.ann.id)
    async with sessions[0], sessions[1]:
        worker = asyncio.create_task(work())
    for chat_id in (ben.id, group.id):
        queue.put_nowait((chat_id, "news"))
    await queue.join()
    worker.cancel()
    assert [await held(session) for session in sessions] == [0, 0]


async def test_a_straggler_records_into_a_private_chat_for_a_minute(api: BotApi) -> None:
    account, ann, now = api.add_bot("order_bot"), api.add_person("Ann"), [datetime.now(UTC)]
    chat, go = ann.private_chat(account), asyncio.Semaphore(0)
    async with SessionBot(account.token, session=api.client_session()) as bot:
        setup_sessions(Dispatcher(), bot, clock=lambda: now[0])

        async def straggle() -> None:
            for text in ("after 59 seconds", "after 61 seconds"):
                await go.acquire()
                await bot.send_message(ann.id, text)

        async with bot.sessions.get(ann.id, ann.id) as session:
            straggler = asyncio.create_task(straggle())
        for seconds in (59, 2):
            now[0] += timedelta(seconds=seconds)
            go.release()
            await chat.until(partial(has_texts, 1 if seconds == 59 else 2))
        await straggler
        assert await texts_of(session, chat) == ["after 59 seconds"]


async def test_a_send_that_began_in_a_groups_block_is_recorded_although_its_caller_is_gone(
    stage: FedBot, group: Chat
) -> None:
    session = stage.bot.sessions.get(group.id, stage.ann.id)
    task = asyncio.create_task(session.send_message("on its way"))
    await asyncio.sleep(0)
    task.cancel()
    assert await session.clear() == 1  # waits for what is on its way
    assert stage.ann.view(group).texts() == []


async def test_topic_1_of_a_private_chat_is_not_all_that_stands_in_no_topic(stage: FedBot) -> None:
    topic = await stage.bot.create_forum_topic(stage.chat.id, "Orders")
    assert topic.message_thread_id == 1
    async with stage.session(thread_id=1) as session:
        await stage.bot.send_message(stage.chat.id, "outside of topics")
        await stage.bot.send_message(stage.chat.id, "inside", message_thread_id=1)
    assert await texts_of(session, stage.chat) == ["inside"]


@needs(SendMessage, "direct_messages_topic_id")
async def test_a_block_by_hand_takes_nothing_that_is_said_to_another_writer_to_a_channel(
    stage: FedBot, ben: Person
) -> None:
    """Nothing has told yet that the chat is one of direct messages; the answer to the send does."""
    channel = stage.api.add_channel("Shop", members=[stage.ann, ben], admins=[stage.account])
    direct = stage.api.add_direct_messages(channel)
    for person in (stage.ann, ben):
        await person.view(direct).types("hi")
    await stage.settled()
    async with stage.bot.sessions.get(direct.id, stage.ann.id) as session:
        sent = await stage.bot.send_message(direct.id, "to Ben", direct_messages_topic_id=ben.id)
        await stage.bot.copy_message(direct.id, direct.id, sent.message_id, direct_messages_topic_id=ben.id)
        ours = await stage.bot.send_message(direct.id, "to Ann", direct_messages_topic_id=stage.ann.id)
    assert await ids_in(session) == [ours.message_id]


async def test_a_block_that_is_left_inside_unrecorded_is_left(stage: FedBot) -> None:
    session = stage.session()
    await session.__aenter__()
    outside = unrecorded()
    outside.__enter__()
    await session.__aexit__(None, None, None)
    outside.__exit__(None, None, None)
    await stage.bot.send_message(stage.chat.id, "after all")
    assert await ids_in(session) == []


async def test_unrecorded_may_be_left_in_another_context(stage: FedBot) -> None:
    """As an asynchronous generator is that somebody else closes."""

    async def steps() -> AsyncIterator[None]:
        with unrecorded():
            yield

    async with stage.session() as session:
        generator = steps()
        await asyncio.create_task(anext(generator))  # type: ignore[arg-type]  # an awaitable will do
        await asyncio.create_task(generator.aclose())  # type: ignore[attr-defined]  # every generator has it
        await stage.bot.send_message(stage.chat.id, "recorded")
    assert await texts_of(session, stage.chat) == ["recorded"]


async def test_unrecorded_and_recording_are_no_decorators(stage: FedBot) -> None:
    """Around a coroutine function they would be left before anything is sent, and what it sends be recorded."""

    async def advertise() -> None: ...

    with pytest.raises(
        ConfigurationError, match=r"^unrecorded\(\) is no decorator. Write 'with unrecorded\(\):' inside"
    ):
        unrecorded()(advertise)  # type: ignore[operator]  # which is the mistake
    with pytest.raises(ConfigurationError, match=r"^session.recording\(\) is no decorator"):
        stage.session().recording()(advertise)  # type: ignore[operator]  # which is the mistake


class CopiesToTheOffice(BaseRequestMiddleware):
    """What many bots have: everything that is sent is told to somebody else, too."""

    def __init__(self, chat_id: int) -> None:
        self._chat_id = chat_id

    async def __call__(self, make_request: Any, bot: Bot, method: TelegramMethod[Any]) -> Any:
        response = await make_request(bot, method)
        if method.__api_method__ in {"sendMessage", "pinChatMessage"} and "copy" not in str(vars(method).get("text")):
            await bot.send_message(self._chat_id, "copy")
        return response


@pytest.mark.parametrize("office", ["elsewhere", "in the session's chat"])
async def test_what_other_middlewares_send_because_of_a_call_is_not_the_calls(
    stage: FedBot, ben: Person, office: str
) -> None:
    session = stage.session()
    stage.bot.session.middleware(CopiesToTheOffice(ben.id if office == "elsewhere" else stage.chat.id))
    await session(SendMessage(chat_id=stage.chat.id, text="one"))
    two = await session.send_message("two")
    await session(PinChatMessage(chat_id=stage.chat.id, message_id=two.message_id))
    await stage.settled()
    assert [entry.kind for entry in await session.messages()] == ["text", "text", "pinned_message"]
    await session.clear()
    told = ben.private_chat(stage.account) if office == "elsewhere" else stage.chat
    assert told.texts() == ["copy"] * 3


async def test_one_context_manager_may_be_entered_by_many_tasks_at_once(stage: FedBot) -> None:
    inside = stage.session().recording()
    entered, go = asyncio.Event(), asyncio.Event()

    async def stays() -> None:
        with inside:
            entered.set()
            await go.wait()
            await stage.bot.send_message(stage.chat.id, "inside")

    async def passes() -> None:
        await entered.wait()
        with inside:
            pass
        go.set()
        await stage.bot.send_message(stage.chat.id, "outside")

    await asyncio.gather(passes(), stays())
    assert await texts_of(stage.session(), stage.chat) == ["inside"]
