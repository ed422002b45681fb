"""The entries of one key, packed: no object per entry, and no set of what is known.

New messages mostly carry a larger id than everything before, which tells that they are new. For the others the rows are
searched, which is a search for bytes; of a long slice only those blocks of rows are searched whose ids allow it.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from tgslices.model import MAX_INT, SessionKey, TrackedMessage
from tgslices.storage.rows import HEAD, HEADS, ROW, SIZE, Place, check_place, pack_row, place_of, unpack_row

_HOME: Final = 0
"""The number of the key's own place: its chat and business connection, nothing ephemeral."""
_NOTHING: Final = -MAX_INT - 2
_BLOCK: Final = 256 * SIZE


class PackedSlice:
    """The entries of one key, in the order in which they were added. Stands for the key in a ``KeyIndex``."""

    __slots__ = (
        "_blocks",
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

    _rows: bytearray
    _top: int
    _blocks: list[tuple[int, int]] | None
    places: dict[Place, tuple[int, int]] | None
    """Each place but the key's own, with its number and the largest id seen there; None for nearly all keys."""

    def __init__(self, key: SessionKey) -> None:
        """Start without entries."""
        self.bot_id = key.bot_id
        self.chat_id = key.chat_id
        self.user_id = key.user_id
        self.thread_id = key.thread_id
        self.business_connection_id = key.business_connection_id
        self.qualifier = key.qualifier
        self.empty()

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
        elif not self._has(message.message_id, _HOME):
            self._rows += pack_row(message, _HOME)

    def messages(self) -> list[TrackedMessage]:
        """Return all entries, in order."""
        places = self._by_number()
        return [unpack_row(row, places) for row in ROW.iter_unpack(self._rows)]

    def chats(self) -> list[tuple[int, str | None]]:
        """Return chat and business connection of every place but the key's own."""
        return [place[:2] for place in self.places or ()]

    def take(self, messages: Collection[TrackedMessage]) -> list[TrackedMessage]:
        """Remove these entries; return those that were there, in the slice's order."""
        numbers = {place: number for number, place in self._by_number().items()}
        return self._take({(message.message_id, numbers.get(place_of(message), -1)) for message in messages})

    def discard(self, chat_id: int, business_connection_id: str | None, message_ids: Collection[int]) -> int:
        """Remove what is known to be gone; return how many entries were removed."""
        chat = (chat_id, business_connection_id)
        numbers = [number for number, place in self._by_number().items() if place[:2] == chat]
        return len(self._take({(message_id, number) for message_id in message_ids for number in numbers}))

    def empty(self) -> None:
        """Remove every entry."""
        self._rows = bytearray()
        self._top = _NOTHING
        self._blocks = None
        self.places = None

    def _add_elsewhere(self, message: TrackedMessage) -> None:
        places = self.places or {}
        place = place_of(message)
        if place in places:
            number, top = places[place]
            if message.message_id <= top and self._has(message.message_id, number):
                return
        else:
            check_place(place)
            # The place added last has the largest number.
            number, top = (next(reversed(places.values()))[0] + 1 if places else _HOME + 1), _NOTHING
        self._rows += pack_row(message, number)
        places[place] = (number, max(top, message.message_id))
        self.places = places

    def _by_number(self) -> dict[int, Place]:
        by_number: dict[int, Place] = {_HOME: (self.chat_id, self.business_connection_id, None, None)}
        for place, (number, _) in (self.places or {}).items():
            by_number[number] = place
        return by_number

    def _has(self, message_id: int, place: int) -> bool:
        """Tell whether there is such a row. From the end, because what comes again comes soon."""
        head = HEAD.pack(message_id, place)
        blocks = self._fence()
        if self._search(head, len(blocks) * _BLOCK, len(self._rows)):
            return True
        return any(
            self._search(head, number * _BLOCK, (number + 1) * _BLOCK)
            for number in range(len(blocks) - 1, -1, -1)
            if blocks[number][0] <= message_id <= blocks[number][1]
        )

    def _search(self, head: bytes, start: int, end: int) -> bool:
        found = self._rows.rfind(head, start, end)
        while found >= 0 and found % SIZE:
            # The same bytes by chance, across the border of two fields: go on with the start of this row.
            found = self._rows.rfind(head, start, found - found % SIZE + HEAD.size)
        return found >= 0

    def _fence(self) -> list[tuple[int, int]]:
        """Return the smallest and the largest id of each block that is full."""
        if len(self._rows) < _BLOCK:
            return []
        blocks = self._blocks = self._blocks or []
        while (end := (len(blocks) + 1) * _BLOCK) <= len(self._rows):
            ids = [message_id for message_id, _ in HEADS.iter_unpack(self._rows[end - _BLOCK : end])]
            blocks.append((min(ids), max(ids)))
        return blocks

    def _take(self, wanted: set[tuple[int, int]]) -> list[TrackedMessage]:
        """Remove the rows with these ids and numbers of places."""
        heads = HEADS.iter_unpack(self._rows) if wanted else ()
        starts = [row * SIZE for row, head in enumerate(heads) if head in wanted]
        if not starts:
            return []
        places = self._by_number()
        taken = [unpack_row(ROW.unpack_from(self._rows, start), places) for start in starts]
        if len(taken) == len(self):
            self.empty()
        else:
            self._cut(starts)
        return taken

    def _cut(self, starts: list[int]) -> None:
        """Remove the rows that start there, and the places that are in no row any more."""
        kept_from = (0, *(start + SIZE for start in starts))
        kept_to = (*starts, len(self._rows))
        self._rows = bytearray().join(self._rows[a:b] for a, b in zip(kept_from, kept_to, strict=True))
        self._blocks = None
        if self.places is not None:
            used = {number for _, number in HEADS.iter_unpack(self._rows)}
            self.places = {place: it for place, it in self.places.items() if it[0] in used} or None
