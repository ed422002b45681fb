"""The door for what arrives: an update middleware that tracks before everything else, filters and handlers too."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

from aiogram import Bot
from aiogram.types import BusinessMessagesDeleted, TelegramObject

from tgslices.manager import SessionManager, handling
from tgslices.tracker import Tracker

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
            if not tracker.is_idle():
                await tracker.track(event)  # type: ignore[arg-type]  # likewise
            return await handler(event, data)
        finally:
            end(token)
            tracker.under_way -= 1
            if tracker.intents or tracker.quiet is not None:
                await tracker.end_update()

    return track


def deletions_middleware(manager_of: Callable[[Bot], SessionManager]) -> Middleware:
    """Return the middleware for ``deleted_business_messages``, which drops the entries of what is gone.

    It is one of its own, because entries may be left while no session is open, and only these updates should pay.
    """

    async def follow(handler: Handler, event: TelegramObject, data: dict[str, Any]) -> Any:
        assert isinstance(event, BusinessMessagesDeleted)  # noqa: S101 - for type checkers; aiogram sorts updates
        await manager_of(data["bot"]).tracker.discard(event)
        return await handler(event, data)

    return follow
