"""A bot in a process of its own. Forked from a server that has imported everything, so that a start takes no time."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Annotated

from aiogram import Dispatcher
from aiogram.client.telegram import TelegramAPIServer
from aiogram.filters import Command
from aiogram.types import Message
from aiogram.webhook.aiohttp_server import SimpleRequestHandler, setup_application
from aiohttp import web

from tests.forks import FORKS
from tgslices import Session, SessionBot, SessionQualifier, setup_sessions
from tgslices.storage import open_storage
from tgslices.storage.protocol import SessionStorage
from tgslices.storage.sqlalchemy import SQLAlchemySessionStorage
from tgslices.testing.http.client import loopback_session

MAX_COPIES = 100
"""Source: https://core.telegram.org/bots/api#copymessages"""

Order = Annotated[Session, SessionQualifier("order")]


def start(target: str, *arguments: object) -> BaseProcess:
    """Start ``poll`` or ``serve`` in a process of its own; the caller ends it."""
    targets: dict[str, Callable[..., None]] = {"poll": poll, "poll_in_tasks": poll_in_tasks, "serve": serve}
    process = FORKS.Process(target=targets[target], args=arguments, daemon=True)
    process.start()
    return process


def storage_of(url: str, *, shared: bool | None) -> SessionStorage:
    """Return a storage; on Redis it is always shared."""
    return open_storage(url) if url.startswith("redis") else SQLAlchemySessionStorage(url, shared=shared)


def _build(
    api: str, token: str, url: str, journal: Path | None, *, shared: bool | None
) -> tuple[SessionBot, Dispatcher]:
    logging.disable()
    bot = SessionBot(token, session=loopback_session(api))
    dispatcher = Dispatcher(disable_fsm=True)
    setup_sessions(dispatcher, bot, storage=storage_of(url, shared=shared))

    def note(*numbers: int) -> None:
        if journal is not None:
            with journal.open("a") as lines:
                lines.write("".join(f"{number}\n" for number in numbers))

    @dispatcher.message(Command("order"))
    async def order(message: Message, order: Order) -> None:
        async with order:
            note((await message.answer("What would you like?")).message_id)

    @dispatcher.message(Command("done"))
    async def done(message: Message, order: Order) -> None:
        note(message.message_id)
        await order.clear()
        await order.close()
        await message.answer("Bye")

    @dispatcher.message()
    async def item(message: Message, order: Order) -> None:
        note(message.message_id)  # it is recorded before any handler runs
        async with order:
            note((await message.answer(f"noted {message.text}")).message_id)
            if journal is not None:
                # Everything so far once more, so that a few items make a wipe of several requests.
                seen = sorted(entry.message_id for entry in await order.messages())[-MAX_COPIES:]
                note(*(copy.message_id for copy in await bot.copy_messages(message.chat.id, message.chat.id, seen)))

    return bot, dispatcher


def poll(api: str, token: str, url: str, journal: Path) -> None:
    """Poll one update after the other, until killed; write down the id of every message that is acknowledged."""

    async def run() -> None:
        bot, dispatcher = _build(api, token, url, journal, shared=None)
        assert isinstance(bot.session.api, TelegramAPIServer)
        await dispatcher.start_polling(bot, handle_as_tasks=False, handle_signals=False, polling_timeout=5)

    asyncio.run(run())


def poll_in_tasks(api: str, token: str, url: str, journal: Path) -> None:
    """Poll as aiogram does by default: handlers in tasks of their own, until killed."""

    async def run() -> None:
        bot, dispatcher = _build(api, token, url, journal, shared=None)
        await dispatcher.start_polling(bot, handle_signals=False, polling_timeout=5)

    asyncio.run(run())


def serve(api: str, token: str, url: str, port: int) -> None:
    """Take updates at a webhook, until killed."""

    async def run() -> None:
        bot, dispatcher = _build(api, token, url, None, shared=True)
        application = web.Application()
        SimpleRequestHandler(dispatcher, bot, handle_in_background=False).register(application, path="/")
        setup_application(application, dispatcher, bot=bot)
        runner = web.AppRunner(application)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", port).start()
        await asyncio.Event().wait()

    asyncio.run(run())
