"""A bot goes on while its database is gone for ten seconds, and nothing is missing when it is back."""

from __future__ import annotations

import asyncio
import logging
from typing import Annotated

import pytest
from aiogram import Dispatcher
from aiogram.filters import Command
from aiogram.types import Message

from tests.storage.conftest import fragile_postgres
from tests.storage.sqlalchemy.backends import PostgresServer
from tgslices import Session, SessionBot, SessionQualifier, setup_sessions
from tgslices.storage.sqlalchemy import SQLAlchemySessionStorage
from tgslices.testing import BotApi, ChatView
from tgslices.testing.running import running

__all__ = ["fragile_postgres"]

Order = Annotated[Session, SessionQualifier("order")]
PEOPLE = 3
OUTAGE = 10.0
"""Seconds."""


def build() -> Dispatcher:
    """Answer every message inside the order's block."""
    dispatcher = Dispatcher(disable_fsm=True)

    @dispatcher.message(Command("done"))
    async def done(message: Message, order: Order) -> None:
        await order.clear()
        await order.close()
        await message.answer("Bye")

    @dispatcher.message()
    async def note(message: Message, order: Order) -> None:
        async with order:
            await message.answer(f"noted {message.text}")

    return dispatcher


async def chat_until(stop: asyncio.Event, chat: ChatView) -> None:
    """Type, wait for the answer, and type again: a send that failed would be an answer that never comes."""
    number = 0
    while not stop.is_set():
        number += 1
        await chat.types(f"item {number}")
        await chat.until(lambda seen: f"noted item {number}" in seen.texts(), timeout=60)  # noqa: B023


async def finish(chat: ChatView) -> None:
    await chat.types("/done")
    await chat.until(lambda seen: seen.texts()[-1] == "Bye", timeout=60)


@pytest.mark.timeout(240)
async def test_a_bot_goes_on_without_its_database_and_loses_nothing(
    fragile_postgres: PostgresServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.CRITICAL, logger="tgslices")  # each failure is logged; here they are many
    storage = SQLAlchemySessionStorage(fragile_postgres.url("postgres"), prefix="outage_")
    dispatcher = build()
    async with BotApi() as api:
        account = api.add_bot("order_bot")
        chats = [api.add_person(f"Person {number}").private_chat(account) for number in range(PEOPLE)]
        bot = SessionBot(account.token, session=api.client_session())
        setup_sessions(dispatcher, bot, storage=storage)
        async with running(dispatcher, bot, people_wait=False):
            stop = asyncio.Event()
            talking = [asyncio.create_task(chat_until(stop, chat)) for chat in chats]
            await asyncio.gather(*(chat.until(lambda seen: len(seen.texts()) >= 4) for chat in chats))
            await asyncio.to_thread(fragile_postgres.stop)
            before = sum(len(chat.texts()) for chat in chats)
            await asyncio.sleep(OUTAGE)
            during = sum(len(chat.texts()) for chat in chats) - before
            waiting = len(bot.sessions.tracker._backlog.waiting)
            await asyncio.to_thread(fragile_postgres.start)
            stop.set()
            await asyncio.gather(*talking)
            assert during > PEOPLE, "nobody was answered while the database was gone"
            exchanges = during // 2 + 2 * PEOPLE
            assert 0 < waiting <= 4 * exchanges, "more is kept than question, answer and openings of each exchange"
            await api.idle(timeout=60)
            for chat in chats:
                session = bot.sessions.get(chat.id, chat.person.id, qualifier="order")
                kept = [message.message_id for message in await session.messages()]
                visible = [message.message_id for message in chat.visible()]
                assert len(set(kept)) == len(kept)
                assert sorted(kept) == visible[1:], "all but the message that opened the slice"
            await asyncio.gather(*(finish(chat) for chat in chats))
            await api.idle(timeout=60)
            for chat in chats:
                assert [message.text for message in chat.visible()] == ["item 1", "Bye"]
            assert await storage.pending(account.id) == []
        await bot.session.close()
