"""While no session is open: nothing is stored, and nothing but one check is done."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from aiogram.types import Message

from tests.promises.fed_bot import FedBot, texts_of
from tests.promises.storages import Line
from tgslices import SessionBot, SessionManager, SessionStorage


@pytest.fixture
def line(kept: SessionStorage) -> Line:
    return Line(kept)


@pytest.fixture
def storage(line: Line) -> SessionStorage:
    return line


async def started(line: Line) -> None:
    """Wait until the start of the bot has done all that it asks of the storage."""
    while "sweep" not in line.calls and hasattr(line, "sweep"):
        await asyncio.sleep(0)
    line.calls.clear()
    line.is_down = True


async def test_an_idle_bot_leaves_its_storage_alone(
    stage: FedBot, line: Line, caplog: pytest.LogCaptureFixture
) -> None:
    """ "While no session is open, an update costs one check." """
    handled: list[str | None] = []

    @stage.dispatcher.message()
    async def handle(message: Message) -> None:
        await message.answer("hello")
        handled.append(message.text)

    await started(line)
    await stage.says("one", "two")
    await stage.bot.send_message(stage.chat.id, "three")
    assert handled == ["one", "two"]
    assert stage.bot.sessions.is_idle()
    assert line.calls == []
    assert caplog.text == ""


@pytest.mark.parametrize(
    "kind",
    ["message", "edited_message", "channel_post", "business_message", "callback_query"],
)
async def test_no_kind_of_update_asks_the_storage_of_an_idle_bot(stage: FedBot, line: Line, kind: str) -> None:
    event: dict[str, Any] = stage.message(5)
    if kind == "callback_query":
        event = {"id": "1", "from": stage.ann.json(), "chat_instance": "1", "data": "x", "message": event}
    await started(line)
    await stage.delivers(kind, event)
    assert line.calls == []


async def test_is_idle_follows_what_is_open(stage: FedBot) -> None:
    """ "`is_idle() -> bool`" """
    sessions = stage.bot.sessions
    assert sessions.is_idle()
    first = stage.session("order")
    assert not sessions.is_idle()
    second = stage.session("support")
    await first.close()
    assert not sessions.is_idle()
    await sessions.unsubscribe(second.key)
    assert sessions.is_idle()
    sessions.subscribe(second.key, lambda update: False)
    assert not sessions.is_idle()
    await second.close()
    assert sessions.is_idle()


async def test_another_bots_session_does_not_wake_an_idle_bot(stage: FedBot) -> None:
    other = stage.api.add_bot("other_bot")
    async with SessionBot(other.token, session=stage.api.client_session()) as bot:
        beside = SessionManager(bot, stage.bot.sessions.config)
        beside.get(stage.chat.id)
        assert not beside.is_idle()
        assert stage.bot.sessions.is_idle()
        await beside.aclose()


async def test_a_bot_that_was_idle_records_from_the_next_message_on(stage: FedBot) -> None:
    await stage.says("before")
    session = stage.session()
    await stage.says("after")
    assert await texts_of(session, stage.chat) == ["after"]


async def test_what_is_deleted_while_nothing_is_open_leaves_the_entries_that_were_kept(stage: FedBot) -> None:
    """ "`deleted_business_messages` removes the entries": those of a session that was unsubscribed, too."""
    session = stage.session(business_connection_id="conn")
    for number in (5, 6):
        await stage.delivers("business_message", stage.message(number, business_connection_id="conn"))
    await stage.bot.sessions.unsubscribe(session.key)
    assert stage.bot.sessions.is_idle()
    gone = {"business_connection_id": "conn", "chat": stage.chat.chat.json(), "message_ids": [5]}
    await stage.delivers("deleted_business_messages", gone)
    assert [entry.message_id for entry in await session.messages()] == [6]
