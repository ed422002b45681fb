"""The update that the running task handles."""

from __future__ import annotations

from contextvars import ContextVar
from typing import Final

from aiogram.types import Update

from tgslices.keys import scope_of
from tgslices.model import Scope, SessionKey


class Handling:
    """An update and whether its handler runs. Filled in by the door: a constructor costs as much as all the rest."""

    __slots__ = ("is_over", "update")

    update: Update
    is_over: bool


handling: Final[ContextVar[Handling | None]] = ContextVar("tgslices_handling", default=None)
"""Set by the update middleware for the handler of an update, and for every task that the handler starts."""


def current_update() -> Update | None:
    """Return the update that the running task was begun by, whether its handler has ended or not."""
    current = handling.get()
    return None if current is None else current.update


def current_for(key: SessionKey) -> Update | None:
    """Return the update that the running task handles, as what a session may begin with.

    A task that outlived the handler (a queue worker that was first needed there) handles it no more: what it begins
    for somebody else does not begin with that message.
    """
    current = handling.get()
    if current is None:
        return None
    if not current.is_over:
        return current.update
    scope = scope_of(current.update, key.bot_id)
    return current.update if scope is not None and _is_of(key, scope) else None


def _is_of(key: SessionKey, scope: Scope) -> bool:
    is_there = (key.chat_id, key.business_connection_id) == (scope.chat_id, scope.business_connection_id)
    return is_there and key.user_id in (None, scope.user_id) and key.thread_id in (None, scope.thread_id)
