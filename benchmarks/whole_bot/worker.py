"""A process that serves one bot behind a webhook, as in production: aiohttp, aiogram's handler, one port."""

from __future__ import annotations

import asyncio
import gc
import importlib
import time
from multiprocessing.connection import Connection

from aiogram import Bot, Dispatcher
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.session.base import BaseSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.webhook.aiohttp_server import SimpleRequestHandler, setup_application
from aiohttp import web

from benchmarks.whole_bot.contestants import Contestant
from benchmarks.whole_bot.within import AnsweringWithin

TOKEN = "123456789:" + "a" * 35


def work(contestant: Contestant, api: str, number: int, parent: Connection) -> None:
    """Serve until the other end of the pipe is closed, which the system does when its process dies.

    ``api``: the Bot API's address, or nothing, to answer requests within this process.
    """
    asyncio.run(_serve(contestant, api, number, parent))


async def _serve(contestant: Contestant, api: str, number: int, parent: Connection) -> None:
    client: BaseSession = (
        AiohttpSession(api=TelegramAPIServer.from_base(api)) if api else AnsweringWithin(10**9 + number * 10**8)
    )
    app = _app(contestant, Bot(TOKEN, session=client))
    app.router.add_get("/spent", Spent().tell)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    if contestant.frozen:
        gc.collect()
        gc.freeze()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    parent.send(runner.addresses[0][1])
    await _closed(parent)
    await runner.cleanup()


def _app(contestant: Contestant, bot: Bot) -> web.Application:
    dispatcher, app = Dispatcher(), web.Application()
    bots = importlib.import_module(f"benchmarks.whole_bot.bots.{contestant.module}")
    bots.build(dispatcher, bot, contestant.place)
    SimpleRequestHandler(dispatcher, bot, handle_in_background=False).register(app, "/hook")
    setup_application(app, dispatcher, bot=bot)
    return app


class Spent:
    """What the processor did for this process, whatever else the machine does."""

    def __init__(self) -> None:
        self._began = self._longest = 0.0
        gc.callbacks.append(self._collecting)

    def _collecting(self, phase: str, _info: object) -> None:
        if phase == "start":
            self._began = time.thread_time()
        else:
            self._longest = max(self._longest, time.thread_time() - self._began)

    async def tell(self, _request: web.Request) -> web.Response:
        """Tell the processor time since the start, with that of all threads, and the longest collection since asked."""
        longest, self._longest = self._longest, 0.0
        return web.Response(text=f"{time.process_time()!r} {longest!r}")


async def _closed(pipe: Connection) -> None:
    ended = asyncio.Event()
    asyncio.get_running_loop().add_reader(pipe.fileno(), ended.set)
    await ended.wait()
    asyncio.get_running_loop().remove_reader(pipe.fileno())
