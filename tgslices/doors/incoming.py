"""The door for what arrives: an update middleware that tracks before everything else, filters and handlers too."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

from aiogram import Bot
from aiogram.types import TelegramObject

from tgslices.manager import SessionManager, handling
from tgslices.recording.tracker import Tracker

Handler: TypeAlias = Callable[[TelegramObject, dict[str, Any]], Awaitable[Any]]
Middleware: TypeAlias = Callable[[Handler, TelegramObject, dict[str, Any]], Awaitable[Any]]


def incoming_middleware(manager_of: Callable[[Bot], SessionManager]) -> Middleware:
    """Return the middleware that records every new message into the sessions that it belongs to.

    ``manager_of`` finds a bot's manager, and wires bots that appear later. While no session is open, an update costs
    one check; a closure rather than an object, because calling one is a third of that cost.
    """
    last_bot: Bot | None = None
    last_tracker: Tracker | None = None
    begin, end = handling.set, handling.reset

    async def track(handler: Handler, event: TelegramObject, data: dict[str, Any]) -> Any:
        nonlocal last_bot, last_tracker
        bot = data["bot"]
        tracker = last_tracker
        if tracker is None or bot is not last_bot:
            tracker = last_tracker = manager_of(bot).tracker
            last_bot = bot
        token = begin(event)  # type: ignore[arg-type]  # an update middleware gets updates only
        tracker.under_way += 1
        try:
            # What is gone may have left entries although no session is open.
            if not tracker.is_idle() or event.deleted_business_messages is not None:  # type: ignore[attr-defined]  # likewise
                await tracker.track(event)  # type: ignore[arg-type]  # likewise
            return await handler(event, data)
        finally:
            end(token)
            tracker.under_way -= 1
            if tracker.intents or tracker.quiet is not None:
                await tracker.end_update()

    return track
