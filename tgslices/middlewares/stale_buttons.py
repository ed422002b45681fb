"""The door for taps under messages that no open session holds."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Coroutine
from typing import Any, Final

from aiogram import Bot
from aiogram.exceptions import TelegramBadRequest
from aiogram.filters import Filter
from aiogram.types import CallbackQuery, TelegramObject

from tgslices.error_texts.without_secrets import described
from tgslices.errors import ConfigurationError
from tgslices.manager import SessionManager, sessions_of
from tgslices.middlewares.incoming_updates import Handler, Middleware
from tgslices.recording.message_in_session import is_held

log = logging.getLogger("tgslices")

_TOO_LATE: Final = re.compile("query is too old|query ID is invalid", re.IGNORECASE)
"""Source: telegram-bot-api ``Client.cpp`` (``QUERY_ID_INVALID``)"""


class StaleButton(Filter):
    """Holds for a tap on a message of this bot in a chat that no open session there holds, whoever's.

    ``router.callback_query(StaleButton())`` takes such taps; ``~StaleButton()`` leaves them out. Messages that were
    sent by way of inline mode are in no session and never stale; neither are ephemeral ones. In doubt, as while the
    storage is down, a button is not stale. It costs one round trip of the storage.
    """

    async def __call__(self, event: TelegramObject, bot: Bot) -> bool:
        """Tell whether the tapped button is stale.

        Raises:
            ConfigurationError: the event is no tap, or the bot has no sessions.
        """
        if not isinstance(event, CallbackQuery):
            raise ConfigurationError(
                f"StaleButton() was asked about a {type(event).__name__}.",
                "Use it with callback queries: @router.callback_query(StaleButton()).",
            )
        return not await is_live(sessions_of(bot), event)

    def __repr__(self) -> str:
        return "StaleButton()"


def is_live(manager: SessionManager, query: CallbackQuery) -> Coroutine[Any, Any, bool]:
    """Tell whether a session may hold the message under which somebody tapped; await the answer.

    What needs no asking is not awaited twice: a tap on a live button pays for each step.
    """
    message = query.message
    if message is None:
        return _surely()
    field = message.__dict__  # pydantic's own way to an attribute takes twice as long
    message_id, chat_id = field["message_id"], field["chat"].id
    if message_id <= 0:
        return _surely()
    return is_held(
        manager.tracker,
        chat_id,
        message_id,
        business_connection_id=field.get("business_connection_id"),  # an inaccessible message tells none
        user_id=chat_id if chat_id > 0 else query.from_user.id,
    )


async def _surely() -> bool:
    return True


def stale_buttons_middleware(manager_of: Callable[[Bot], SessionManager], text: str) -> Middleware:
    """Return the update middleware that answers stale taps at once with a text; no filter and no handler sees them."""

    last_bot: Bot | None = None
    manager: SessionManager

    async def answer_stale(handler: Handler, event: TelegramObject, data: dict[str, Any]) -> Any:
        nonlocal last_bot, manager
        query: CallbackQuery | None = event.__dict__["callback_query"]  # an update middleware gets updates only
        if query is None:
            return await handler(event, data)
        bot = data["bot"]
        if bot is not last_bot:
            last_bot, manager = bot, manager_of(bot)
        if await is_live(manager, query):
            return await handler(event, data)
        await _answer(bot, query, text)
        return None

    return answer_stale


async def _answer(bot: Bot, query: CallbackQuery, text: str) -> None:
    """Answer a tap. Being late is no failure: the client has stopped waiting, and there is nothing else to do."""
    try:
        await bot.answer_callback_query(query.id, text=text or None)
    except TelegramBadRequest as refusal:
        if not _TOO_LATE.search(refusal.message):
            log.warning("A tap on a stale button could not be answered: %s", described(refusal))
    except Exception as error:  # noqa: BLE001  # of the network, or of a request middleware
        log.warning("A tap on a stale button could not be answered: %s", described(error))
