"""What became of messages that were to be copied."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from tgslices.model import TrackedMessage

_ATTRIBUTE: Final = "tgslices_replayed"


@dataclass(frozen=True, slots=True)
class ReplayResult:
    """What became of each entry. Every one stands in exactly one of the five collections, in the order of the copies.

    ``requests`` counts the calls made to Telegram, repeated ones included.
    """

    copied: Mapping[TrackedMessage, int]
    """The entries that have a copy, each with the id of that copy in the target chat."""
    unpaired: tuple[TrackedMessage, ...] = ()
    """Entries of a call that made fewer copies than it was asked for; Telegram does not tell of which."""
    skipped: tuple[TrackedMessage, ...] = ()
    """Entries that have no copy and never get one. Those that were never asked for come before the refused ones."""
    unknown: tuple[TrackedMessage, ...] = ()
    """Entries that may have a copy: no answer came, or one that tells of a part. They are never asked for again."""
    left: tuple[TrackedMessage, ...] = ()
    """Entries that were not asked for before the end. ``session.replay(to, predicate=left.__contains__)`` goes on."""
    unpaired_ids: tuple[int, ...] = ()
    """The ids of the copies of ``unpaired`` entries, ascending."""
    requests: int = 0
    reasons_by_entry: Mapping[TrackedMessage, str] = field(default_factory=dict, repr=False)

    def __repr__(self) -> str:
        """Show how many entries each collection has."""
        counts = (f"{name}={len(getattr(self, name))}" for name in ("copied", "unpaired", "skipped", "unknown", "left"))
        return f"ReplayResult({', '.join(counts)}, requests={self.requests})"

    def reason(self, entry: TrackedMessage) -> str | None:
        """Return why an entry has no certain copy; None for a copied one, and for one of another result.

        The words are Telegram's where Telegram was asked and answered, and this library's elsewhere.
        """
        return self.reasons_by_entry.get(entry)

    def reasons(self) -> Counter[str]:
        """Return how many messages each reason kept from being certainly copied."""
        return Counter(self.reasons_by_entry.values())

    def attach_to(self, error: BaseException) -> None:
        """Let an error that ends a replay carry what became of the entries until then."""
        setattr(error, _ATTRIBUTE, self)

    @staticmethod
    def carried_by(error: BaseException) -> ReplayResult | None:
        """Return what a replay had done when an error, or a cancellation, ended it; None where none was ended.

        An error that was raised from another one, as ``TimeoutError`` from a cancellation, carries what that carries.
        """
        seen: set[int] = set()
        following: BaseException | None = error
        while following is not None and id(following) not in seen:
            seen.add(id(following))
            result: ReplayResult | None = getattr(following, _ATTRIBUTE, None)
            if result is not None:
                return result
            following = following.__cause__ or following.__context__
        return None
