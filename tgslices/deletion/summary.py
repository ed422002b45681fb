"""One line of the log for what a run did. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Final

from tgslices.model import PendingDeletion
from tgslices.results import ClearResult, Outcome

_MAX_REASONS: Final = 3
"""How many different reasons one line names, the most frequent first."""


def summary_of(bot_id: int, pending: Sequence[PendingDeletion], result: ClearResult) -> str:
    """Return how many messages of which session had which outcome, and the reasons that Telegram gave."""
    keys = {entry.key for entry in pending[:1]} | {entry.key for entry in pending[-1:]}
    of = f"of {keys.pop()}" if len(keys) == 1 else f"of bot {bot_id}"
    counts = [f"{len(entries)} {o.value}" for o in Outcome if (entries := getattr(result, o.value))]
    why = Counter(map(result.reason, result.refused + result.unreachable + result.pending))
    reasons = "; ".join(f"{reason} ({count})" for reason, count in why.most_common(_MAX_REASONS))
    told = f": {reasons}" if reasons else ""
    return f"Asked to delete {int(result)} messages {of}, in {result.requests} requests: {', '.join(counts)}{told}"
