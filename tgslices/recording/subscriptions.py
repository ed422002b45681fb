"""Sessions that are told their messages by a predicate over whole updates."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, TypeAlias

from aiogram.types import Update
from magic_filter import MagicFilter

from tgslices.model import SessionKey, TrackedMessage
from tgslices.predicates import AsyncPredicate, matches
from tgslices.recording.handles_of_key import SharedKeys
from tgslices.recording.progress import Progress

log = logging.getLogger("tgslices")

UpdatePredicate: TypeAlias = Callable[[Update], Any] | MagicFilter
"""Chooses updates by its truth: a plain function of one update, or an expression such as ``F.message.photo``."""


class Subscriptions:
    """The keys of one bot that have a predicate in this process."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self.predicates: dict[SessionKey, Callable[[Update], Any]] = {}
        """Always the same dictionary, so that an update asks it directly: a method costs ten times as much."""
        self._outside: dict[SessionKey, TrackedMessage] = {}
        """The newest message of a key's chat that was there before."""

    def __contains__(self, key: SessionKey) -> bool:
        return bool(self.predicates) and key in self.predicates  # mostly there is none, and a key is slow to hash

    def put(self, key: SessionKey, predicate: UpdatePredicate, outside: TrackedMessage | None) -> None:
        """Let a predicate decide for a key, about what comes after the message ``outside`` if it had none before."""
        if outside is not None and key not in self.predicates:
            self._outside[key] = outside
        self._progress.may_wait = True
        self.predicates[key] = predicate.resolve if isinstance(predicate, MagicFilter) else predicate

    def pop(self, key: SessionKey) -> Callable[[Update], Any] | None:
        """Take a key's predicate away and return it; None where there is none."""
        self._outside.pop(key, None)
        return self.predicates.pop(key, None)

    def was_before(self, key: SessionKey, message: TrackedMessage) -> bool:
        """Tell whether a message was in a key's chat before the key had its predicate. Ids grow within a chat."""
        outside = self._outside.get(key)
        if outside is None:
            return False
        if (message.chat_id, message.business_connection_id) != (outside.chat_id, outside.business_connection_id):
            return False
        return 0 < message.message_id <= outside.message_id

    def restore(self, key: SessionKey, predicate: Callable[[Update], Any] | None) -> None:
        """Put back what was taken away, unless the key has another predicate by now."""
        if predicate is not None:
            self._progress.may_wait = True
            self.predicates.setdefault(key, predicate)

    def matching(self, update: Update) -> list[SessionKey]:
        """Return the keys whose predicate holds for an update."""
        # A copy, because a predicate may subscribe another one.
        return [key for key in list(self.predicates) if key in self.predicates and self._matches(key, update)]

    def move(self, old_chat_id: int, keys: SharedKeys) -> None:
        """Let predicates follow their chat."""
        for key in [key for key in self.predicates if key.chat_id == old_chat_id]:
            self.predicates.setdefault(keys.current(key), self.predicates.pop(key))
            self._outside.pop(key, None)  # ids start anew in the supergroup

    def _matches(self, key: SessionKey, update: Update) -> bool:
        try:
            return matches(self.predicates[key], update)
        except AsyncPredicate as late:
            log.error("The predicate of %s %s; the update counts as no match", key, late)  # noqa: TRY400 - it says all
        except Exception:
            log.exception("The predicate of %s raised; the update counts as no match", key)
        return False
