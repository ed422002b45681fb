"""The entries of one key, packed: no object per entry, and no set of what is known.

New messages mostly carry a larger id than everything before, which tells that they are new. For the others the rows are
searched, which is one search for bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from typing import Final

from tgslices.model import MAX_INT, SessionKey, TrackedMessage
from tgslices.storage.rows import (
    HEAD,
    ROW,
    SIZE,
    Place,
    Row,
    check_place,
    pack_row,
    place_of,
    unpack_row,
)

_HOME: Final = 0
"""The number of the key's own place: its chat and business connection, nothing ephemeral."""
_NOTHING: Final = -MAX_INT - 2


class PackedSlice:
    """The entries of one key, in the order in which they were added. Stands for the key in a ``KeyIndex``."""

    __slots__ = (
        "_rows",
        "_top",
        "bot_id",
        "business_connection_id",
        "chat_id",
        "places",
        "qualifier",
        "thread_id",
        "user_id",
    )

    def __init__(self, key: SessionKey) -> None:
        """Start without entries."""
        self.bot_id = key.bot_id
        self.chat_id = key.chat_id
        self.user_id = key.user_id
        self.thread_id = key.thread_id
        self.business_connection_id = key.business_connection_id
        self.qualifier = key.qualifier
        self._rows = bytearray()
        self._top = _NOTHING
        self.places: dict[Place, int] | None = None

    def __len__(self) -> int:
        """Return how many entries there are."""
        return len(self._rows) // SIZE

    def key(self) -> SessionKey:
        """Return the key that this stands for."""
        return SessionKey(
            self.bot_id,
            self.chat_id,
            self.user_id,
            self.thread_id,
            self.business_connection_id,
            self.qualifier,
        )

    def add(self, message: TrackedMessage) -> None:
        """Add one entry at the end, unless it is there.

        Raises:
            InvalidTrackedMessage: an id is no 64-bit integer, or a time has no equal in UTC; nothing changed.
        """
        if (
            message.chat_id != self.chat_id
            or message.business_connection_id != self.business_connection_id
            or message.ephemeral_message_id is not None
            or message.receiver_user_id is not None
        ):
            self._add_elsewhere(message)
        elif message.message_id > self._top:
            self._rows += pack_row(message, _HOME)
            self._top = message.message_id
        elif self._find(message.message_id, _HOME) < 0:
            self._rows += pack_row(message, _HOME)

    def messages(self) -> list[TrackedMessage]:
        """Return all entries, in order."""
        places = self._places_by_number()
        return [unpack_row(row, places) for row in ROW.iter_unpack(self._rows)]

    def elsewhere(self) -> list[tuple[int, str | None]]:
        """Return chat and business connection of each place that is not the key's own; empty for nearly all keys."""
        return [] if self.places is None else [place[:2] for place in self.places]

    def take(self, messages: Collection[TrackedMessage]) -> list[TrackedMessage]:
        """Remove these entries; return those that were there, in the slice's order."""
        numbers = {place: number for number, place in enumerate(self._places_by_number())}
        wanted = {
            (message.message_id, number)
            for message in messages
            if (number := numbers.get(place_of(message))) is not None
        }
        return self._take(lambda row: row[:2] in wanted) if wanted else []

    def discard(self, chat_id: int, business_connection_id: str | None, message_ids: Collection[int]) -> int:
        """Remove what is known to be gone; return how many entries were removed."""
        numbers = {
            number
            for number, place in enumerate(self._places_by_number())
            if place[:2] == (chat_id, business_connection_id)
        }
        return len(self._take(lambda row: row[1] in numbers and row[0] in message_ids))

    def _add_elsewhere(self, message: TrackedMessage) -> None:
        places = self.places or {}
        place = place_of(message)
        number = places.get(place)
        if number is None:
            check_place(place)
            number = len(places) + 1
        elif message.message_id <= self._top and self._find(message.message_id, number) >= 0:
            return
        self._rows += pack_row(message, number)
        self._top = max(self._top, message.message_id)
        places[place] = number
        self.places = places

    def _places_by_number(self) -> list[Place]:
        home = (self.chat_id, self.business_connection_id, None, None)
        return [home, *(self.places or ())]

    def _find(self, message_id: int, place: int) -> int:
        """Return where the row of a message starts, or -1. From the end: what comes again, comes soon."""
        head = HEAD.pack(message_id, place)
        found = self._rows.rfind(head)
        while found >= 0 and found % SIZE:
            # The same bytes by chance, across the border of two fields: go on before this row's second byte.
            found = self._rows.rfind(head, 0, found - found % SIZE + HEAD.size)
        return found

    def _take(self, unwanted: Callable[[Row], bool]) -> list[TrackedMessage]:
        places = self._places_by_number()
        taken: list[TrackedMessage] = []
        kept: list[Row] = []
        row: Row
        for row in ROW.iter_unpack(self._rows):
            if unwanted(row):
                taken.append(unpack_row(row, places))
            else:
                kept.append(row)
        if taken:
            self._keep(kept, places)
        return taken

    def _keep(self, rows: Iterable[Row], places: list[Place]) -> None:
        """Start anew with these rows, so that neither places nor room of the others stay behind."""
        self._rows = bytearray()
        self._top = _NOTHING
        self.places = None
        numbers: dict[Place, int] = {}
        for row in rows:
            number = row[1]
            if number != _HOME:
                number = numbers.setdefault(places[number], len(numbers) + 1)
            self._rows += ROW.pack(row[0], number, *row[2:])
            self._top = max(self._top, row[0])
        if numbers:
            self.places = numbers
