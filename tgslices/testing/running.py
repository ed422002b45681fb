"""Runs a bot's own Dispatcher against the emulator for the length of a block."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

from aiogram import Bot, Dispatcher
from aiogram.methods import TelegramMethod
from aiogram.types import Update

LONG_POLL: Final = 30
"""Seconds that one getUpdates may wait; the emulator answers as soon as there is something."""

LAST_HANDLERS: Final = 5
"""Seconds that handlers may go on after the block; then they are cancelled."""


@asynccontextmanager
async def running(dispatcher: Dispatcher, *bots: Bot, **data: Any) -> AsyncIterator[None]:
    """Poll the bots' updates into a dispatcher inside the block, with its startup and shutdown around it.

    It does what ``Dispatcher.start_polling`` does, but may be used again in another event loop, so that a dispatcher of
    a module serves many tests; and what a handler raises is raised at the end of the block instead of being logged.
    ``data`` is handed to the handlers.

    Raises:
        ExceptionGroup: handlers raised; it holds what they raised.
    Source: ``Dispatcher.start_polling`` of aiogram
    """
    context = {"dispatcher": dispatcher, "bots": bots, **dispatcher.workflow_data, **data}
    errors: list[Exception] = []
    await dispatcher.emit_startup(bot=bots[-1], **context)
    polling = [asyncio.create_task(_poll(dispatcher, bot, context, errors)) for bot in bots]
    try:
        yield
    finally:
        for task in polling:
            task.cancel()
        await asyncio.wait(polling)
        await dispatcher.emit_shutdown(bot=bots[-1], **context)
    errors += [task.exception() for task in polling if not task.cancelled()]  # type: ignore[misc]  # they never return
    if errors:
        raise ExceptionGroup("handlers raised", errors)


async def _poll(dispatcher: Dispatcher, bot: Bot, context: dict[str, Any], errors: list[Exception]) -> None:
    handling: set[asyncio.Task[None]] = set()
    allowed = dispatcher.resolve_used_update_types()
    offset: int | None = None
    try:
        while True:
            for update in await bot.get_updates(offset=offset, timeout=LONG_POLL, allowed_updates=allowed):
                task = asyncio.create_task(_handle(dispatcher, bot, update, context, errors))
                handling.add(task)
                task.add_done_callback(handling.discard)
                offset = update.update_id + 1
    finally:
        if handling:
            await asyncio.wait(handling, timeout=LAST_HANDLERS)
        for task in handling:
            task.cancel()
        if handling:
            await asyncio.wait(handling)


async def _handle(
    dispatcher: Dispatcher, bot: Bot, update: Update, context: dict[str, Any], errors: list[Exception]
) -> None:
    try:
        answer = await dispatcher.feed_update(bot, update, **{k: v for k, v in context.items() if k != "dispatcher"})
        if isinstance(answer, TelegramMethod):
            await bot(answer)
    except Exception as error:  # noqa: BLE001  # handed to the test, whatever it is
        errors.append(error)
