"""Polling of a bot's own dispatcher for the length of a block."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import ExitStack, asynccontextmanager
from datetime import timedelta
from typing import Any, Final, Protocol

from aiogram import Bot, Dispatcher
from aiogram.dispatcher.event.bases import UNHANDLED
from aiogram.exceptions import TelegramConflictError, TelegramNetworkError, TelegramRetryAfter, TelegramServerError
from aiogram.methods import TelegramMethod
from aiogram.types import Update
from aiogram.types.update import UpdateTypeLookupError

from tgslices.errors import TgslicesError
from tgslices.testing.handler_errors import note, noted, of_the_bot
from tgslices.testing.http.client import world_of
from tgslices.testing.state.handling import Handling

__tracebackhide__ = True  # pytest leaves the frames of this module out

LONG_POLL: Final = timedelta(seconds=30)
"""How long one getUpdates may wait; the emulator answers as soon as there is something."""

SHUTDOWN_GRACE: Final = timedelta(seconds=5)
"""How long handlers may go on after the block; then they are cancelled."""

RETRY_PAUSE: Final = timedelta(milliseconds=50)
"""The time between a failed getUpdates and the next one. aiogram takes a second and more."""


class PolledTwice(TgslicesError, RuntimeError):
    """A second dispatcher was to poll a bot. ``bot_id`` is whose updates it asked for."""

    def __init__(self, bot_id: int) -> None:
        super().__init__(
            f"A dispatcher polls bot {bot_id} already, and Telegram gives the updates to one alone. "
            "Leave the block of running before another begins; what run has started polls until the test ends."
        )
        self.bot_id = bot_id


class Run(Protocol):
    """The plugin's fixture ``run``: a function that starts a dispatcher, which polls until the test ends."""

    async def __call__(self, dispatcher: Dispatcher, *, people_wait: bool = True, **data: Any) -> None:
        """Start polling, and return when the bot listens; the arguments are those of `running`."""


@asynccontextmanager
async def running(dispatcher: Dispatcher, *bots: Bot, people_wait: bool = True, **data: Any) -> AsyncIterator[None]:
    """Poll the bots' updates into a dispatcher inside the block, with its startup and shutdown around it.

    The block begins when the bots listen: each has told the emulator the kinds of updates that it wants. In it people
    wait for the handlers, as `ChatView` says, unless ``people_wait`` is False. ``data`` is handed to the handlers.

    It works like ``Dispatcher.start_polling``, but a dispatcher of a module serves many tests, each in an event loop of
    its own. What a handler raises is raised by the next deed or ``until`` of a person. At the end of the block the
    first error is raised that nobody was told of. If the block raises, its error gets the tracebacks as notes.

    Raises:
        PolledTwice: the bot is polled by another block.
        Exception: handlers raised, handlers of shutdown included; further errors are notes on the first.
    Source: ``Dispatcher.start_polling`` of aiogram
    """
    context = {"dispatcher": dispatcher, "bots": bots, **dispatcher.workflow_data, **data}
    polls = [_Poll(dispatcher, bot, context, people_wait=people_wait) for bot in bots]
    with ExitStack() as stack:
        for poll in polls:
            poll.take_alone()
            stack.callback(poll.let_go)
        async with _polling(polls):
            yield


@asynccontextmanager
async def _polling(polls: Sequence[_Poll]) -> AsyncIterator[None]:
    last = polls[-1]
    await last.dispatcher.emit_startup(bot=last.bot, **last.context)
    tasks = [asyncio.create_task(poll.run()) for poll in polls]
    try:
        for poll in polls:
            await poll.begins()
        yield
    except BaseException as failure:
        note(failure, await _stop(polls, tasks))  # often why the block failed
        raise
    if errors := await _stop(polls, tasks):
        raise noted(errors)


async def _stop(polls: Sequence[_Poll], tasks: Sequence[asyncio.Task[None]]) -> list[Exception]:
    """End polling, and return the errors that nobody was told of."""
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)
    errors = [error for poll in polls for error in poll.handling.told()]
    last = polls[-1]
    try:  # in a task of its own, because what is raised there did not happen while the block's failure was handled
        await asyncio.create_task(last.dispatcher.emit_shutdown(bot=last.bot, **last.context))
    except Exception as error:  # noqa: BLE001  # handed to the test, whatever it is
        errors.append(error.with_traceback(of_the_bot(error.__traceback__)))
    return errors


