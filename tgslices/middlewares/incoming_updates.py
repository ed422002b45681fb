"""The door for what arrives: an update middleware that tracks before everything else, filters and handlers too."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Final, TypeAlias

from aiogram import Bot
from aiogram.types import TelegramObject

from tgslices.manager import SessionManager
from tgslices.recording.current_update import Handling, handling
from tgslices.recording.messages_from_events import new_message
from tgslices.recording.progress import Progress
from tgslices.recording.tracker import Tracker

Handler: TypeAlias = Callable[[TelegramObject, dict[str, Any]], Awaitable[Any]]
Middleware: TypeAlias = Callable[[Handler, TelegramObject, dict[str, Any]], Awaitable[Any]]

_Met: TypeAlias = tuple[
    Bot, Callable[[], bool], Progress, Tracker, Callable[[int], bool], int, Callable[[tuple[int, int]], None]
]
"""What is known of the bot of the last update. A plain tuple: one for each costs an update a cache miss each."""

_NOBODY: Final[Any] = (None,) * 7
"""What is known before the first update."""


def incoming_middleware(
    manager_of: Callable[[Bot], SessionManager], begin_with: Callable[[Handler], Handler]
) -> Middleware:
    """Return the middleware that records every new message into the sessions that it belongs to.

    ``begin_with`` is told of what handles the first update of a bot, and may put something in front of it.
    ``manager_of`` finds a bot's manager, and wires bots that appear later. While no session is open, an update costs
    one check; a closure rather than an object, because calling one is a third of that cost. Past 40 lines for the same
    reason.
    """
    met: _Met = _NOBODY
    begin, end = handling.set, handling.reset

    async def track(handler: Handler, event: TelegramObject, data: dict[str, Any]) -> Any:
        """Record an update, and handle it. Past 40 lines, because every call in between costs each update."""
        nonlocal met
        bot = data["bot"]
        its_bot, is_running, progress, tracker, is_idle, bot_id, note = met
        # Its loop runs, as long as no other one does here: to ask for the running one is a call of the system.
        if bot is not its_bot or not is_running() or progress.is_over:
            handler = begin_with(handler)
            manager = manager_of(bot)
            await manager.life_cycle.resume()
            tracker = manager.tracker
            progress, is_idle, bot_id = tracker.progress, tracker.storage.is_idle, tracker.bot_id
            is_running, note = asyncio.get_running_loop().is_running, tracker.recent.note_ordinary
            met = (bot, is_running, progress, tracker, is_idle, bot_id, note)
        current: Handling = [event, False]
        token = begin(current)
        message = event.__dict__["message"]  # pydantic's own way to an attribute takes twice as long
        if message is not None:
            field, is_gone = message.__dict__, False
            note((field["chat"].id, field["message_id"]))
        else:
            message = new_message(event)  # type: ignore[arg-type]  # an update middleware gets updates only
            if message is not None:
                tracker.recent.note(message)
            # What is gone may have left entries although no session is open.
            is_gone = event.deleted_business_messages is not None  # type: ignore[attr-defined]  # likewise
        progress.in_progress += 1
        try:
            if not is_idle(bot_id) or is_gone or (progress.may_wait and progress.waits()):
                progress.recording += 1
                try:
                    await tracker.track(event, message)  # type: ignore[arg-type]  # likewise
                finally:
                    progress.recording -= 1
                    if progress.recorded is not None:
                        progress.tell_recorded()
            return await handler(event, data)
        finally:
            end(token)
            current[1] = True
            progress.in_progress -= 1
            if progress.may_wait:
                await tracker.end_update()

    return track
