"""One line of the log for what a run did. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Final

from tgslices.deletion.message_fates import DEFERRED, EXPIRED
from tgslices.model import PendingDeletion, SessionKey, shortened
from tgslices.results import ClearResult, Outcome

_MAX_REASONS: Final = 3
"""How many different reasons one line names, the most frequent first."""

_SAID_BY_OUTCOME: Final = frozenset({EXPIRED.reason, DEFERRED.reason})


def summary_of(bot_id: int, pending: Sequence[PendingDeletion], result: ClearResult) -> str:
    """Return how many messages of which session had which outcome, and the most frequent reasons of those that stay."""
    keys = {entry.key for entry in (pending[0], pending[-1])}
    session = f" in the session of {_named(keys.pop())}" if len(keys) == 1 else ""
    counts = [f"{len(entries)} {o.value}" for o in Outcome if (entries := getattr(result, o.value))]
    told = [(reason, count) for reason, count in result.reasons().most_common() if reason not in _SAID_BY_OUTCOME]
    reasons = "; ".join(f"{reason} ({count})" for reason, count in told[:_MAX_REASONS])
    asked = f"{_counted(int(result), 'message')}{session} with {_counted(result.requests, 'request')}"
    return f"Bot {bot_id} cleared {asked}: {', '.join(counts)}{': ' if reasons else ''}{reasons}"


def _named(key: SessionKey) -> str:
    parts = {name: value for name, value in asdict(shortened(key)).items() if value is not None and name != "bot_id"}
    return ", ".join(f"{name} {value!r}" for name, value in parts.items())


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
