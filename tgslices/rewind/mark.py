"""What a mark remembers: which messages stood before it, and the values that the data had."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Final

from tgslices.data.declaration import SessionData
from tgslices.model import TrackedMessage
from tgslices.storage.data_protocol import StoredData

NAME: Final = "tgslices:marks"
"""The fragment that the marks of a session are kept in."""


@dataclass
class Value:
    """A fragment as it was at a mark."""

    text: str
    version: int
    expires_after: float | None = None
    """In seconds from its last write; None where it does not expire."""


@dataclass
class Mark:
    """A named place in a slice.

    ``before`` has, for each chat, the first and the last id of every run of ids that were in the slice. They say what
    came before, whatever order messages are recorded in and whichever worker's clock is ahead.
    """

    name: str
    before: dict[str, list[tuple[int, int]]] = field(default_factory=dict)
    values: dict[str, Value] = field(default_factory=dict)

    def is_at(self, other: Mark) -> bool:
        """Tell whether another mark has the same name and place; its data may have been dropped since."""
        return (self.name, self.before) == (other.name, other.before)

    def covers(self, message: TrackedMessage) -> bool:
        """Tell whether a message was in the slice when the mark was set."""
        number = _number(message)
        return any(first <= number <= last for first, last in self.before.get(_place(message), ()))


MARKS: Final = SessionData(list[Mark], name=NAME)
"""The marks of a session, in the order in which they were set. They end with it."""


def mark_of(name: str, entries: Iterable[TrackedMessage], stored: Mapping[str, StoredData]) -> Mark:
    """Return a mark behind these entries, with what is stored of the session's own data."""
    numbers: dict[str, list[int]] = {}
    for entry in entries:
        numbers.setdefault(_place(entry), []).append(_number(entry))
    values = {fragment: _value(data) for fragment, data in stored.items() if is_rewound(fragment, data)}
    return Mark(name, {place: _runs(sorted(found)) for place, found in numbers.items()}, values)


def is_rewound(fragment: str, stored: StoredData) -> bool:
    """Tell whether data goes back with its session: what outlives a session is not the session's own."""
    return fragment != NAME and not stored.outlives_close


def values_at(mark: Mark, present: Iterable[str], now: datetime) -> dict[str, StoredData | None]:
    """Return what becomes of data when one goes back to a mark: its values there; None for what has come since.

    What is not present any more was dropped or has expired, and stays gone.
    """
    return {name: _stored_again(mark.values[name], now) if name in mark.values else None for name in present}


def _stored_again(value: Value, now: datetime) -> StoredData:
    expires_at = None if value.expires_after is None else now + timedelta(seconds=value.expires_after)
    return StoredData(value.text, value.version, now, expires_at)


def _value(stored: StoredData) -> Value:
    lasts = None if stored.expires_at is None else (stored.expires_at - stored.written_at).total_seconds()
    return Value(stored.text, stored.version, lasts)


def _place(message: TrackedMessage) -> str:
    """Return what tells an id from an equal one of another message: business connections count on their own."""
    ephemeral = None if message.ephemeral_message_id is None else message.message_id
    return repr((message.chat_id, message.business_connection_id, message.receiver_user_id, ephemeral))


def _number(message: TrackedMessage) -> int:
    return message.message_id if message.ephemeral_message_id is None else message.ephemeral_message_id


def _runs(numbers: list[int]) -> list[tuple[int, int]]:
    """Return the runs of sorted numbers, each with its first and its last."""
    ends = [at for at, (one, two) in enumerate(pairwise(numbers), 1) if two > one + 1]
    begins = [0, *ends]
    return [(numbers[begin], numbers[end - 1]) for begin, end in zip(begins, [*ends, len(numbers)], strict=True)]
