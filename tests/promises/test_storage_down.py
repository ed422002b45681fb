"""A storage that does not answer: nothing that a person or the bot does fails for it, and nothing is lost."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Annotated, Any

import pytest
from aiogram.types import Message

from tests.promises.fed_bot import FedBot, texts_of
from tests.promises.storages import Line
from tgslices import Session, SessionQualifier, SessionStorage, TrackedMessage

Order = Annotated[Session, SessionQualifier("order")]


@pytest.fixture
def line(kept: SessionStorage) -> Line:
    return Line(kept)


@pytest.fixture
def storage(line: Line) -> SessionStorage:
    return line


async def opened(stage: FedBot) -> Session:
    session = stage.session("order")
    await session.messages()
    return session


async def test_a_handler_runs_even_if_the_storage_is_down(stage: FedBot, line: Line) -> None:
    """ "... a handler runs even if the storage is down: the entry is kept and written later." """
    session = await opened(stage)

    @stage.dispatcher.message()
    async def echo(message: Message) -> None:
        await message.answer(f"you said {message.text}")

    line.is_down = True
    await stage.says("one", "two")
    assert stage.chat.texts() == ["one", "two", "you said one", "you said two"]
    line.is_down = False
    assert await texts_of(session, stage.chat) == ["one", "two"]


async def test_what_was_kept_is_written_in_order_and_before_what_comes_later(stage: FedBot, line: Line) -> None:
    session = await opened(stage)
    line.is_down = True
    await stage.says("one", "two")
    line.is_down = False
    await stage.says("three")
    assert await texts_of(session, stage.chat) == ["one", "two", "three"]


async def test_a_storage_that_hangs_and_then_fails_holds_nothing_up_for_good(stage: FedBot, line: Line) -> None:
    session = await opened(stage)
    handled = asyncio.Event()

    @stage.dispatcher.message()
    async def handle(message: Message) -> None:
        handled.set()

    line.held = asyncio.Event()
    await stage.chat.types("one")
    await line.waiting.wait()
    assert not handled.is_set()
    line.is_down = True
    line.held.set()
    await asyncio.wait_for(handled.wait(), 30)
    await stage.settled()
    line.held, line.is_down = None, False
    assert await texts_of(session, stage.chat) == ["one"]


async def test_a_session_that_is_opened_while_the_storage_is_down_is_open(stage: FedBot, line: Line) -> None:
    """A send "never" fails: "the error is logged, the entry is kept and written as soon as the storage answers." """

    @stage.dispatcher.message()
    async def start(message: Message, order: Order) -> None:
        async with order:
            await message.answer("What would you like?")

    line.is_down = True
    await stage.says("/order", "pizza")
    assert not stage.bot.sessions.is_idle()
    line.is_down = False
    expected = ["What would you like?", "pizza", "What would you like?"]
    session = stage.session("order")
    assert sorted(await texts_of(session, stage.chat)) == sorted(expected)
    assert (await texts_of(session, stage.chat))[0] == expected[0]


async def test_recording_never_makes_a_successful_send_fail(
    stage: FedBot, line: Line, caplog: pytest.LogCaptureFixture
) -> None:
    """ "Recording never makes a successful send fail: if the storage is down, the error is logged" """
    session = await opened(stage)
    line.is_down = True
    async with session:
        sent = await stage.bot.send_message(stage.chat.id, "in a block")
    assert sent.text == "in a block"
    assert (await session.send_message("through the session")).text == "through the session"
    assert "ConnectionError: the line is cut" in caplog.text
    assert stage.account.token not in caplog.text
    line.is_down = False
    assert await texts_of(session, stage.chat) == ["in a block", "through the session"]


async def test_a_message_tracked_by_hand_is_kept_as_well(stage: FedBot, line: Line) -> None:
    session = await opened(stage)
    sent = await stage.bot.send_message(stage.chat.id, "outside")
    line.is_down = True
    await session.track(sent)
    line.is_down = False
    assert await texts_of(session, stage.chat) == ["outside"]


async def test_what_reads_or_ends_a_session_says_that_the_storage_is_down_and_changes_nothing(
    stage: FedBot, line: Line
) -> None:
    session = await opened(stage)
    await stage.says("one")
    line.is_down = True
    for act in (session.messages, session.clear, session.forget, session.close):
        with pytest.raises(ConnectionError, match=r"^the line is cut$"):
            await act()
    with pytest.raises(ConnectionError, match=r"^the line is cut$"):
        await stage.bot.sessions.unsubscribe(session.key)
    line.is_down = False
    assert await texts_of(session, stage.chat) == ["one"]
    assert not stage.bot.sessions.is_idle()
    assert stage.api.count("deleteMessages") == 0


async def test_deleted_business_messages_are_followed_later(stage: FedBot, line: Line) -> None:
    session = stage.session(business_connection_id="conn")
    await stage.delivers("business_message", stage.message(5, business_connection_id="conn"))
    line.is_down = True
    gone = {"business_connection_id": "conn", "chat": stage.chat.chat.json(), "message_ids": [5]}
    await stage.delivers("deleted_business_messages", gone)
    line.is_down = False
    assert await session.messages() == []


async def test_a_migration_is_followed_later(stage: FedBot, line: Line) -> None:
    group = stage.api.add_group("Team", members=[stage.ann, stage.account])
    session = stage.bot.sessions.get(group.id, stage.ann.id)
    await stage.ann.view(group).types("one")
    await stage.settled()
    line.is_down = True
    notice = stage.message(9, chat=group.json(), text=None, migrate_to_chat_id=-1_000_000_000_778)
    await stage.delivers("message", notice)
    new = {"id": -1_000_000_000_778, "type": "supergroup", "title": "Team"}
    await stage.delivers("message", stage.message(2, chat=new))
    line.is_down = False
    assert session.chat_id == new["id"]
    assert [(e.chat_id, e.message_id) for e in await session.messages()] == [(group.id, 1), (new["id"], 2)]


def refusing_the_first(write: Callable[..., Any] | None) -> Callable[..., Any]:
    """Return what writes as it did, but for one message that it never takes."""

    async def refuse(place: object, message: TrackedMessage) -> object:
        if message.message_id == 1:
            raise ValueError("this one is at fault")
        assert write is not None
        return await write(place, message)

    return refuse


async def test_an_entry_that_no_storage_could_take_does_not_stop_the_others(
    stage: FedBot, line: Line, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    session = await opened(stage)

    for name in ("record", "add"):
        monkeypatch.setattr(line, name, refusing_the_first(getattr(line, name, None)), raising=False)
    await stage.says("bad")
    await stage.says("good")
    assert await texts_of(session, stage.chat) == ["good"]
    assert "Cannot record a message; it is left out" in caplog.text
