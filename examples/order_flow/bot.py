"""The bot put together: routers, sessions, and the form's state machine."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Final

from aiogram import Dispatcher
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import PRODUCTION, TelegramAPIServer
from aiogram.utils.callback_answer import CallbackAnswerMiddleware

from examples.order_flow import leaving, order, support
from examples.order_flow.leaving import OnWiped
from examples.order_flow.slices import ORDER
from tgslices import ClearResult, Ended, Lifetime, SessionBot, SessionStorage, setup_sessions
from tgslices.fsm import FSMStorage

ABANDONED_AFTER: Final = timedelta(hours=2)
ABANDONED: Final = "Nothing came for two hours, so your order was cancelled. /order begins another one."

utc_now: Final = partial(datetime.now, UTC)
log = logging.getLogger("order_flow")


def make_bot(token: str, api: str | None = None) -> SessionBot:
    """Return a bot that talks to Telegram, or to the Bot API server at a base URL.

    Raises:
        TokenValidationError: the token is malformed.
    """
    server = TelegramAPIServer.from_base(api) if api else PRODUCTION
    return SessionBot(token, session=AiohttpSession(api=server))


def log_wipe(result: ClearResult) -> None:
    """Write down what became of a slice."""
    log.info("Wiped a slice of %d messages: %r", result, result)


def make_dispatcher(
    bot: SessionBot,
    storage: SessionStorage,
    *,
    on_wiped: OnWiped = log_wipe,
    lease: timedelta = timedelta(minutes=1),
    clock: Callable[[], datetime] = utc_now,
) -> Dispatcher:
    """Wire the bot: slices, the form, and where each person stands in it are kept in ``storage``.

    ``lease``: how long a wipe belongs to the process that began it. ``clock`` tells the time by which an order is
    abandoned: it is wiped when nothing was said for two hours. A dispatcher is made once in a process, because
    the routers can only be included once.
    """
    # One person's updates are handled one after the other, so that two quick taps cannot both move the form.
    states = FSMStorage(storage)
    dispatcher = Dispatcher(storage=states, events_isolation=states.isolation(), on_wiped=on_wiped)
    lifetimes = {ORDER: Lifetime(idle=ABANDONED_AFTER)}

    async def tell_abandoned(ended: Ended) -> None:
        """Forget where the person stood in the form, and say what became of it. It may be told twice."""
        await dispatcher.fsm.get_context(bot, ended.key.chat_id, ended.key.user_id or ended.key.chat_id).clear()
        await bot.send_message(ended.key.chat_id, ABANDONED)

    setup_sessions(
        dispatcher, bot, storage=storage, lease=lease, lifetimes=lifetimes, on_end=tell_abandoned, clock=clock
    )
    dispatcher.callback_query.middleware(CallbackAnswerMiddleware())
    dispatcher.include_routers(support.router, order.router, leaving.router)
    return dispatcher