class _Poll:
    """The polling of one bot. ``handling`` is that of its account, so that people can wait."""

    def __init__(self, dispatcher: Dispatcher, bot: Bot, context: dict[str, Any], *, people_wait: bool) -> None:
        self.dispatcher = dispatcher
        self.bot = bot
        self.context = context
        self._world = world_of(bot)
        self.handling = self._find_handling()
        self.handling.people_wait = people_wait
        self._was_refused = False
        self._handed = {name: value for name, value in context.items() if name != "dispatcher"}

    def _find_handling(self) -> Handling:
        account = None if self._world is None else self._world.bot_by_id(self.bot.id)
        if account is not None:
            return account.handling
        return Handling((lambda: None) if self._world is None else self._world.changes.notify)

    def take_alone(self) -> None:
        """Keep the bot from being polled by another block.

        Raises:
            PolledTwice: another polls it.
        """
        if self.handling.is_polled:
            raise PolledTwice(self.bot.id)
        self.handling.is_polled = True

    def let_go(self) -> None:
        """Let another block poll the bot."""
        self.handling.is_polled = False

    async def begins(self) -> None:
        """Wait until the first getUpdates has arrived, or failed; for a server of another process do not wait."""
        if self._world is not None:
            await self._world.changes.until(lambda: self.handling.is_listening or self._was_refused)

    async def run(self) -> None:
        """Poll until it is cancelled, or until an error that does not go away."""
        at_work: set[asyncio.Task[None]] = set()
        try:
            await self._poll(at_work)
        except TelegramConflictError as error:  # its text is all there is to it: no line of the bot led here
            self.handling.fail(error.with_traceback(None))
        except Exception as error:  # noqa: BLE001  # handed to the test, whatever it is
            self.handling.fail(error)
        finally:
            self._was_refused = True
            self.handling.stop_listening()
            if at_work:
                await asyncio.wait(at_work, timeout=SHUTDOWN_GRACE.total_seconds())
            for task in at_work:
                task.cancel()
            if at_work:
                await asyncio.wait(at_work)

    async def _poll(self, at_work: set[asyncio.Task[None]]) -> None:
        allowed = self.dispatcher.resolve_used_update_types()
        offset: int | None = None
        while True:
            for update in await self._updates(offset, allowed):
                self.handling.take(update.update_id, _words(update))
                task = asyncio.create_task(self._handle(update))
                at_work.add(task)
                task.add_done_callback(at_work.discard)
                offset = update.update_id + 1

    async def _updates(self, offset: int | None, allowed: list[str]) -> list[Update]:
        """The new updates; ``[]`` after a fault that passes, and after a pause."""
        seconds = int(LONG_POLL.total_seconds())
        try:
            return await self.bot.get_updates(offset=offset, timeout=seconds, allowed_updates=allowed)
        except (TelegramNetworkError, TelegramServerError, TelegramRetryAfter):
            self._was_refused = True
            self.handling.stop_listening()
            await asyncio.sleep(
                RETRY_PAUSE.total_seconds()
            )  # aiogram does not wait for what a 429 asks for here either
            return []

    async def _handle(self, update: Update) -> None:
        answer: object = None
        try:
            answer = await self.dispatcher.feed_update(self.bot, update, **self._handed)
            if isinstance(answer, TelegramMethod):
                await self.bot(answer)
        except Exception as error:  # noqa: BLE001  # handed to the test, whatever it is
            self.handling.fail(error.with_traceback(of_the_bot(error.__traceback__)))
        finally:
            self.handling.finish(update.update_id, is_untaken=answer is UNHANDLED)


def _words(update: Update) -> str:
    """An update in words: its type, and what somebody wrote or tapped."""
    try:
        event = update.event
    except UpdateTypeLookupError:  # newer than this aiogram
        return "an update of an unknown kind"
    said = next((text for name in _SAID if isinstance(text := getattr(event, name, None), str)), None)
    return update.event_type if said is None else f"{update.event_type} {said!r}"


_SAID: Final = ("text", "caption", "data", "query", "invoice_payload")
