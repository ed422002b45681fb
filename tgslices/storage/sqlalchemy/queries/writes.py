"""What a group of writes consists of: messages and openings, whose statements are merged, and whole transactions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple, TypeAlias

from tgslices.model import SessionKey, TrackedMessage
from tgslices.storage.ending_protocol import Due
from tgslices.storage.sqlalchemy.database.steps import Steps
from tgslices.storage.sqlalchemy.queries.owned_keys import OwnedKey
from tgslices.storage.sqlalchemy.tables.rows import Values

MOST_JOINING: Final = 20
"""Transactions in one group. Each may move a thousand rows, all of them have the time of one call, and what is recorded
meanwhile waits for them."""


class Write(NamedTuple):
    """One write: a message for certain keys, or a key to be opened, or both.

    ``message`` goes to the keys that ``owned`` names, or else to those that ``match`` finds in the database. Where
    there is none, and ``opening`` is a key, that key is made, open or not, and gets the message. ``outside`` is the
    message whose handling opens a key, and ``due`` tells when that is due. What *revives* makes an entry of what a key
    knows.
    """

    message: Values | None = None
    owned: Sequence[OwnedKey] | None = None
    match: Values | None = None
    opening: SessionKey | None = None
    is_open: bool = True
    opened_at: int | None = None
    outside: TrackedMessage | None = None
    revives: bool = False
    due: Due | None = None


Numbered: TypeAlias = tuple[int, Write]
"""A write and its number in its group."""


class Joining(NamedTuple):
    """A transaction that joins a group: its steps, the keys that they may open or close, and what follows the commit.

    ``then`` is told what the steps return, in the turn in which they were committed.
    """

    steps: Callable[[], Steps[Any]]
    changing: Sequence[SessionKey] = ()
    then: Callable[[Any], None] | None = None


def may_join(write: Write | Joining, group: Sequence[Write | Joining]) -> bool:
    """Tell whether something may be the next one of a group.

    What opens or closes a key is known to others when it is committed. So nothing comes after it that may use the key.
    """
    if not isinstance(write, Joining):
        return not _is_changing(group[-1])
    if _is_changing(group[-1]) and not write.changing:
        return False
    return sum(isinstance(it, Joining) for it in group) < MOST_JOINING


def _is_changing(write: Write | Joining) -> bool:
    return isinstance(write, Joining) and bool(write.changing)


class Plan(NamedTuple):
    """Writes of a group by their numbers, and the transactions that joined it after them and before other writes.

    The writes are entries of keys whose rows are known, and messages whose keys are looked up. The latter are apart
    by whether they revive; ``counts`` are the keys that each write goes to, as far as is known.
    """

    writes: dict[int, Write]
    joining: dict[int, Joining]
    entries: dict[bool, list[Values]]
    looked_up: dict[bool, list[Numbered]]
    counts: dict[int, int]

    def missing(self, counts: Mapping[int, int]) -> list[Numbered]:
        """Return the writes whose key is to be made or opened."""
        return [(number, it) for number, it in self.writes.items() if it.opening is not None and not counts.get(number)]

    def changing(self) -> list[SessionKey]:
        """Return the keys that may be opened or closed."""
        joining = (key for it in self.joining.values() for key in it.changing)
        return [*opening_among(self.missing(self.counts)), *joining]


def plans_of(group: Sequence[Write | Joining]) -> list[Plan]:
    """Sort a group, whose order matters: a claim takes what was recorded before it, and nothing that comes later."""
    plans = [_empty_plan()]
    for number, write in enumerate(group):
        if isinstance(write, Joining):
            plans[-1].joining[number] = write
        else:
            if plans[-1].joining:
                plans.append(_empty_plan())
            _put(plans[-1], number, write)
    return plans


def _empty_plan() -> Plan:
    return Plan({}, {}, {False: [], True: []}, {False: [], True: []}, {})


def _put(plan: Plan, number: int, write: Write) -> None:
    plan.writes[number] = write
    if write.message is None:
        return
    if write.owned is not None:
        row_ids = [owned.row_id for owned in write.owned if owned.row_id is not None]
        plan.entries[write.revives].extend((row_id, *write.message) for row_id in row_ids)
        plan.counts[number] = len(row_ids)
    elif write.match is not None:
        plan.looked_up[write.revives].append((number, write))


def opening_among(missing: Iterable[Numbered]) -> list[SessionKey]:
    """Return the keys that are to be open."""
    return [write.opening for _, write in missing if write.opening is not None and write.is_open]
