"""What became of entries that were to be deleted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final, Self

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


_NO_REASONS: Final[Mapping[TrackedMessage, str]] = MappingProxyType({})


class ClearResult(int):
    """How many entries left the session, as an ``int``, and what became of each of them.

    Every entry stands in exactly one of the tuples that are named after an outcome, in the session's order. Their
    lengths add up to the number. ``retryable`` repeats those refused and unreachable entries that may succeed later,
    for example once the bot has a right that it lacked: give them to ``Session.track`` again. ``requests`` counts the
    calls made to Telegram, repeated ones included.

    ``neutralised`` repeats the entries that stay in their chat and whose buttons were taken, because ``clear`` was
    asked to. ``not_neutralised`` repeats those whose buttons may still be there, each with the reason.
    """

    accepted: tuple[TrackedMessage, ...]
    """Telegram accepted the deletion, or the message was gone already."""
    refused: tuple[TrackedMessage, ...]
    """Telegram refuses these."""
    expired: tuple[TrackedMessage, ...]
    """Too old to be deleted by a bot; never asked for."""
    deferred: tuple[TrackedMessage, ...]
    """Pending until Telegram allows it: a dice on its first day."""
    unreachable: tuple[TrackedMessage, ...]
    """The bot has no access to their chat any more, or the chat has migrated."""
    pending: tuple[TrackedMessage, ...]
    """Not settled yet; finished in the background."""
    retryable: tuple[TrackedMessage, ...]
    """Entries of ``refused`` and ``unreachable`` that may succeed later."""
    neutralised: tuple[TrackedMessage, ...]
    """Entries that stay, and whose buttons were taken."""
    not_neutralised: Mapping[TrackedMessage, str]
    """Entries whose buttons may still be there, each with the reason."""
    requests: int
    """How many calls were made to Telegram."""
    _reasons: dict[TrackedMessage, str]

    def __new__(
        cls,
        outcomes: Iterable[tuple[TrackedMessage, Outcome]] = (),
        *,
        requests: int = 0,
        retryable: Iterable[TrackedMessage] = (),
        reasons: Mapping[TrackedMessage, str] = _NO_REASONS,
    ) -> Self:
        """Sort entries by outcome, keeping their order."""
        sorted_out: dict[Outcome, list[TrackedMessage]] = {outcome: [] for outcome in Outcome}
        for message, outcome in outcomes:
            sorted_out[outcome].append(message)
        return cls.of(sorted_out, requests=requests, retryable=retryable, reasons=reasons)

    @classmethod
    def of(
        cls,
        sorted_out: Mapping[Outcome, Sequence[TrackedMessage]],
        *,
        requests: int,
        retryable: Iterable[TrackedMessage],
        reasons: Mapping[TrackedMessage, str],
    ) -> Self:
        """Return the result whose entries are sorted by outcome already; every outcome has its sequence."""
        self = super().__new__(cls, sum(map(len, sorted_out.values())))
        for outcome, messages in sorted_out.items():
            setattr(self, outcome.value, tuple(messages))
        self.requests = requests
        self.retryable = tuple(retryable)
        self._reasons = dict(reasons)
        self.neutralised = ()
        self.not_neutralised = {}
        return self

    def with_buttons(
        self,
        *,
        neutralised: Iterable[TrackedMessage],
        not_neutralised: Mapping[TrackedMessage, str],
        requests: int = 0,
    ) -> Self:
        """Return the same result that also tells what became of buttons, and of so many requests more."""
        outcomes = {outcome: getattr(self, outcome.value) for outcome in Outcome}
        requests += self.requests
        told = type(self).of(outcomes, requests=requests, retryable=self.retryable, reasons=self._reasons)
        told.neutralised, told.not_neutralised = tuple(neutralised), dict(not_neutralised)
        return told

    def reason(self, entry: TrackedMessage) -> str | None:
        """Return why an entry was not accepted; None for an accepted one, and for one of another result.

        The words are Telegram's where Telegram was asked, and this library's for what was not: expired and deferred
        entries, and those of a group that has migrated.
        """
        return self._reasons.get(entry)

    def reasons(self) -> Counter[str]:
        """Return how many messages each reason kept from being accepted."""
        return Counter(self._reasons.values())

    def __getnewargs__(self) -> tuple[Any, ...]:
        """Return what makes a copy."""
        return ([(message, outcome) for outcome in Outcome for message in getattr(self, outcome.value)],)

    @classmethod
    def total(cls, results: Iterable[ClearResult]) -> Self:
        """Return several results as one."""
        results = list(results)
        sorted_out: dict[Outcome, list[TrackedMessage]] = {outcome: [] for outcome in Outcome}
        reasons: dict[TrackedMessage, str] = {}
        for result in results:
            reasons |= result._reasons
            for outcome, messages in sorted_out.items():
                messages.extend(getattr(result, outcome.value))
        total = cls.of(
            sorted_out,
            requests=sum(result.requests for result in results),
            retryable=(message for result in results for message in result.retryable),
            reasons=reasons,
        )
        return total.with_buttons(
            neutralised=(message for result in results for message in result.neutralised),
            not_neutralised={message: why for result in results for message, why in result.not_neutralised.items()},
        )

    def __repr__(self) -> str:
        """Show the number and every outcome that has entries."""
        told = (*(outcome.value for outcome in Outcome), "neutralised", "not_neutralised")
        parts = [f"{name}={len(getattr(self, name))}" for name in told if getattr(self, name)]
        return f"ClearResult({', '.join([str(int(self)), *parts, f'requests={self.requests}'])})"

    __str__ = int.__repr__
    __format__ = int.__format__
