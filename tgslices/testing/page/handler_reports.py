"""Reports of what went wrong in handlers of this process: an error, or an update that no handler took."""

from __future__ import annotations

import traceback
import weakref
from collections import deque
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from aiogram import Bot, Dispatcher
from aiogram.dispatcher.event.bases import UNHANDLED, CancelHandler, SkipHandler
from aiogram.types import CallbackQuery, InaccessibleMessage, Message, TelegramObject, Update

from tgslices.testing.http.call_log import CallLog
from tgslices.testing.page.places import name_of
from tgslices.testing.state.accounts import BotAccount
from tgslices.testing.state.chats import StoredMessage
from tgslices.testing.state.world import World
from tgslices.testing.wire.json_text import Json

MAX_REPORTS: Final = 100
"""Older reports are forgotten."""

Handler = Callable[[TelegramObject, dict[str, Any]], Awaitable[Any]]


@dataclass(frozen=True, slots=True)
class Report:
    """One report: the update, whose it is and what of it failed.

    ``after`` is the number of the next call of the log at that time. ``error`` and ``trace`` are empty for an update
    that no handler took; ``message`` is the message that it is about, if any.
    """

    number: int
    after: int
    bot_id: int
    update_type: str
    error: str = ""
    trace: str = ""
    message: StoredMessage | None = None


class HandlerReports:
    """The last reports of the dispatchers that are watched."""

    def __init__(self, world: World, log: CallLog) -> None:
        """Report about bots of this world; calls are counted by ``log``."""
        self._world = world
        self._log = log
        self._reports: deque[Report] = deque(maxlen=MAX_REPORTS)
        self._made = 0
        self._watched: weakref.WeakSet[Dispatcher] = weakref.WeakSet()

    def watch(self, dispatcher: Dispatcher) -> None:
        """Report what goes wrong in the handlers of a dispatcher; once for each dispatcher."""
        if dispatcher not in self._watched:
            self._watched.add(dispatcher)
            dispatcher.update.outer_middleware(self._around)

    def clear(self) -> None:
        """Forget all reports."""
        self._reports.clear()

    async def _around(self, handler: Handler, event: TelegramObject, data: dict[str, Any]) -> Any:
        try:
            result = await handler(event, data)
        except (SkipHandler, CancelHandler):
            raise
        except Exception as error:
            self._report(event, data.get("bot"), error)
            raise
        if result is UNHANDLED:
            self._report(event, data.get("bot"), None)
        return result

    def _report(self, event: TelegramObject, bot: Bot | None, error: Exception | None) -> None:
        account = None if bot is None else self._world.bot_by_id(bot.id)
        if account is None or not isinstance(event, Update):
            return
        self._made += 1
        self._reports.append(
            Report(
                number=self._made,
                after=self._log.first + len(self._log),
                bot_id=account.id,
                update_type=event.event_type,
                error="" if error is None else "".join(traceback.format_exception_only(error)).strip(),
                trace="" if error is None else "".join(traceback.format_exception(error)).strip(),
                message=self._message_of(account, event.event),
            )
        )
        self._world.changes.notify()

    def _message_of(self, account: BotAccount, event: TelegramObject) -> StoredMessage | None:
        """The message that an update is about, or that carries the tapped button; None for no such."""
        about = event.message if isinstance(event, CallbackQuery) else event
        if not isinstance(about, Message | InaccessibleMessage):
            return None
        connection_id = about.business_connection_id if isinstance(about, Message) else None
        connection = self._world.connections.get(connection_id or "")
        if connection is not None:
            chat = self._world.business_chats.get((connection.owner.id, about.chat.id))
        else:
            chat = self._world.find_chat(account, str(about.chat.id))
        return None if chat is None else chat.find(account.id, about.message_id)

    def snapshot(self) -> Iterator[tuple[str, Json]]:
        """The reports as JSON, each as ``report:<number>``."""
        for report in self._reports:
            yield f"report:{report.number}", _report_json(report)


def _report_json(report: Report) -> Json:
    message = report.message
    return {
        "number": report.number,
        "after": report.after,
        "bot": report.bot_id,
        "update": report.update_type,
        "error": report.error,
        "trace": report.trace,
        "place": None if message is None else name_of(message.chat),
        "serial": None if message is None else message.serial,
    }
