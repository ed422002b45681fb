"""The update that the running task handles."""

from __future__ import annotations

from contextvars import ContextVar
from typing import Final

from aiogram.types import Update

from tgslices.keys import scope_of
from tgslices.model import Scope, SessionKey

current_update: Final[ContextVar[Update | None]] = ContextVar("tgslices_current_update", default=None)
"""Set by the update middleware for the handler of the update, and for every task that the handler starts."""

being_handled: Final[set[int]] = set()
"""The updates whose handlers have not ended, by identity: a hash of a whole update would take long."""


def current_for(key: SessionKey) -> Update | None:
    """Return the update that the running task handles, as what a session may begin with.

    A task that outlived the handler (a queue worker that was first needed there) handles it no more: what it begins
    for somebody else does not begin with that message.
    """
    update = current_update.get()
    if update is None or id(update) in being_handled:
        return update
    scope = scope_of(update, key.bot_id)
    return update if scope is not None and _is_of(key, scope) else None


def _is_of(key: SessionKey, scope: Scope) -> bool:
    is_there = (key.chat_id, key.business_connection_id) == (scope.chat_id, scope.business_connection_id)
    return is_there and key.user_id in (None, scope.user_id) and key.thread_id in (None, scope.thread_id)
