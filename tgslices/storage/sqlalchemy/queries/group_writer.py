"""One group of writes: keys opened and entries added, with as few statements as the group allows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from operator import itemgetter
from typing import Any, NamedTuple, TypeAlias, TypeVar

from sqlalchemy.ext.asyncio import AsyncConnection

from tgslices.model import SessionKey, TrackedMessage
from tgslices.storage.ending_protocol import Due
from tgslices.storage.inprocess.shared_keys import Change, opening
from tgslices.storage.protocol import Added
from tgslices.storage.sqlalchemy.database.dialect import Database
from tgslices.storage.sqlalchemy.database.steps import Step, Steps
from tgslices.storage.sqlalchemy.queries.openings import KeyOpener, Opened, Opening
from tgslices.storage.sqlalchemy.queries.owned_keys import OwnedKey, OwnedKeys
from tgslices.storage.sqlalchemy.tables.rows import Values
from tgslices.storage.sqlalchemy.tables.schema import IDENTITY_COLUMNS
from tgslices.storage.sqlalchemy.tables.speller import in_chunks
from tgslices.storage.sqlalchemy.tables.statements import Statements

T = TypeVar("T")

Commit: TypeAlias = Callable[[], None]

Tell: TypeAlias = Callable[[Sequence[Change]], Steps[Commit | None]]
"""Tells others of changes within a transaction; what it returns is called once that is committed."""


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


class GroupWriter:
    """Writes groups over one connection. The result of a write is how many keys it went to.

    Of a message whose one key was opened for it the result is ``Added.OPENED``, of an opening without one whether the
    key was opened now.
    """

    def __init__(
        self,
        connection: AsyncConnection,
        database: Database,
        statements: Statements,
        owned: OwnedKeys | None,
        tell: Tell,
    ) -> None:
        """Write over a connection; where several processes share the database, ``tell`` them what is opened."""
        self._tell = tell
        self._connection = connection
        self._database = database
        self._statements = statements
        self._owned = owned

    async def write(self, group: Sequence[Write]) -> list[int]:
        """Write a group and commit it. What raises has written nothing, or what is harmless to write again."""
        counts = [0] * len(group)
        entries: dict[bool, list[Values]] = {False: [], True: []}
        looked_up: dict[bool, list[_Numbered]] = {False: [], True: []}
        for number, write in enumerate(group):
            if write.owned is not None and write.message is not None:
                row_ids = [owned.row_id for owned in write.owned if owned.row_id is not None]
                entries[write.revives] += [(row_id, *write.message) for row_id in row_ids]
                counts[number] = len(row_ids)
            elif write.match is not None and write.message is not None:
                looked_up[write.revives].append((number, write))
        for revives, numbered in looked_up.items():
            for number, count in await self._record(numbered, revives=revives) if numbered else ():
                counts[number] = count
        missing = [number for number, write in enumerate(group) if write.opening is not None and not counts[number]]
        if any(entries.values()) or missing:
            opened = await self._add(entries, [group[number] for number in missing])
            new = {key for key, row in opened.items() if row.is_new}
            for number in missing:
                counts[number] = _count(group[number], new)
        return counts

    async def _record(self, looked_up: Sequence[_Numbered], *, revives: bool) -> list[tuple[int, int]]:
        """Add messages to whatever keys match in the database; return numbers of writes and how many keys matched."""
        parts = self._parts_of(looked_up, revives=revives)
        return await self._take(self._recording(parts, revives=revives), single=len(parts) == 1)

    def _recording(self, parts: Sequence[Sequence[_Numbered]], *, revives: bool) -> Steps[list[tuple[int, int]]]:
        statement = self._statements.add if revives else self._statements.record
        counted: list[tuple[int, int]] = []
        for part in parts:
            rows = [(number, *(write.match or ()), *(write.message or ())) for number, write in part]
            counted += self._counts(part, (yield Step(statement, rows)))
        return counted

    async def _take(self, steps: Steps[T], *, single: bool) -> T:
        """Take steps in one transaction; *single* ones are one statement."""
        if not single:
            return await self._database.transact(self._connection, steps, done=_go_on)
        async with self._database.single(self._connection):
            return await self._database.take(self._connection, steps)

    def _parts_of(self, looked_up: Sequence[_Numbered], *, revives: bool) -> Sequence[Sequence[_Numbered]]:
        """Split writes into what one statement takes.

        A row that is made an entry again must not be met twice by one statement. A second part locks nothing that the
        first has not locked, because everybody locks keys in one order.
        """
        if not self._database.record_counts:
            return _each_once(looked_up, _identity_of)
        return _each_once(looked_up, _target_of) if revives else [looked_up]

    def _counts(self, part: Sequence[_Numbered], found: Sequence[Any]) -> Iterable[tuple[int, int]]:
        if self._database.record_counts:
            return found
        numbers = {_identity_of(numbered): numbered[0] for numbered in part}
        return Counter(numbers[row[1:]] for row in set(found)).items()

    async def _add(self, entries: dict[bool, list[Values]], missing: Sequence[Write]) -> dict[SessionKey, Opened]:
        """Make keys that are missing, and add entries to keys whose rows are known."""
        kinds = [rows for rows in entries.values() if rows]
        lone = not missing and len(kinds) == 1 and len(kinds[0]) <= self._database.max_rows
        opening = [write.opening for write in missing if write.opening is not None and write.is_open]
        if self._owned is not None:
            self._owned.doubt(opening)
        opened, told = await self._take(self._adding(entries, missing), single=lone)
        if told is not None:
            told()
        if self._owned is not None:
            for key in opening:
                self._owned.ascertain(key, opened[key].row_id, opened[key].after_id)
        return opened

    def _adding(
        self, entries: dict[bool, list[Values]], missing: Sequence[Write]
    ) -> Steps[tuple[dict[SessionKey, Opened], Commit | None]]:
        opened = (yield from self._opening(missing)) if missing else {}
        told = yield from self._tell([opening(key, row.row_id) for key, row in opened.items() if row.is_new])
        for revives, rows in entries.items():
            yield from self._inserting(rows + _first_entries(missing, opened, revives=revives), revives=revives)
        return opened, told

    def _opening(self, missing: Sequence[Write]) -> Steps[dict[SessionKey, Opened]]:
        """Make or open keys."""
        opener = KeyOpener(self._database, self._statements)
        openings = [
            Opening(write.opening, write.opened_at if write.is_open else None, write.outside, write.due)
            for write in missing
            if write.opening is not None
        ]
        return opener.opening(openings, known=self._known_among(openings))

    def _known_among(self, openings: Sequence[Opening]) -> dict[SessionKey, Opened] | None:
        """Return which keys are open, as far as that is in memory."""
        if self._owned is None:
            return None
        there = {it.key: self._owned.get(it.key) for it in openings}
        return {
            key: Opened(owned.row_id, owned.after_id, False)
            for key, owned in there.items()
            if owned is not None and owned.row_id is not None
        }

    def _inserting(self, rows: Sequence[Values], *, revives: bool) -> Steps[None]:
        statement = self._statements.revive_entries if revives else self._statements.insert_entries
        for part in _each_once(rows, _entry_of) if revives else [rows]:
            for chunk in in_chunks(sorted(part, key=itemgetter(0)), self._database.max_rows):
                yield Step(statement, chunk)


_Numbered: TypeAlias = tuple[int, Write]


def _count(write: Write, new: set[SessionKey]) -> int:
    """Return what is told of a write whose key was missing. Of several writes that open a key the first one did it."""
    is_opened = write.is_open and write.opening in new
    if is_opened and write.opening is not None:
        new.remove(write.opening)
    if write.message is None:
        return int(is_opened)
    return Added.OPENED if is_opened else Added.HELD


def _first_entries(missing: Sequence[Write], opened: dict[SessionKey, Opened], *, revives: bool) -> list[Values]:
    """Return the rows of messages whose keys were made for them."""
    return [
        (opened[write.opening].row_id, *write.message)
        for write in missing
        if write.opening is not None and write.message is not None and write.revives is revives
    ]


def _go_on() -> None:
    """Do nothing: a group that fails is written again whatever failed."""


def _identity_of(numbered: _Numbered) -> Values:
    """Return what identifies the message of a write."""
    return (numbered[1].message or ())[: len(IDENTITY_COLUMNS)]


def _target_of(numbered: _Numbered) -> Values:
    """Return what identifies the message of a write, and the keys that it is for."""
    return (*(numbered[1].match or ()), *_identity_of(numbered))


def _entry_of(row: Values) -> Values:
    """Return what identifies a row of entries: its key and its message."""
    return row[: 1 + len(IDENTITY_COLUMNS)]


def _each_once(items: Iterable[T], identity_of: Callable[[T], Values]) -> list[list[T]]:
    """Split items so that no part has two of the same identity, the first ones first."""
    parts: list[list[T]] = []
    seen: Counter[Values] = Counter()
    for item in items:
        identity = identity_of(item)
        if seen[identity] == len(parts):
            parts.append([])
        parts[seen[identity]].append(item)
        seen[identity] += 1
    return parts
