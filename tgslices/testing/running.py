"""Polling of a bot's own dispatcher for the length of a block."""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any, Final, Protocol

from aiogram import Bot, Dispatcher
from aiogram.exceptions import TelegramNetworkError, TelegramRetryAfter, TelegramServerError
from aiogram.methods import TelegramMethod
from aiogram.types import Update

LONG_POLL: Final = timedelta(seconds=30)
"""How long one getUpdates may wait; the emulator answers as soon as there is something."""

SHUTDOWN_GRACE: Final = timedelta(seconds=5)
"""How long handlers may go on after the block; then they are cancelled."""

RETRY_PAUSE: Final = timedelta(milliseconds=50)
"""The time between a failed getUpdates and the next one. aiogram takes a second and more."""


class Run(Protocol):
    """The plugin's fixture ``run``: a function that starts a dispatcher, which polls until the test ends."""

    async def __call__(self, dispatcher: Dispatcher, **data: Any) -> None:
        """Start polling; ``data`` is handed to the handlers."""


@asynccontextmanager
async def running(dispatcher: Dispatcher, *bots: Bot, **data: Any) -> AsyncIterator[None]:
    """Poll the bots' updates into a dispatcher inside the block, with its startup and shutdown around it.

    It works like ``Dispatcher.start_polling`` with two differences. A dispatcher of a module serves many tests, each in
    an event loop of its own. Errors of handlers are raised at the end of the block; if the block raises, too, its error
    gets their tracebacks as notes, which pytest prints. ``data`` is handed to the handlers.

    Raises:
        ExceptionGroup: handlers raised, handlers of shutdown included; the group holds their errors.
    Source: ``Dispatcher.start_polling`` of aiogram
    """
    context = {"dispatcher": dispatcher, "bots": bots, **dispatcher.workflow_data, **data}
    errors: list[Exception] = []
    await dispatcher.emit_startup(bot=bots[-1], **context)
    polling = [asyncio.create_task(_poll(dispatcher, bot, context, errors)) for bot in bots]
    try:
        yield
    except BaseException as failure:
        await _stop(dispatcher, bots, polling, context, errors)
        for error in errors:  # often why the block failed; a group would hide the kind of failure from pytest.raises
            failure.add_note("A handler raised:\n" + "".join(traceback.format_exception(error)).rstrip())
        raise
    await _stop(dispatcher, bots, polling, context, errors)
    if errors:
        raise ExceptionGroup("handlers raised", errors)


async def _stop(
    dispatcher: Dispatcher,
    bots: Sequence[Bot],
    polling: Sequence[asyncio.Task[None]],
    context: dict[str, Any],
    errors: list[Exception],
) -> None:
    for task in polling:
        task.cancel()
    await asyncio.wait(polling)
    errors += [task.exception() for task in polling if not task.cancelled()]  # type: ignore[misc]  # they never return
    try:
        await dispatcher.emit_shutdown(bot=bots[-1], **context)
    except Exception as error:  # noqa: BLE001  # handed to the test, whatever it is
        errors.append(error)


async def _poll(dispatcher: Dispatcher, bot: Bot, context: dict[str, Any], errors: list[Exception]) -> None:
    handling: set[asyncio.Task[None]] = set()
    allowed = dispatcher.resolve_used_update_types()
    offset: int | None = None
    try:
        while True:
            for update in await _updates(bot, offset, allowed):
                task = asyncio.create_task(_handle(dispatcher, bot, update, context, errors))
                handling.add(task)
                task.add_done_callback(handling.discard)
                offset = update.update_id + 1
    finally:
        if handling:
            await asyncio.wait(handling, timeout=SHUTDOWN_GRACE.total_seconds())
        for task in handling:
            task.cancel()
        if handling:
            await asyncio.wait(handling)


async def _updates(bot: Bot, offset: int | None, allowed: list[str]) -> list[Update]:
    """The new updates; ``[]`` after a fault that passes, and after a pause."""
    try:
        return await bot.get_updates(offset=offset, timeout=int(LONG_POLL.total_seconds()), allowed_updates=allowed)
    except (TelegramNetworkError, TelegramServerError, TelegramRetryAfter):
        await asyncio.sleep(RETRY_PAUSE.total_seconds())  # aiogram does not wait for what a 429 asks for here either
        return []


async def _handle(
    dispatcher: Dispatcher, bot: Bot, update: Update, context: dict[str, Any], errors: list[Exception]
) -> None:
    try:
        answer = await dispatcher.feed_update(bot, update, **{k: v for k, v in context.items() if k != "dispatcher"})
        if isinstance(answer, TelegramMethod):
            await bot(answer)
    except Exception as error:  # noqa: BLE001  # handed to the test, whatever it is
        errors.append(error)
