"""aiogram's Bot with sessions on board."""

from __future__ import annotations

from types import TracebackType
from typing import Any, Self

from aiogram import Bot
from aiogram.client.default import DefaultBotProperties
from aiogram.client.session.base import BaseSession

from tgslices.manager import SessionManager
from tgslices.middlewares.outgoing_requests import watch


class SessionBot(Bot):
    """aiogram's Bot with a typed ``.sessions``: always on, in memory until ``setup_sessions`` is told otherwise."""

    sessions: SessionManager

    def __init__(
        self,
        token: str,
        session: BaseSession | None = None,
        default: DefaultBotProperties | None = None,
        **kwargs: Any,
    ) -> None:
        """Take what aiogram's Bot takes.

        Raises:
            TokenValidationError: the token is malformed.
        Source: https://docs.aiogram.dev/en/latest/api/bot.html
        """
        super().__init__(token, session, default, **kwargs)
        self.sessions = SessionManager(self)
        watch(self)

    async def __aenter__(self) -> Self:
        """Do what aiogram's Bot does, and stay a bot with sessions for type checkers."""
        await super().__aenter__()
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc_value: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Finish the sessions' background work, then close what aiogram closes."""
        await self.sessions.aclose()
        await super().__aexit__(exc_type, exc_value, traceback)
