"""The door for what arrives: an update middleware that tracks before filters and handlers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from aiogram import BaseMiddleware, Bot
from aiogram.types import TelegramObject

from tgslices.manager import SessionManager, handling
from tgslices.tracker import Tracker


class IncomingMiddleware(BaseMiddleware):
    """Records every new message into the sessions that it belongs to. While none is open, an update costs one check."""

    def __init__(self, manager_of: Callable[[Bot], SessionManager]) -> None:
        """Find a bot's manager with ``manager_of``, which wires bots that appear later."""
        self._manager_of = manager_of
        self._last: tuple[Bot | None, Tracker | None] = (None, None)

    async def __call__(
        self,
        handler: Callable[[TelegramObject, dict[str, Any]], Awaitable[Any]],
        event: TelegramObject,
        data: dict[str, Any],
    ) -> Any:
        """Track the update, let it be handled, and see to it that what the handler opened is durable."""
        bot = data["bot"]
        known, tracker = self._last
        if tracker is None or bot is not known:
            tracker = self._manager_of(bot).tracker
            self._last = (bot, tracker)
        token = handling.set(event)  # type: ignore[arg-type]  # an update middleware gets updates only
        try:
            if not tracker.is_idle():
                await tracker.track(event)  # type: ignore[arg-type]  # likewise
            return await handler(event, data)
        finally:
            handling.reset(token)
            if tracker.intents:
                await tracker.settle_intents()
