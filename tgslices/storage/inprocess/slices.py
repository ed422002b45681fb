"""The entries of one key, packed into one ``bytearray``: no object per entry, and no set of what is there.

New messages mostly carry a larger id than everything before, which tells that they are new. Others are looked for from
the end: a row marked ``TOP`` with a smaller id says that the id is not before it either. So an answer that came a
little late is settled after a few rows. What is not settled then is left to one search for bytes.

A row marked ``HIDDEN`` keeps the place of an entry that was discarded by hand: no list shows it.

Past 300 lines, because whatever moves a row has to keep its marks right.
"""

from __future__ import annotations

from collections.abc import Collection, Generator, Iterable
from typing import Final, TypeAlias

from tgslices.event_loop.work_in_turns import PORTION
from tgslices.model import Gone, TrackedMessage
from tgslices.storage.inprocess.numbered_values import Numbered
from tgslices.storage.inprocess.packed_rows import (
    BUTTONS,
    HEAD,
    HEADS,
    HIDDEN,
    HOME,
    MARKS_AT,
    NO_ALBUM,
    ROW,
    SIZE,
    TOP,
    TOP_AT_HOME,
    Place,
    Row,
    album_of,
    check_place,
    head_and_marks_at,
    id_at,
    pack_row,
    place_of,
    unpack_row,
)

Rows: TypeAlias = bytearray
"""The entries of one key, in the order in which they were added."""

Chat: TypeAlias = tuple[int, str | None]
"""A chat's id and the business connection, which makes it another chat."""

_LOOK_BACK: Final = 32 * SIZE

MANY: Final = 64 * SIZE
"""From so many bytes of rows on, a message is guessed at before it is searched for."""

_GUESSES: Final = 4


