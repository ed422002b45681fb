"""What became of entries that were to be deleted."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Any, Self

from tgslices.model import TrackedMessage


class Outcome(StrEnum):
    """What became of one entry that was to be deleted."""

    ACCEPTED = "accepted"
    """Telegram answered True, which proves acceptance and not disappearance."""
    REFUSED = "refused"
    """Telegram refuses this message, alone."""
    EXPIRED = "expired"
    """Too old to be deleted by a bot; never asked for."""
    DEFERRED = "deferred"
    """A dice in a private chat that must become a day old first; it stays pending until then."""
    UNREACHABLE = "unreachable"
    """The bot has no access to the chat any more, or the chat has migrated."""
    PENDING = "pending"
    """Not settled yet: flood, network, cancellation. ``settle_pending`` goes on with it."""


class ClearResult(int):
    """How many entries left the session, as an ``int``, and what became of each of them.

    Every entry stands in exactly one of the tuples, in the session's order; their lengths add up to the number.
    ``requests`` counts the calls made to Telegram, repeated ones included.
    """

    accepted: tuple[TrackedMessage, ...]
    refused: tuple[TrackedMessage, ...]
    expired: tuple[TrackedMessage, ...]
    deferred: tuple[TrackedMessage, ...]
    unreachable: tuple[TrackedMessage, ...]
    pending: tuple[TrackedMessage, ...]
    requests: int

    def __new__(cls, outcomes: Iterable[tuple[TrackedMessage, Outcome]] = (), *, requests: int = 0) -> Self:
        """Sort entries by outcome, keeping their order."""
        sorted_out: dict[Outcome, list[TrackedMessage]] = {outcome: [] for outcome in Outcome}
        for message, outcome in outcomes:
            sorted_out[outcome].append(message)
        self = super().__new__(cls, sum(map(len, sorted_out.values())))
        for outcome, messages in sorted_out.items():
            setattr(self, outcome.value, tuple(messages))
        self.requests = requests
        return self

    def __getnewargs__(self) -> tuple[Any, ...]:
        """Return what makes a copy."""
        return ([(message, outcome) for outcome in Outcome for message in getattr(self, outcome.value)],)

    @classmethod
    def total(cls, results: Iterable[ClearResult]) -> Self:
        """Return several results as one."""
        results = list(results)
        outcomes = [(message, o) for o in Outcome for result in results for message in getattr(result, o.value)]
        return cls(outcomes, requests=sum(result.requests for result in results))

    def __repr__(self) -> str:
        """Show the number and every outcome that has entries."""
        parts = [f"{o.value}={len(getattr(self, o.value))}" for o in Outcome if getattr(self, o.value)]
        return f"ClearResult({', '.join([str(int(self)), *parts, f'requests={self.requests}'])})"

    __str__ = int.__repr__
    __format__ = int.__format__
