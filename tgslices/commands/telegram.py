"""The bot in whose name a command asks Telegram. The token is that of the environment."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiogram import Bot
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import PRODUCTION, TelegramAPIServer
from aiogram.exceptions import AiogramError
from aiogram.utils.token import TokenValidationError

from tgslices.commands.opening import Place
from tgslices.config import SessionConfig
from tgslices.error_texts.without_secrets import described
from tgslices.errors import ConfigurationError
from tgslices.manager import SessionManager


@asynccontextmanager
async def managing(place: Place) -> AsyncIterator[SessionManager]:
    """Make the bot whose token is in the environment, to ask Telegram in its name.

    Raises:
        ConfigurationError: no token is there, it is another bot's, or Telegram does not want it.
    """
    async with _bot(os.environ.get("BOT_TOKEN", ""), os.environ.get("BOT_API")) as bot:
        if bot.id != place.bot_id:
            raise ConfigurationError(f"BOT_TOKEN is that of bot {bot.id}.", "Leave out --bot, or set its token.")
        try:
            yield SessionManager(bot, SessionConfig(storage=place.storage, clock=place.clock))
        except AiogramError as error:
            raise ConfigurationError(
                f"Telegram was asked, and that failed ({described(error)}).", "Look at BOT_TOKEN and BOT_API."
            ) from error


def _bot(token: str, api: str | None) -> Bot:
    if not token:
        raise ConfigurationError("Telegram has to be asked, and there is no token.", "Set BOT_TOKEN.")
    server = TelegramAPIServer.from_base(api) if api else PRODUCTION
    try:
        return Bot(token, session=AiohttpSession(api=server))
    except TokenValidationError:
        raise ConfigurationError("BOT_TOKEN holds no token.", "Set it as BotFather has told it.") from None
