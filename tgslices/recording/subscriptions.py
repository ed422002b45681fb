"""Sessions that are told their messages by a predicate over whole updates."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, TypeAlias

from aiogram.types import Update
from magic_filter import MagicFilter

from tgslices.model import SessionKey
from tgslices.predicates import AsyncPredicate, matches
from tgslices.recording.handles import SharedKeys

log = logging.getLogger("tgslices")

UpdatePredicate: TypeAlias = Callable[[Update], Any] | MagicFilter
"""Chooses updates by its truth: a plain function of one update, or an expression such as ``F.message.photo``."""


class Subscriptions:
    """The keys of one bot that have a predicate in this process."""

    def __init__(self) -> None:
        self._predicates: dict[SessionKey, Callable[[Update], Any]] = {}

    def __bool__(self) -> bool:
        return bool(self._predicates)

    def __contains__(self, key: SessionKey) -> bool:
        return key in self._predicates

    def put(self, key: SessionKey, predicate: UpdatePredicate) -> None:
        """Let a predicate decide for a key."""
        self._predicates[key] = predicate.resolve if isinstance(predicate, MagicFilter) else predicate

    def pop(self, key: SessionKey) -> Callable[[Update], Any] | None:
        """Take a key's predicate away and return it; None where there is none."""
        return self._predicates.pop(key, None)

    def restore(self, key: SessionKey, predicate: Callable[[Update], Any] | None) -> None:
        """Put back what was taken away, unless the key has another predicate by now."""
        if predicate is not None:
            self._predicates.setdefault(key, predicate)

    def matching(self, update: Update) -> list[SessionKey]:
        """Return the keys whose predicate holds for an update."""
        # A copy, because a predicate may subscribe another one.
        return [key for key in list(self._predicates) if key in self._predicates and self._matches(key, update)]

    def move(self, old_chat_id: int, keys: SharedKeys) -> None:
        """Let predicates follow their chat."""
        for key in [key for key in self._predicates if key.chat_id == old_chat_id]:
            self._predicates.setdefault(keys.current(key), self._predicates.pop(key))

    def _matches(self, key: SessionKey, update: Update) -> bool:
        try:
            return matches(self._predicates[key], update)
        except AsyncPredicate as late:
            log.error("The predicate of %s %s; the update counts as no match", key, late)  # noqa: TRY400 - it says all
        except Exception:
            log.exception("The predicate of %s raised; the update counts as no match", key)
        return False
