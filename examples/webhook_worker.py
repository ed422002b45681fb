"""One of several workers of a bot that Telegram tells by webhook: a proxy divides the updates, a database is shared.

``deploy/compose.yaml`` starts two of them. By hand: ``BOT_TOKEN=... STORAGE=postgresql://... WEBHOOK_URL=https://...
WEBHOOK_SECRET=... python -m examples.webhook_worker``, with ``HOST``, ``PORT`` and ``BOT_API`` where they differ.
"""

from __future__ import annotations

import logging
import os
from typing import Annotated

from aiogram import Bot, Dispatcher
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import PRODUCTION, TelegramAPIServer
from aiogram.filters import Command
from aiogram.types import Message
from aiogram.webhook.aiohttp_server import SimpleRequestHandler, setup_application
from aiohttp import web

from tgslices import Session, SessionBot, SessionQualifier, SessionStorage, setup_sessions, unrecorded
from tgslices.fsm import FSMStorage
from tgslices.storage.opening import open_storage

Order = Annotated[Session, SessionQualifier("order")]


async def start(message: Message, order: Order) -> None:
    """Begin an order: from now on all that is said belongs to it."""
    async with order:
        await message.answer("What would you like to order? /done ends it.")


async def note(message: Message, order: Order) -> None:
    """Note what is wanted, while an order is open."""
    if await order.is_open():
        await order.send_message(f"{message.text}: noted.")


async def done(message: Message, order: Order) -> None:
    """End the order, and leave one line of it."""
    removed = await order.clear()
    await order.close()
    with unrecorded():
        await message.answer(f"Order received. {removed} messages are gone.")


def make_dispatcher(bot: SessionBot, storage: SessionStorage) -> Dispatcher:
    """Wire the bot. One person's updates are handled one after the other, whichever worker gets them."""
    states = FSMStorage(storage)
    dispatcher = Dispatcher(storage=states, events_isolation=states.isolation())
    dispatcher.message.register(start, Command("order"))
    dispatcher.message.register(done, Command("done"))
    dispatcher.message.register(note)
    setup_sessions(dispatcher, bot, storage=storage)
    return dispatcher


async def healthy(_request: web.Request) -> web.Response:
    """Answer whoever asks whether the worker listens."""
    return web.Response(text="ok")


def make_app(bot: SessionBot, storage: SessionStorage, url: str, secret: str) -> web.Application:
    """Return the application of one worker. All of them tell Telegram the same address, whoever starts first."""
    dispatcher = make_dispatcher(bot, storage)

    async def tell_telegram(bot: Bot) -> None:
        kinds = dispatcher.resolve_used_update_types()
        await bot.set_webhook(f"{url}/hook", secret_token=secret, allowed_updates=kinds)

    dispatcher.startup.register(tell_telegram)
    app = web.Application()
    app.router.add_get("/health", healthy)
    # The answer confirms the update, so it is given when the update was handled.
    SimpleRequestHandler(dispatcher, bot, handle_in_background=False, secret_token=secret).register(app, "/hook")
    setup_application(app, dispatcher, bot=bot)
    return app


def main() -> None:
    """Serve until SIGTERM; then let handlers finish, and close the storage."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    api = os.environ.get("BOT_API")
    server = TelegramAPIServer.from_base(api) if api else PRODUCTION
    bot = SessionBot(os.environ["BOT_TOKEN"], session=AiohttpSession(api=server))
    app = make_app(bot, open_storage(os.environ["STORAGE"]), os.environ["WEBHOOK_URL"], os.environ["WEBHOOK_SECRET"])
    web.run_app(app, host=os.environ.get("HOST", "127.0.0.1"), port=int(os.environ.get("PORT", "8080")))


if __name__ == "__main__":
    main()
