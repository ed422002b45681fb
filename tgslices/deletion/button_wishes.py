"""What is wished for the buttons of messages whose deletion is pending. Wishes last as long as the process."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, TypeAlias

from tgslices.model import TrackedMessage
from tgslices.results import ClearResult

Neutralise: TypeAlias = bool | str
"""Whether to take the buttons, or the text that replaces that of the message, too."""

MAX_WISHES: Final = 10_000
"""How many wishes are remembered; the oldest are forgotten first."""


class Wishes:
    """Wishes by message. What another worker finishes keeps its buttons."""

    def __init__(self) -> None:
        self._wishes: dict[TrackedMessage, Neutralise] = {}

    def __bool__(self) -> bool:
        return bool(self._wishes)

    def note(self, messages: Iterable[TrackedMessage], wish: Neutralise) -> None:
        """Remember a wish for messages, in place of an earlier one."""
        if not (wish or self._wishes):
            return
        for message in messages:
            self._wishes.pop(message, None)
            if wish:
                self._wishes[message] = wish
        while len(self._wishes) > MAX_WISHES:
            del self._wishes[next(iter(self._wishes))]

    def of(self, message: TrackedMessage) -> Neutralise:
        """Return what is wished for a message; False where nothing is."""
        return self._wishes.get(message, False)

    def forget(self, result: ClearResult) -> None:
        """Forget the wishes for messages whose fate is known."""
        for entry in (*result.accepted, *result.refused, *result.expired, *result.unreachable):
            self._wishes.pop(entry, None)
