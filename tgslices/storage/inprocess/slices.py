"""The entries of one key, packed into one ``bytearray``: no object per entry, and no set of what is known.

New messages mostly carry a larger id than everything before, which tells that they are new. Others are looked for from
the end: a row marked ``TOP`` with a smaller id says that the id is not before it either, so that an answer that came a
little late is settled after a few rows. What is not settled then is left to one search for bytes.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Final, TypeAlias

from tgslices.model import TrackedMessage
from tgslices.storage.inprocess.packed_rows import (
    HEAD,
    HEAD_AND_MARKS,
    HEADS,
    HOME,
    ID,
    ROW,
    SIZE,
    TOP,
    TOP_AT_HOME,
    Place,
    pack_row,
    place_of,
    unpack_row,
)
from tgslices.storage.inprocess.row_places import Places

Rows: TypeAlias = bytearray
"""The entries of one key, in the order in which they were added."""

Chat: TypeAlias = tuple[int, str | None]
"""A chat's id and the business connection, which makes it another chat."""

_LOOK_BACK: Final = 32 * SIZE
_LAST_ID: Final = -SIZE
_LAST_MARKS: Final = HEAD.size - SIZE
_id_at: Final = ID.unpack_from
_head_and_marks_at: Final = HEAD_AND_MARKS.unpack_from


def add_at_home(slices: Iterable[Rows], message: TrackedMessage) -> None:
    """Add a message to the rows of keys whose own chat it is in, not ephemeral, where it is not there yet.

    Raises:
        InvalidTrackedMessage: an id is no 64-bit integer, or a time has no equal in UTC; nothing changed.
    """
    row = pack_row(message, HOME, TOP | TOP_AT_HOME)
    for rows in slices:
        if not rows or (rows[_LAST_MARKS] & TOP_AT_HOME and message.message_id > _id_at(rows, _LAST_ID)[0]):
            rows.extend(row)
        elif (marks := _marks_if_new(rows, message.message_id, HOME)) is not None:
            rows.extend(pack_row(message, HOME, marks))


class Slices:
    """What the rows of all keys of one storage have in common: the places that are not home.

    ``home`` is always the chat of the key that the rows are under.
    """

    __slots__ = ("_places",)

    def __init__(self) -> None:
        """Start without any row."""
        self._places = Places()

    def add(self, rows: Rows, home: Chat, message: TrackedMessage) -> None:
        """Add one entry at the end, unless it is there.

        Raises:
            InvalidTrackedMessage: an id is no 64-bit integer, or a time has no equal in UTC; nothing changed.
        """
        place = place_of(message)
        if place == (*home, None, None):
            add_at_home((rows,), message)
            return
        known = self._places.find(place)
        marks = TOP if known is None else _marks_if_new(rows, message.message_id, known)
        if marks is None:
            return
        number = self._places.take(place)
        try:
            rows += pack_row(message, number, marks)
        except BaseException:
            self._places.leave(number)
            raise

    def messages(self, rows: Rows, home: Chat) -> list[TrackedMessage]:
        """Return all entries, in order."""
        return [unpack_row(row, self._place(row[1], home)) for row in ROW.iter_unpack(rows)]

    def chats(self, rows: Rows) -> set[Chat]:
        """Return the chats that a key's entries are in, but for its own; its own among them if some are ephemeral."""
        if not self._places:
            return set()
        numbers = {number for _, number in HEADS.iter_unpack(rows)} - {HOME}
        return {self._places[number][:2] for number in numbers}

    def take(self, rows: Rows, home: Chat, messages: Iterable[TrackedMessage]) -> list[TrackedMessage]:
        """Remove these entries; return those that were there, in the slice's order."""
        own = (*home, None, None)
        wanted = {
            (message.message_id, HOME if (place := place_of(message)) == own else self._places.find(place))
            for message in messages
        }
        starts = [row * SIZE for row, head in enumerate(HEADS.iter_unpack(rows)) if head in wanted] if wanted else []
        taken = [unpack_row(row, self._place(row[1], home)) for row in (ROW.unpack_from(rows, at) for at in starts)]
        self._cut(rows, starts)
        return taken

    def discard(self, rows: Rows, home: Chat, chat: Chat, message_ids: Collection[int]) -> int:
        """Remove the entries of a chat with these ids; return how many there were."""
        starts = [
            row * SIZE
            for row, (message_id, number) in enumerate(HEADS.iter_unpack(rows))
            if message_id in message_ids and self._place(number, home)[:2] == chat
        ]
        self._cut(rows, starts)
        return len(starts)

    def drop(self, rows: Rows) -> int:
        """Remove every entry; return how many there were."""
        dropped = len(rows) // SIZE
        self._leave(rows)
        rows.clear()
        return dropped

    def _place(self, number: int, home: Chat) -> Place:
        return (*home, None, None) if number == HOME else self._places[number]

    def _leave(self, rows: bytes | bytearray) -> None:
        if self._places:
            for _, number in HEADS.iter_unpack(rows):
                self._places.leave(number)

    def _cut(self, rows: Rows, starts: list[int]) -> None:
        """Remove the rows that start there."""
        if len(starts) * SIZE == len(rows):
            self.drop(rows)
            return
        self._leave(b"".join(rows[start : start + SIZE] for start in starts))
        kept_from = (0, *(start + SIZE for start in starts))
        kept_to = (*starts, len(rows))
        rows[:] = b"".join(rows[a:b] for a, b in zip(kept_from, kept_to, strict=True))


def _marks_if_new(rows: Rows, message_id: int, place: int) -> int | None:
    """Return the marks of a row that is to be added, or None for one that is there.

    ``TOP`` only if the id is certainly larger than all before at its place; without it, that is not known.
    """
    top = TOP | TOP_AT_HOME if place == HOME else TOP
    stop = max(len(rows) - _LOOK_BACK, 0)
    for start in range(len(rows) - SIZE, stop - SIZE, -SIZE):
        there, number, marks = _head_and_marks_at(rows, start)
        if number != place:
            continue
        if there == message_id:
            return None
        if there > message_id:
            top = 0
        elif marks & TOP:
            return top
    if not stop:
        return top
    return None if _is_within(rows, HEAD.pack(message_id, place), stop) else 0


def _is_within(rows: Rows, head: bytes, end: int) -> bool:
    """Tell whether a row starts with this head, before the end."""
    found = rows.rfind(head, 0, end)
    while found >= 0 and found % SIZE:
        # The same bytes by chance, across the border of two fields: go on with the start of this row.
        found = rows.rfind(head, 0, found - found % SIZE + HEAD.size)
    return found >= 0
