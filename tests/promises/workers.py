"""A worker of one bot, which polls or not."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiogram import Dispatcher
from aiogram.types import Message

from tgslices import SessionBot, setup_sessions
from tgslices.testing import BotAccount, BotApi, running


@asynccontextmanager
async def worker_of(
    api: BotApi, account: BotAccount, *, polls: bool = False, **options: Any
) -> AsyncIterator[SessionBot]:
    """Run a process of a bot's that listens to messages; one that does not poll does nothing by itself.

    ``options`` are those of ``setup_sessions``; the clock is the server's.
    """
    dispatcher = Dispatcher()

    @dispatcher.message()
    async def listen(_: Message) -> None:
        return

    async with SessionBot(account.token, session=api.client_session()) as bot:
        setup_sessions(dispatcher, bot, clock=api.clock.now, **options)
        if polls:
            async with running(dispatcher, bot):
                yield bot
        else:
            await bot.sessions.upkeep.stop()  # so that what is opened does not begin it
            yield bot
