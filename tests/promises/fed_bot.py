"""A bot that is fed over HTTP: the emulator, a dispatcher, and Ann who writes to the bot."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from typing import Any

import pytest
from aiogram import Bot, Dispatcher
from aiogram.types import Update
from aiogram.webhook.aiohttp_server import BaseRequestHandler, SimpleRequestHandler, setup_application
from aiohttp import web

from tgslices import Session, SessionBot
from tgslices.testing import BotAccount, BotApi, ChatView, Person
from tgslices.testing.methods import METHODS
from tgslices.testing.methods.method import Call

UPDATE_IDS = count(1)
NOW = int(datetime.now(UTC).timestamp())


@dataclass(slots=True)
class FedBot:
    """One bot, wired and fed. What ``settled`` has waited for has been handled to the end."""

    api: BotApi
    account: BotAccount
    bot: SessionBot
    dispatcher: Dispatcher
    ann: Person
    chat: ChatView
    monkeypatch: pytest.MonkeyPatch

    def session(self, qualifier: str | None = None, **parts: Any) -> Session:
        """Open Ann's session in her private chat."""
        return self.bot.sessions.get(self.chat.id, self.ann.id, qualifier=qualifier, **parts)

    async def says(self, *texts: str) -> None:
        """Let Ann write in her private chat, and wait until it is handled."""
        for text in texts:
            await self.chat.types(text)
        await self.settled()

    async def delivers(self, kind: str, event: dict[str, Any]) -> None:
        """Let an update of any kind arrive over HTTP, and wait until it is handled."""
        assert self.account.updates.put(kind, event, queue_key=(kind, "scripted"))
        await self.settled()

    async def settled(self) -> None:
        """Wait until every update has been handled."""
        await self.api.idle()

    async def handled(self) -> None:
        """Wait until every update has been handled, whatever calls are still on their way."""
        await self.chat.until(lambda view: not self.account.updates.pending)

    def answers(self, method: str, result: object) -> None:
        """Let the server answer a method with this JSON, or with what a function of its arguments returns."""

        def answer(call: Call) -> object:
            return result(call.arguments) if callable(result) else result

        self.monkeypatch.setitem(METHODS, method.lower(), (method, answer))

    def message(self, message_id: int, **more: Any) -> dict[str, Any]:
        """Return a text message of Ann in her private chat, as Telegram's JSON."""
        return {
            "message_id": message_id,
            "date": NOW,
            "chat": self.chat.chat.json(),
            "from": self.ann.json(),
            "text": "hi",
        } | more

    def update(self, kind: str, event: dict[str, Any]) -> Update:
        """Return an update, bound to the bot as aiogram binds it."""
        return Update.model_validate({"update_id": next(UPDATE_IDS), kind: event}, context={"bot": self.bot})


async def texts_of(session: Session, view: ChatView) -> list[str]:
    """Return what a session holds, as the texts that are visible in a chat."""
    visible = {message.message_id: message.text for message in view.visible()}
    return [visible[entry.message_id] for entry in await session.messages()]


async def ids_in(session: Session) -> list[int]:
    """Return the ids of what a session holds, in its order."""
    return [entry.message_id for entry in await session.messages()]


@asynccontextmanager
async def polling(dispatcher: Dispatcher, *bots: Bot, allowed_updates: Sequence[str] = ()) -> AsyncIterator[None]:
    """Poll for every kind of update unless told otherwise, one at a time: what is confirmed has been handled."""
    started = asyncio.Event()

    async def start() -> None:
        started.set()

    dispatcher.startup.register(start)
    task = asyncio.create_task(
        dispatcher.start_polling(
            *bots,
            handle_as_tasks=False,
            allowed_updates=list(allowed_updates),
            handle_signals=False,
            close_bot_session=False,
        )
    )
    waiting = asyncio.create_task(started.wait())
    await asyncio.wait([task, waiting], return_when=asyncio.FIRST_COMPLETED)
    if not started.is_set():
        waiting.cancel()
        await task
    try:
        yield
    finally:
        stopping = asyncio.create_task(dispatcher.stop_polling())
        await task  # before what stops it: where it raises, aiogram never tells that it has stopped
        await stopping


@asynccontextmanager
async def serving(handler: BaseRequestHandler, dispatcher: Dispatcher, path: str, **data: Any) -> AsyncIterator[str]:
    """Serve a webhook of aiogram's; yield its base URL. It answers when the update has been handled."""
    app = web.Application()
    handler.register(app, path=path)
    setup_application(app, dispatcher, **data)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


@asynccontextmanager
async def webhook(dispatcher: Dispatcher, bot: Bot) -> AsyncIterator[None]:
    """Have every kind of update delivered to aiogram's webhook handler, which answers with what the handler returns."""
    handler = SimpleRequestHandler(dispatcher, bot, handle_in_background=False)
    async with serving(handler, dispatcher, "/hook", bot=bot) as url:
        await bot.set_webhook(f"{url}/hook", allowed_updates=[])
        try:
            yield
        finally:
            await bot.delete_webhook()
