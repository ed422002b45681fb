"""The bot for real: it polls Telegram, or a Bot API server of your own, until it is told to stop."""

from __future__ import annotations

from datetime import timedelta

from aiogram.exceptions import TelegramNetworkError, TelegramNotFound, TelegramUnauthorizedError
from aiogram.utils.token import TokenValidationError

from examples.order_flow.bot import make_bot, make_dispatcher
from tgslices import SessionBot
from tgslices.storage.opening import open_storage


class CannotStart(Exception):
    """The bot cannot start; the text is one line that says why, without the token."""


async def poll(token: str, api: str | None, storage_url: str, lease: timedelta) -> None:
    """Poll until SIGINT or SIGTERM.

    Raises:
        CannotStart: the token is malformed or refused, or the server cannot be reached.
        StorageError: the storage could not be opened.
    """
    try:
        bot = make_bot(token, api)
    except TokenValidationError:
        raise CannotStart(
            "The token in BOT_TOKEN is malformed. Copy it whole from @BotFather; it looks like 123456:ABC-def."
        ) from None
    try:
        await introduce(bot, api)
        storage = open_storage(storage_url)
        await make_dispatcher(bot, storage, lease=lease).start_polling(bot)
    finally:
        await bot.session.close()


async def introduce(bot: SessionBot, api: str | None) -> None:
    """Ask the server who the bot is, so that a wrong token ends here and not in a loop of retries.

    Raises:
        CannotStart: the token is refused, or the server cannot be reached.
    """
    try:
        await bot.me()
    except (TelegramUnauthorizedError, TelegramNotFound):
        raise CannotStart("The token in BOT_TOKEN is refused. Ask @BotFather for the bot's current one.") from None
    except TelegramNetworkError as error:
        raise CannotStart(f"{api or 'Telegram'} cannot be reached: {error.message}") from None
