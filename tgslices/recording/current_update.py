"""The update that the running task handles."""

from __future__ import annotations

from contextvars import ContextVar
from typing import Any, Final, TypeAlias

from aiogram.types import Update

from tgslices.keys.scopes import scope_of
from tgslices.model import Scope, SessionKey

Handling: TypeAlias = list[Any]
"""An update, and whether its handler has ended. A list: an object costs each update twice as much."""

handling: Final[ContextVar[Handling | None]] = ContextVar("tgslices_handling", default=None)
"""Set by the update middleware for the handler of an update, and for every task that the handler starts."""


def current_update() -> Update | None:
    """Return the update that the running task was begun by, whether its handler has ended or not."""
    current = handling.get()
    return None if current is None else update_of(current)


def update_of(current: Handling) -> Update:
    """Return the update that was or is handled."""
    update: Update = current[0]
    return update


def is_over(current: Handling) -> bool:
    """Tell whether the handler has ended."""
    return current[1] is True


def current_for(key: SessionKey) -> Update | None:
    """Return the update that the running task handles, as what a session may begin with.

    A task that outlived the handler (a queue worker that was first needed there) handles it no more: what it begins
    for somebody else does not begin with that message.
    """
    current = handling.get()
    if current is None:
        return None
    update = update_of(current)
    if not is_over(current):
        return update
    return update if belongs_to(update, key) else None


def belongs_to(update: Update, key: SessionKey) -> bool:
    """Tell whether an update comes from a session's place, and from its person if it has one."""
    scope = scope_of(update, key.bot_id)
    return scope is not None and _is_of(key, scope)


def _is_of(key: SessionKey, scope: Scope) -> bool:
    is_there = (key.chat_id, key.business_connection_id) == (scope.chat_id, scope.business_connection_id)
    return is_there and key.user_id in (None, scope.user_id) and key.thread_id in (None, scope.thread_id)
