"""Tracking comes before everything else that a dispatcher does with an update, whenever it was wired."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from aiogram import Dispatcher
from aiogram.fsm.storage.memory import MemoryStorage, SimpleEventIsolation
from aiogram.types import Message, TelegramObject, Update

from tests.middlewares.feeding import feed
from tests.middlewares.feeding import message as fed_message
from tests.promises.fed_bot import ids_in
from tgslices import SessionBot, setup_sessions


async def test_a_message_that_waits_for_its_turn_is_recorded_at_once(session_bot: SessionBot) -> None:
    """aiogram's isolation lets one update of a person wait for the one before; what was typed meanwhile is visible."""
    dispatcher = Dispatcher(events_isolation=SimpleEventIsolation())
    setup_sessions(dispatcher, session_bot)
    session, at_work, go_on = session_bot.sessions.get(7, 7), asyncio.Event(), asyncio.Event()
    held: list[int] = []

    @dispatcher.message()
    async def handle(message: Message) -> None:
        at_work.set()
        await go_on.wait()
        held.extend(await ids_in(session))

    first = asyncio.create_task(feed(dispatcher, session_bot, 1))
    await at_work.wait()
    second = asyncio.create_task(feed(dispatcher, session_bot, 2))
    while len(await session.messages()) < 2:
        await asyncio.sleep(0)
    go_on.set()
    await asyncio.gather(first, second)
    assert held == [1, 2, 1, 2]


async def test_a_message_is_recorded_although_the_states_cannot_be_read(
    session_bot: SessionBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    states = MemoryStorage()
    dispatcher = Dispatcher(storage=states)
    setup_sessions(dispatcher, session_bot)
    session = session_bot.sessions.get(7, 7)

    async def fail(*args: Any, **kwargs: Any) -> Any:
        raise ConnectionError("the states are away")

    monkeypatch.setattr(states, "get_state", fail)
    with pytest.raises(ConnectionError):
        await feed(dispatcher, session_bot, 1)
    assert await ids_in(session) == [1]


async def test_a_middleware_that_was_there_before_comes_after_in_its_old_place(session_bot: SessionBot) -> None:
    dispatcher = Dispatcher()
    session = session_bot.sessions
    order: list[object] = []

    def middleware(name: str) -> Callable[..., Awaitable[Any]]:
        async def note(handler: Callable[..., Awaitable[Any]], event: TelegramObject, data: dict[str, Any]) -> Any:
            order.append((name, await ids_in(session_bot.sessions.get(7)), "state" in data))
            return await handler(event, data)

        return note

    dispatcher.update.outer_middleware(middleware("one"))
    dispatcher.update.outer_middleware(middleware("two"))
    setup_sessions(dispatcher, session_bot)
    assert session_bot.sessions is not session
    session_bot.sessions.get(7)
    await feed(dispatcher, session_bot, 1)
    assert order == [("one", [1], True), ("two", [1], True)]


async def test_deleted_business_messages_are_followed_although_a_middleware_lets_nobody_through(
    session_bot: SessionBot,
) -> None:
    """They have no user, so that a middleware which looks for one stops them."""
    dispatcher = Dispatcher()
    setup_sessions(dispatcher, session_bot)

    async def stop(handler: Callable[..., Awaitable[Any]], event: TelegramObject, data: dict[str, Any]) -> Any:
        return None

    dispatcher.update.outer_middleware(stop)
    session = session_bot.sessions.get(7, business_connection_id="conn")
    message = {**fed_message(5), "business_connection_id": "conn"}
    gone = {"business_connection_id": "conn", "chat": message["chat"], "message_ids": [5]}
    for number, event in enumerate(({"business_message": message}, {"deleted_business_messages": gone})):
        assert len(await session.messages()) == number
        update = Update.model_validate({"update_id": number, **event}, context={"bot": session_bot})
        await dispatcher.feed_update(session_bot, update)
    assert await session.messages() == []
