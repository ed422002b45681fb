"""What the handlers of this process do with the updates of one bot."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from typing import Final

MAX_UNTAKEN: Final = 3
"""The number of updates without a handler that are remembered, the newest."""


class Handling:
    """The updates that a dispatcher of this process has taken, and what became of them.

    ``is_polled`` is whether a block of `running` polls, ``is_listening`` whether the last getUpdates arrived.
    ``people_wait`` is whether people give the handlers time.
    ``at_work`` holds the updates in work by their numbers, and ``untaken`` those without a handler, in words.
    """

    def __init__(self, on_change: Callable[[], None]) -> None:
        self.is_polled = False
        self.is_listening = False
        self.people_wait = False
        self.at_work: dict[int, str] = {}
        self.untaken: deque[str] = deque(maxlen=MAX_UNTAKEN)
        self._last_taken = 0
        self._errors: list[Exception] = []
        self._not_waited_for: set[int] = set()
        self._on_change = on_change

    def listen(self) -> None:
        """Note that a getUpdates has arrived."""
        if not self.is_listening:
            self.is_listening = True
            self._on_change()

    def stop_listening(self) -> None:
        """Note that a getUpdates failed, or that no other will come."""
        self.is_listening = False
        self._on_change()

    def take(self, update_id: int, words: str) -> None:
        """Note that the handlers begin with an update."""
        self.at_work[update_id] = words
        self._last_taken = max(self._last_taken, update_id)

    def finish(self, update_id: int, *, is_untaken: bool = False) -> None:
        """Note that the handlers are through with an update; ``is_untaken`` if none was for it."""
        words = self.at_work.pop(update_id, "")  # gone already, if it was delivered twice
        self._not_waited_for.discard(update_id)
        if is_untaken:
            self.untaken.append(words)
        self._on_change()

    def fail(self, error: Exception) -> None:
        """Keep an error until somebody is told."""
        self._errors.append(error)
        self._on_change()

    def told(self) -> list[Exception]:
        """The errors that nobody was told of, oldest first; whoever asks is told."""
        found, self._errors = self._errors, []
        return found

    @property
    def has_failed(self) -> bool:
        """Whether there is an error that nobody was told of."""
        return bool(self._errors)

    def let_go(self, updates: Iterable[int]) -> None:
        """Note that nobody waits for these updates, however long they take."""
        self._not_waited_for.update(updates)

    def awaited(self, pending: Iterable[int]) -> set[int]:
        """The numbers of updates that people wait for, of those in work and of those that are still to be taken.

        ``pending`` are the numbers that the bot has not confirmed.
        """
        left = {number for number in pending if number > self._last_taken}.union(self.at_work)
        return left - self._not_waited_for
