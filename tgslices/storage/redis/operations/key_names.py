"""One session: how its keys, fields and arguments are spelled."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from struct import Struct
from typing import Final, TypeVar

from tgslices.model import SessionKey, TrackedMessage
from tgslices.storage.redis.codes.names import (
    LONG_LABEL,
    BotNames,
    Names,
    full_member,
    label_of,
    member_of,
    parts_of_spot,
    qualifier_of,
    spot_of_key,
)
from tgslices.storage.redis.codes.records import decode_entry, number_of

T = TypeVar("T")

MAX_STEP: Final = 500
"""Entries in one call: one or two milliseconds in which the server does nothing else."""

MAX_AT_ONCE: Final = 2_000
"""Fields of a spot up to which a session is closed in one step."""

BOT: Final = Struct(">q")


class KeyNames:
    """The names of one key."""

    __slots__ = ("data_index", "data_key", "full", "index", "key", "label", "member", "names", "spot", "spot_key")

    def __init__(self, names: Names, key: SessionKey) -> None:
        self.key = key
        self.names: BotNames = names.of(key.bot_id)
        self.spot = spot_of_key(key)
        self.label = label_of(key.qualifier)
        self.member = member_of(self.spot, self.label)
        self.full = full_member(key)
        self.spot_key = self.names.spot(self.spot)
        self.index = self.names.index(key.chat_id)
        self.data_key = self.names.data(self.member)
        self.data_index = self.names.data_index(key.chat_id)

    @classmethod
    def named(cls, names: Names, bot_id: int, spot: bytes, label: bytes, full: bytes = b"") -> KeyNames:
        """Spell a session that is told by its spot and label; ``full`` is a long qualifier, if that is known.

        Without it the key is not the session's own, and nothing but the names of its keys may be used.
        """
        session = cls(names, SessionKey(bot_id, *parts_of_spot(spot), None))
        session.label = label
        session.member = member_of(spot, label)
        session.data_key = session.names.data(session.member)
        if full or not label.startswith(LONG_LABEL):
            session.key = SessionKey(bot_id, *parts_of_spot(spot), qualifier_of(label, full))
            session.full = full_member(session.key)
        return session

    def entries(self, fields: dict[bytes, bytes], states: int) -> list[tuple[bytes, bytes]]:
        """Return codes and records of the entries in one of these states, in their order."""
        start = len(self.label)
        found = [
            (field[start:], record)
            for field, record in fields.items()
            if field.startswith(self.label) and record[0] & states
        ]
        return sorted(found, key=_number)

    def message(self, code: bytes, record: bytes) -> TrackedMessage:
        """Return the message of an entry."""
        return decode_entry(code, record, self.key.chat_id, self.key.business_connection_id)


def _number(entry: tuple[bytes, bytes]) -> int:
    return number_of(entry[1])


def in_steps(items: Sequence[T], size: int = MAX_STEP) -> Iterator[Sequence[T]]:
    """Yield items in steps of bounded size."""
    for start in range(0, len(items), size):
        yield items[start : start + size]


def pairs(flat: Sequence[T]) -> Iterable[tuple[T, T]]:
    """Return what a flat reply of a script lists in pairs."""
    return zip(flat[::2], flat[1::2], strict=True)
