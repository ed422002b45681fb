"""The emulator with one bot of an example, polling."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from aiogram import Dispatcher

from tests.promises.fed_bot import polling
from tgslices import SessionBot
from tgslices.testing import BotAccount, BotApi


@asynccontextmanager
async def playing(
    api: BotApi, account: BotAccount, make_dispatcher: Callable[[SessionBot], Dispatcher]
) -> AsyncIterator[SessionBot]:
    """Run a bot until the block is left."""
    async with (
        SessionBot(account.token, session=api.client_session()) as bot,
        polling(make_dispatcher(bot), bot),
    ):
        yield bot
