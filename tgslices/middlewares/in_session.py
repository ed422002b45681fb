"""The door for whole routers: a middleware that runs what it stands in front of inside a session's block."""

from __future__ import annotations

from typing import Any

from aiogram import BaseMiddleware, Dispatcher
from aiogram.dispatcher.event.handler import HandlerObject
from aiogram.types import TelegramObject, Update

from tgslices.error_texts.advice import require_flags
from tgslices.errors import ConfigurationError, SessionUnavailable
from tgslices.keys.qualifier import SessionQualifier
from tgslices.manager import SessionManager, sessions_of
from tgslices.middlewares.handler_annotations import name_of
from tgslices.middlewares.handler_parameters import answer, handled_update
from tgslices.middlewares.incoming_updates import Handler


class InSession(BaseMiddleware):
    """Runs handlers inside the block of a session, as if each entered it: what the bot sends there is recorded.

    ``router.message.middleware(InSession("order"))`` opens the session for every message that a handler of the router
    takes. With ``while_open=True`` nothing is opened, and nothing is recorded unless the session is open already. So it
    may stand in front of everything, ``dispatcher.update.middleware(InSession("order", while_open=True))``, for what
    other people's code sends. A method that a handler returns is sent inside the block, too.

    Raises:
        InvalidSessionKey: the qualifier is no string.
        ConfigurationError: the qualifier is a SessionQualifier, or ``while_open`` neither True nor False. When an
            update comes: the bot is not wired, or, without ``while_open``, it stands where no handler is chosen yet.
        SessionUnavailable: when an update comes that has no key, without ``while_open``.
    """

    def __init__(self, qualifier: str | None = None, *, while_open: bool = False) -> None:
        if isinstance(qualifier, SessionQualifier):
            raise ConfigurationError(
                f"InSession was given {qualifier!r}.", f"Pass its name alone: InSession({qualifier.name!r})."
            )
        require_flags(while_open=while_open)
        self._qualifier = SessionQualifier(qualifier).name
        self._while_open = while_open

    async def __call__(self, handler: Handler, event: TelegramObject, data: dict[str, Any]) -> Any:
        """Run what comes behind, inside the block or not."""
        manager = sessions_of(data["bot"])
        if self._while_open:
            return await self._run_while_open(manager, handler, event, data)
        if isinstance(event, Update) or not _is_chosen(data):
            raise ConfigurationError(
                f"{self} stands where no handler is chosen yet, so that every update would open the session.",
                f"Put it on a router's messages, router.message.middleware({self}), or pass while_open=True.",
            )
        session = manager.handle_of(event, qualifier=self._qualifier)
        if session is None:
            raise SessionUnavailable(name_of(data["handler"]), None, handled_update(event, data).event_type)
        async with session:
            return await answer(handler, event, data)

    async def _run_while_open(
        self, manager: SessionManager, handler: Handler, event: TelegramObject, data: dict[str, Any]
    ) -> Any:
        session = None if manager.is_idle() else manager.handle_of(event, qualifier=self._qualifier)
        if session is None or not await session.is_open():
            return await handler(event, data)
        with session.recording(while_open=True):
            return await answer(handler, event, data)

    def __repr__(self) -> str:
        qualifier = "" if self._qualifier is None else repr(self._qualifier)
        return f"InSession({', '.join(part for part in (qualifier, 'while_open=True' * self._while_open) if part)})"


def _is_chosen(data: dict[str, Any]) -> bool:
    """Tell whether a handler of a router was chosen, and not the dispatcher's own, which takes every update."""
    handler: HandlerObject | None = data.get("handler")
    return handler is not None and not isinstance(getattr(handler.callback, "__self__", None), Dispatcher)