class Slices:
    """What the rows of all keys of one storage have in common: places that are not home, and albums.

    ``home`` is always the chat of the key that the rows are under.
    """

    __slots__ = ("_albums", "_places", "_was_any_hidden")

    def __init__(self) -> None:
        self._places: Numbered[Place] = Numbered()
        self._albums: Numbered[str] = Numbered()
        self._was_any_hidden = False

    def record(self, rows: Rows, home: Chat, message: TrackedMessage) -> None:
        """Add one entry at the end, unless it is there, in a list or hidden.

        Raises:
            InvalidTrackedMessage: an id is no 64-bit integer, or a time has no equal in UTC; nothing changed.
        """
        place = place_of(message)
        if place == (*home, None, None):
            if (marks := _marks_if_new(rows, message.message_id, HOME)) is not None:
                self._append(rows, message, HOME, marks)
            return
        there = self._places.find(place)
        marks = TOP if there is None else _marks_if_new(rows, message.message_id, there)
        if marks is None:
            return
        if there is None:
            check_place(place)
        number = self._places.take(place)
        try:
            self._append(rows, message, number, marks)
        except BaseException:
            self._places.leave(number)
            raise

    def add(self, rows: Rows, home: Chat, message: TrackedMessage) -> None:
        """Add one entry at the end, unless it is in the list. Raises what :meth:`record` raises."""
        before = len(rows)
        self.record(rows, home, message)
        if len(rows) == before and self._was_any_hidden:
            pack_row(message, HOME, 0)  # refuses what cannot be kept before anything has changed
            self._cut(rows, [start for start in self._starts(rows, home, [message]) if _is_hidden(rows, start)])
            self.record(rows, home, message)

    def messages(self, rows: Rows, home: Chat) -> list[TrackedMessage]:
        """Return all entries, in order."""
        if not self._was_any_hidden:
            return [self._message(row, home) for row in ROW.iter_unpack(rows)]
        return [self._message(row, home) for row in ROW.iter_unpack(rows) if not row[2] & HIDDEN]

    def reading(self, rows: Rows, home: Chat) -> Generator[None, None, list[TrackedMessage] | None]:
        """Return all entries as they are now, in order; yield often. None when some were removed meanwhile."""
        snapshot, messages = bytes(rows), list[TrackedMessage]()
        for start in range(0, len(snapshot), PORTION * SIZE):
            portion = snapshot[start : start + PORTION * SIZE]
            if rows[start : start + len(portion)] != portion:
                return None  # the numbers of places and albums may be those of others by now
            messages += self.messages(bytearray(portion), home)
            yield
        return messages

    def is_listed(self, rows: Rows, home: Chat, message: TrackedMessage) -> bool | None:
        """Tell whether a message is in the list; None if it is not even hidden."""
        for start in self._starts(rows, home, [message]):
            return not _is_hidden(rows, start)
        return None

    def number_of(self, chat: Chat) -> int | None:
        """Return the number of a chat for the keys of others; None where no key holds anything of it."""
        return self._places.find((*chat, None, None))

    def newest(self, rows: Rows, home: Chat, most: int) -> list[TrackedMessage]:
        """Return up to ``most`` messages from the end, hidden or not, in order."""
        start = max(len(rows) - most * SIZE, 0)
        return [self._message(row, home) for row in ROW.iter_unpack(rows[start:])]

    def chats(self, rows: Rows) -> set[Chat]:
        """Return the chats that a key's entries are in, but for its own; its own among them if some are ephemeral."""
        if not self._places:
            return set()
        numbers = {number for _, number in HEADS.iter_unpack(rows)} - {HOME}
        return {self._places[number][:2] for number in numbers}

    def take(self, rows: Rows, home: Chat, messages: Iterable[TrackedMessage]) -> list[TrackedMessage]:
        """Remove messages, hidden or not; return the ones that were there, in the slice's order."""
        return self._take(rows, home, self._starts(rows, home, messages))

    def take_listed(
        self, rows: Rows, home: Chat, messages: Iterable[TrackedMessage], limit: int | None
    ) -> list[TrackedMessage]:
        """Remove the first ``limit`` of these messages that are in the list; return them, in the slice's order."""
        starts = self._starts(rows, home, messages)
        return self._take(rows, home, [start for start in starts if not _is_hidden(rows, start)][:limit])

    def take_first(self, rows: Rows, home: Chat, limit: int | None) -> list[TrackedMessage]:
        """Remove the first ``limit`` messages, hidden or not; return them in order."""
        return self._take(rows, home, list(range(0, len(rows), SIZE))[:limit])

    def discard(self, rows: Rows, home: Chat, gone: Gone) -> list[TrackedMessage]:
        """Remove the messages that are gone, hidden or not; return them in order."""
        return self._take(rows, home, self._starts_of_gone(rows, home, gone))

    def hide(self, rows: Rows, home: Chat, gone: Gone) -> int:
        """Hide the entries of messages that are gone; return how many were in the list."""
        starts = [start for start in self._starts_of_gone(rows, home, gone) if not _is_hidden(rows, start)]
        for start in starts:
            rows[start + MARKS_AT] |= HIDDEN
            self._was_any_hidden = True
        return len(starts)

    def note_buttons(self, rows: Rows, home: Chat, chat: Chat, message_id: int, *, has_buttons: bool) -> bool:
        """Set whether the message of a chat has buttons, hidden or not; return whether that changed a row."""
        number = HOME if chat == home else self.number_of(chat)
        start = -1 if number is None else _start_of(rows, HEAD.pack(message_id, number), len(rows))
        if start < 0 or bool(rows[start + MARKS_AT] & BUTTONS) is has_buttons:
            return False
        rows[start + MARKS_AT] ^= BUTTONS
        return True

    def drop(self, rows: Rows) -> int:
        """Remove every message; return how many were in the list."""
        dropped = self.count(rows)
        self._leave(rows)
        rows.clear()
        return dropped

    def count(self, rows: Rows) -> int:
        """Return how many messages are in the list."""
        hidden = sum(row[2] & HIDDEN > 0 for row in ROW.iter_unpack(rows)) if self._was_any_hidden else 0
        return len(rows) // SIZE - hidden

    def move(self, rows: Rows, home: Chat, target: Rows, target_home: Chat) -> None:
        """Move every message behind those of another key; what is hidden stays so."""
        for row in list(ROW.iter_unpack(rows)):
            message, before = self._message(row, home), len(target)
            if row[2] & HIDDEN:
                self.record(target, target_home, message)
                if len(target) > before:
                    target[before + MARKS_AT] |= HIDDEN
            else:
                self.add(target, target_home, message)
        self.drop(rows)

    def _append(self, rows: Rows, message: TrackedMessage, place: int, marks: int) -> None:
        if message.media_group_id is None:
            rows += pack_row(message, place, marks)
            return
        album = self._albums.take(message.media_group_id)
        try:
            rows += pack_row(message, place, marks, album)
        except BaseException:
            self._albums.leave(album)
            raise

    def _message(self, row: Row, home: Chat) -> TrackedMessage:
        place = (*home, None, None) if row[1] == HOME else self._places[row[1]]
        album = album_of(row)
        return unpack_row(row, place, None if album == NO_ALBUM else self._albums[album])

    def _starts(self, rows: Rows, home: Chat, messages: Iterable[TrackedMessage]) -> list[int]:
        """Return where the rows of these messages start, hidden or not."""
        own = (*home, None, None)
        wanted = {
            (message.message_id, HOME if (place := place_of(message)) == own else self._places.find(place))
            for message in messages
        }
        starts: list[int] = []
        for row, head in enumerate(HEADS.iter_unpack(rows) if wanted else ()):
            if head in wanted:
                starts.append(row * SIZE)
                if len(starts) == len(wanted):
                    break  # a session is cleared from its begin
        return starts

    def _starts_of_gone(self, rows: Rows, home: Chat, gone: Gone) -> list[int]:
        ids = gone.message_ids if gone.receiver_user_id is None else None
        starts = [row * SIZE for row, head in enumerate(HEADS.iter_unpack(rows)) if ids is None or head[0] in ids]
        return [start for start in starts if gone.covers(self._message(ROW.unpack_from(rows, start), home))]

    def _take(self, rows: Rows, home: Chat, starts: list[int]) -> list[TrackedMessage]:
        taken = [self._message(ROW.unpack_from(rows, start), home) for start in starts]
        self._cut(rows, starts)
        return taken

    def _leave(self, rows: bytes | bytearray) -> None:
        if self._places:
            for _, number in HEADS.iter_unpack(rows):
                self._places.leave(number)
        if self._albums:
            for row in ROW.iter_unpack(rows):
                self._albums.leave(album_of(row))

    def _cut(self, rows: Rows, starts: Collection[int]) -> None:
        """Remove the rows that start there."""
        if not starts:
            return
        if len(starts) * SIZE == len(rows):
            self._leave(rows)
            rows.clear()
            return
        self._leave(b"".join(rows[start : start + SIZE] for start in starts))
        kept_from = (0, *(start + SIZE for start in starts))
        kept_to = (*starts, len(rows))
        rows[:] = b"".join(rows[a:b] for a, b in zip(kept_from, kept_to, strict=True))


