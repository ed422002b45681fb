"""Which states an update found, and which it left behind: pure decisions."""

from __future__ import annotations

from collections.abc import Iterator
from contextvars import ContextVar
from typing import Final

from aiogram.fsm.storage.base import StorageKey
from aiogram.types import Update

DIALOG_CONTEXT: Final = "aiogd:context:"
"""The destinies under which aiogram_dialog keeps the windows that are open. Each has its state in its data.
Source: aiogram_dialog 2.6 ``context/storage.py``"""

DIALOG_STACK: Final = "aiogd:stack:"


class Transitions:
    """The states of one update, by key: as they were found first, and as they were set last."""

    def __init__(self, update: Update | None) -> None:
        self.update = update
        self.is_over = False
        """Whether the update has been handled; what a task of it changes later is on its own."""
        self.found: dict[StorageKey, str | None] = {}
        self.left_behind: dict[StorageKey, str | None] = {}
        self.stacks: dict[StorageKey, str] = {}
        """The stack of each window of a dialog."""
        self.strays: set[int] = set()
        """Which of the followed sessions were open without their state when the update came, by position."""

    def saw(self, key: StorageKey, state: str | None) -> None:
        """Note a state that was read; the first one counts."""
        self.found.setdefault(key, state)

    def changed(self, key: StorageKey, before: str | None, state: str | None) -> None:
        """Note a state that was set; the last one counts."""
        self.saw(key, before)
        self.left_behind[key] = state

    def leaving(self, states: frozenset[str]) -> Iterator[StorageKey]:
        """Yield the keys whose state was one of these before the update, and is none of them after it.

        A key counts only where no other state of its chat is one of them afterwards. So a dialog that is started anew
        goes on.
        """
        staying = {key.chat_id for key in self.found if self._after(key) in states}
        for key in self.left_behind:
            if self.found[key] in states and key.chat_id not in staying:
                yield key

    def _after(self, key: StorageKey) -> str | None:
        return self.left_behind.get(key, self.found.get(key))


current: Final[ContextVar[Transitions | None]] = ContextVar("tgslices_transitions", default=None)
"""Transitions of the update that the running task handles."""


def current_transitions() -> Transitions | None:
    """Return the transitions of the update that is being handled; None outside of one, and when it is over."""
    transitions = current.get()
    return None if transitions is None or transitions.is_over else transitions
