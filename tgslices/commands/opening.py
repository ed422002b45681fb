"""What a command works with: the storage, opened to look or to write, and the bot whose sessions are meant."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiogram import Bot
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import PRODUCTION, TelegramAPIServer
from aiogram.utils.token import TokenValidationError, extract_bot_id

from tgslices.clock import Clock, utc_now
from tgslices.config import SessionConfig
from tgslices.errors import ConfigurationError
from tgslices.manager import SessionManager
from tgslices.storage.lifetime import durable
from tgslices.storage.opening import open_storage
from tgslices.storage.protocol import DurableSessionStorage


@dataclass(frozen=True, slots=True)
class Place:
    """Where a command works: a storage, and one bot in it."""

    storage: DurableSessionStorage = field(repr=False)
    bot_id: int
    clock: Clock = utc_now


@asynccontextmanager
async def opened(url: str, bot_id: int, *, writes: bool) -> AsyncIterator[Place]:
    """Open a storage until the block is left. To look is possible whoever owns the database.

    Raises:
        StorageError: it cannot be opened.
        OtherSchema: another release wrote it.
    """
    storage = durable(open_storage(url, reads_only=not writes))
    try:
        await storage.start()
        yield Place(storage, bot_id)
    finally:
        await storage.aclose()


@asynccontextmanager
async def managing(place: Place) -> AsyncIterator[SessionManager]:
    """Make the bot whose token is in the environment, to ask Telegram in its name.

    Raises:
        ConfigurationError: no token is there, or it is another bot's.
    """
    token, api = os.environ.get("BOT_TOKEN", ""), os.environ.get("BOT_API")
    if not token:
        raise ConfigurationError("Telegram has to be asked, and there is no token.", "Set BOT_TOKEN.")
    server = TelegramAPIServer.from_base(api) if api else PRODUCTION
    async with Bot(token, session=AiohttpSession(api=server)) as bot:
        if bot.id != place.bot_id:
            raise ConfigurationError(f"BOT_TOKEN is that of bot {bot.id}.", "Leave out --bot, or set its token.")
        yield SessionManager(bot, SessionConfig(storage=place.storage, clock=place.clock))


def bot_of(given: int | None, environment: Mapping[str, str]) -> int:
    """Return whose sessions are meant: the bot that was given, or that of the token in the environment.

    Raises:
        ConfigurationError: neither tells.
    """
    if given is not None:
        return given
    try:
        return extract_bot_id(environment.get("BOT_TOKEN", ""))
    except TokenValidationError:
        raise ConfigurationError(
            "It is not told whose sessions are meant.", "Pass --bot ID, or set BOT_TOKEN."
        ) from None