def holds(rows: Rows, head: bytes) -> bool:
    """Tell whether one of the rows starts with a head, hidden or not."""
    found = rows.rfind(head)
    return found >= 0 and (not found % SIZE or _is_within(rows, head, len(rows)))


def stands_evenly(rows: Rows, head: bytes, message_id: int) -> bool:
    """Tell whether a message of this head is found by guessing from the ids around it; False says nothing.

    Ids of a slice mostly grow evenly. What is guessed is checked, so that rows in any order mislead nobody.
    """
    low, high = 0, len(rows) // SIZE - 1
    first, last = id_at(rows, 0)[0], id_at(rows, high * SIZE)[0]
    for _ in range(_GUESSES):
        if not first <= message_id <= last:
            return False
        at = low + (message_id - first) * (high - low) // (last - first or 1)
        if rows.startswith(head, at * SIZE):
            return True
        there = id_at(rows, at * SIZE)[0]
        if there < message_id:
            low, first = at, there
        else:
            high, last = at, there
    return False


def _is_hidden(rows: Rows, start: int) -> bool:
    return rows[start + MARKS_AT] & HIDDEN > 0


def _marks_if_new(rows: Rows, message_id: int, place: int) -> int | None:
    """Return the marks of a row that is to be added, or None for one that is there.

    ``TOP`` only if the id is certainly larger than all before at its place; without it, that is not known.
    """
    top = TOP | TOP_AT_HOME if place == HOME else TOP
    stop = max(len(rows) - _LOOK_BACK, 0)
    for start in range(len(rows) - SIZE, stop - SIZE, -SIZE):
        there, number, marks = head_and_marks_at(rows, start)
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
    return _start_of(rows, head, end) >= 0


def _start_of(rows: Rows, head: bytes, end: int) -> int:
    """Return where the last row before the end starts that has this head; a negative number if none does."""
    found = rows.rfind(head, 0, end)
    while found >= 0 and found % SIZE:
        # The same bytes by chance, across the border of two fields: go on with the start of this row.
        found = rows.rfind(head, 0, found - found % SIZE + HEAD.size)
    return found
