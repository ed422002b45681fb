"""The door for what arrives: an update middleware that tracks before everything else, filters and handlers too."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

from aiogram import Bot
from aiogram.types import TelegramObject

from tgslices.extract import new_message
from tgslices.manager import SessionManager
from tgslices.recording.current import Handling, handling
from tgslices.recording.outside import MOST_RECENT, Came
from tgslices.recording.progress import Progress
from tgslices.recording.tracker import Tracker

Handler: TypeAlias = Callable[[TelegramObject, dict[str, Any]], Awaitable[Any]]
Middleware: TypeAlias = Callable[[Handler, TelegramObject, dict[str, Any]], Awaitable[Any]]


def incoming_middleware(
    manager_of: Callable[[Bot], SessionManager], begin_with: Callable[[Handler], Handler]
) -> Middleware:
    """Return the middleware that records every new message into the sessions that it belongs to.

    ``begin_with`` is told of what handles the first update of a bot, and may put something in front of it.
    ``manager_of`` finds a bot's manager, and wires bots that appear later. While no session is open, an update costs
    one check; a closure rather than an object, because calling one is a third of that cost. Past 40 lines for the same
    reason.
    """
    last_bot: Bot | None = None
    last_loop: asyncio.AbstractEventLoop | None = None
    tracker: Tracker
    progress: Progress
    storage_is_idle: Callable[[int], bool]
    bot_id: int
    recent: deque[Came] = deque(maxlen=MOST_RECENT)
    remember = recent.append
    begin, end, running_loop = handling.set, handling.reset, asyncio.get_running_loop

    async def track(handler: Handler, event: TelegramObject, data: dict[str, Any]) -> Any:
        nonlocal last_bot, last_loop, tracker, progress, storage_is_idle, bot_id
        bot = data["bot"]
        if bot is not last_bot or running_loop() is not last_loop or progress.is_over:
            handler = begin_with(handler)
            manager = manager_of(bot)
            await manager.life_cycle.resume()
            tracker, progress = manager.tracker, manager.tracker.progress
            storage_is_idle, bot_id = tracker.storage.is_idle, tracker.bot_id
            tracker.recent.look_back_on(recent)
            last_bot, last_loop = bot, running_loop()
        its, done = tracker, progress
        current: Handling = [event, False]
        token = begin(current)
        message = event.message or new_message(event)  # type: ignore[attr-defined,arg-type]  # likewise
        if message is not None:
            field = message.__dict__  # pydantic's own way to an attribute takes twice as long
            remember((bot_id, field["chat"].id, field["business_connection_id"], field["message_id"]))
        done.in_progress += 1
        try:
            if (
                not storage_is_idle(bot_id)
                or (done.may_wait and done.waits())
                # What is gone may have left entries although no session is open.
                or event.deleted_business_messages is not None  # type: ignore[attr-defined]  # likewise
            ):
                done.recording += 1
                try:
                    await its.track(event)  # type: ignore[arg-type]  # likewise
                finally:
                    done.recording -= 1
                    if done.recorded is not None:
                        done.tell_recorded()
            return await handler(event, data)
        finally:
            end(token)
            current[1] = True
            done.in_progress -= 1
            if done.may_wait:
                await its.end_update()

    return track
