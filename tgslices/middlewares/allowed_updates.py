"""What a bot asks the server for: whether its sessions will see the updates that they need."""

from __future__ import annotations

import logging
from typing import Any, Final

from aiogram import Bot
from aiogram.methods import TelegramMethod

from tgslices.manager import known_manager

log = logging.getLogger("tgslices")

ASKING_FOR_UPDATES: Final = frozenset({"getUpdates", "setWebhook"})
"""The methods that tell the server which updates a bot gets."""

_NEW_MESSAGES: Final = frozenset({"message", "channel_post", "business_message"})
"""The updates that bring messages. Which of them a bot needs is its own affair; without any, sessions see none."""


class UpdateRequests:
    """Says once for each bot in the log what its sessions will not see."""

    def __init__(self) -> None:
        self._warned: set[int] = set()
        self._unwired: set[int] = set()

    def check(self, bot: Bot, method: TelegramMethod[Any]) -> None:
        """Look at a request for updates."""
        self._check_wired(bot)
        self._check_allowed(bot, method)

    def _check_wired(self, bot: Bot) -> None:
        """Say once in the log that a bot gets updates which no dispatcher hands to its sessions."""
        manager = known_manager(bot)
        if manager is None or manager.is_wired or bot.id in self._unwired:
            return
        self._unwired.add(bot.id)
        log.warning(
            "Bot %d asks for updates, but its sessions see none of them: nothing that people write is recorded, and no "
            "handler gets a session; call setup_sessions(dispatcher, bot) before",
            bot.id,
        )

    def _check_allowed(self, bot: Bot, method: TelegramMethod[Any]) -> None:
        """Say once in the log which updates this bot will not get although its sessions need them.

        An empty list means the server's own choice, which has them all; None keeps what was set before.
        Source: https://core.telegram.org/bots/api#getupdates (``allowed_updates``)
        """
        allowed: list[str] | None = getattr(method, "allowed_updates", None)
        if not allowed or bot.id in self._warned:
            return
        missing = None
        if not _NEW_MESSAGES & {*allowed}:
            missing = "message"
        elif "business_message" in allowed and "deleted_business_messages" not in allowed:
            missing = "deleted_business_messages"
        if missing is not None:
            self._warned.add(bot.id)
            log.warning(
                "%s of bot %d allows no %s updates, so sessions cannot see them; add them to allowed_updates",
                method.__api_method__,
                bot.id,
                missing,
            )
