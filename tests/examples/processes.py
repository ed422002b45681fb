"""The example's bot in one process after the other: each handles updates when told to, and may die at any step."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from typing import Any, cast

from aiogram import Dispatcher

from examples.order_flow import leaving, order, support
from examples.order_flow.bot import make_dispatcher
from examples.order_flow.slices import ORDER
from tests.deletion.mortal import Killed, Life
from tgslices import ClearResult, MemorySessionStorage, Session, SessionBot, SessionStorage
from tgslices.testing import BotApi, ChatView

AT_ONCE = timedelta(microseconds=1)
"""A lease that has run out by the time a new process starts."""


def unhook_routers() -> None:
    """Let the next dispatcher include the example's routers, as the first one of a process does."""
    for router in (support.router, order.router, leaving.router):
        router._parent_router = None


class Process:
    """One life of the bot."""

    def __init__(self, town: Town, bot: SessionBot, dispatcher: Dispatcher) -> None:
        self.bot = bot
        self._town = town
        self._dispatcher = dispatcher

    async def handle(self) -> None:
        """Handle what has come, one update after the other; each is confirmed before, as when aiogram polls."""
        for update in await self.bot.get_updates(self._town.offset, timeout=0):
            self._town.offset = update.update_id + 1
            await self._dispatcher.feed_update(self.bot, update)

    async def hears(self, *texts: str) -> None:
        """Let Ann write, and handle it."""
        for text in texts:
            await self._town.chat.types(text)
            await self.handle()

    async def feels(self, *captions: str) -> None:
        """Let Ann tap, and handle it."""
        for caption in captions:
            await self._town.chat.taps(caption)
            await self.handle()

    async def takes_an_order(self) -> None:
        """Take an order as far as the address."""
        await self.hears("/order")
        await self.feels("Pizza", "Large")

    def slice(self) -> Session:
        """Ann's order."""
        return self.bot.sessions.get(self._town.chat.id, self._town.chat.person.id, qualifier=ORDER)


class Town:
    """The emulator with Ann, and what outlives every process of the bot: its storage."""

    def __init__(self, api: BotApi) -> None:
        self.api = api
        self.account = api.add_bot("order_flow_bot", first_name="Order bot")
        self.chat = self.welcomes_somebody_new()
        self.slices: SessionStorage = MemorySessionStorage()
        self.wipes: list[ClearResult] = []
        self.offset = 0
        self.lease = AT_ONCE

    def welcomes_somebody_new(self) -> ChatView:
        """Let the conversation be with somebody who was never here."""
        self.chat = self.api.add_person("Ann").private_chat(self.account)
        return self.chat

    @asynccontextmanager
    async def process(self, life: Life | None = None) -> AsyncIterator[Process]:
        """Run the bot in a new process; one that is killed ends its block."""
        life = life or Life()
        unhook_routers()
        bot = SessionBot(self.account.token, session=self.api.client_session())
        bot.session.middleware(life.request)
        slices = cast(SessionStorage, life.storage(cast(Any, self.slices)))
        dispatcher = make_dispatcher(bot, slices, on_wiped=self.wipes.append, lease=self.lease)
        try:
            with suppress(Killed):
                yield Process(self, bot, dispatcher)
        finally:
            with suppress(Killed):
                await bot.sessions.tracker.progress.outlast(timedelta(seconds=5))
                await bot.sessions.upkeep.stop()
                await bot.sessions.tracker.aclose()  # and not the manager: the storage outlives it
            await bot.session.close()
            unhook_routers()
