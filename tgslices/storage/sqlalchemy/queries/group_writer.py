"""One group of writes: keys opened and entries added, with as few statements as the group allows.

Where a trip takes any number of statements, whole transactions join the group as well.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from operator import itemgetter
from typing import Any, NamedTuple, TypeAlias, TypeVar

from sqlalchemy.ext.asyncio import AsyncConnection

from tgslices.model import SessionKey
from tgslices.storage.inprocess.shared_keys import Change, opening
from tgslices.storage.protocol import Added
from tgslices.storage.sqlalchemy.database.dialect import Database
from tgslices.storage.sqlalchemy.database.steps import Step, Steps
from tgslices.storage.sqlalchemy.queries.openings import KeyOpener, Opened, Opening
from tgslices.storage.sqlalchemy.queries.owned_keys import OwnedKeys
from tgslices.storage.sqlalchemy.queries.writes import Joining, Numbered, Plan, Write, opening_among, plans_of
from tgslices.storage.sqlalchemy.tables.rows import Values
from tgslices.storage.sqlalchemy.tables.schema import IDENTITY_COLUMNS
from tgslices.storage.sqlalchemy.tables.speller import in_chunks
from tgslices.storage.sqlalchemy.tables.statements import Statements

T = TypeVar("T")

Commit: TypeAlias = Callable[[], None]

Tell: TypeAlias = Callable[[Sequence[Change]], Steps[Commit | None]]
"""Tells others of changes within a transaction; what it returns is called once that is committed."""


class _Done(NamedTuple):
    """What became of a group: results by number, the keys that were opened, and what follows the commit."""

    results: dict[int, Any]
    opened: dict[SessionKey, Opened]
    told: Commit | None


class GroupWriter:
    """Writes groups over one connection. The result of a write is how many keys it went to.

    Of a message whose one key was opened for it the result is ``Added.OPENED``, of an opening without one whether the
    key was opened now. The result of what joins is what its steps return.
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

    async def write(self, group: Sequence[Write | Joining]) -> list[Any]:
        """Write a group and commit it. What raises has written nothing, or what is harmless to write again."""
        plans = plans_of(group)
        if self._database.one_writer:
            results = await self._write_together(plans)
        else:  # where nothing joins, so that it is one
            results = await self._write_in_parts(plans[0])
        for number, joining in ((number, it) for plan in plans for number, it in plan.joining.items()):
            if joining.then is not None:
                joining.then(results[number])
        return [results.get(number, 0) for number in range(len(group))]

    async def _write_together(self, plans: Sequence[Plan]) -> dict[int, Any]:
        """Write everything in one transaction, which is a trip."""
        if self._owned is not None:
            self._owned.doubt([key for plan in plans for key in plan.changing()])
        results: dict[int, Any] = {}
        for done in await self._take(self._writing_all(plans), single=len(plans) == 1 and self._is_single(plans[0])):
            self._opened(done)
            results |= done.results
        return results

    async def _write_in_parts(self, plan: Plan) -> dict[int, Any]:
        """Write each part in a transaction of its own, because most groups are one statement, and that is a trip."""
        counts = dict(plan.counts)
        for revives, numbered in plan.looked_up.items():
            if parts := self._parts_of(numbered, revives=revives):
                counts |= await self._take(self._recording(parts, revives=revives), single=len(parts) == 1)
        if missing := plan.missing(counts):
            done = await self._take(self._adding(plan.entries, missing), single=False)
            self._opened(done)
            counts |= done.results
        return counts

    def _is_single(self, plan: Plan) -> bool:
        """Tell whether a group is one statement."""
        if plan.joining or plan.missing(plan.counts):
            return False
        parts: list[Sequence[Any]] = [*plan.entries.values()]
        for revives, numbered in plan.looked_up.items():
            parts += self._parts_of(numbered, revives=revives)
        return [len(part) <= self._database.max_rows for part in parts if part] == [True]

    def _writing_all(self, plans: Sequence[Plan]) -> Steps[list[_Done]]:
        done: list[_Done] = []
        for plan in plans:
            done.append((yield from self._writing(plan)))  # noqa: PERF401  # a comprehension cannot yield
        return done

    def _writing(self, plan: Plan) -> Steps[_Done]:
        counts = dict(plan.counts)
        for revives, numbered in plan.looked_up.items():
            parts = self._parts_of(numbered, revives=revives)
            counts |= yield from self._recording(parts, revives=revives)
        done = yield from self._adding(plan.entries, plan.missing(counts))
        results = counts | done.results
        for number, joining in plan.joining.items():
            results[number] = yield from joining.steps()
        return done._replace(results=results)

    def _recording(self, parts: Sequence[Sequence[Numbered]], *, revives: bool) -> Steps[dict[int, int]]:
        """Add messages to whatever keys match in the database; return how many matched each that any did."""
        statement = self._statements.add if revives else self._statements.record
        counted: dict[int, int] = {}
        for part in parts:
            rows = [(number, *(write.match or ()), *(write.message or ())) for number, write in part]
            counted.update(self._counts(part, (yield Step(statement, rows))))
        return counted

    async def _take(self, steps: Steps[T], *, single: bool) -> T:
        """Take steps in one transaction; *single* ones are one statement."""
        if not single:
            return await self._database.transact(self._connection, steps, done=_go_on)
        async with self._database.single(self._connection):
            return await self._database.take(self._connection, steps)

    def _opened(self, done: _Done) -> None:
        if done.told is not None:
            done.told()
        if self._owned is not None:
            for key, opened in done.opened.items():
                self._owned.ascertain(key, opened.row_id, opened.after_id)

    def _parts_of(self, looked_up: Sequence[Numbered], *, revives: bool) -> Sequence[Sequence[Numbered]]:
        """Split writes into what one statement takes.

        A row that is made an entry again must not be met twice by one statement. A second part locks nothing that the
        first has not locked, because everybody locks keys in one order.
        """
        if not self._database.record_counts:
            return _each_once(looked_up, _identity_of)
        return _each_once(looked_up, _target_of) if revives else [looked_up] if looked_up else []

    def _counts(self, part: Sequence[Numbered], found: Sequence[Any]) -> Iterable[tuple[int, int]]:
        if self._database.record_counts:
            return found
        numbers = {_identity_of(numbered): numbered[0] for numbered in part}
        return Counter(numbers[row[1:]] for row in set(found)).items()

    def _adding(self, entries: dict[bool, list[Values]], missing: Sequence[Numbered]) -> Steps[_Done]:
        """Make keys that are missing, and add entries to keys whose rows are known."""
        writes = [write for _, write in missing]
        opened = (yield from self._opening(writes)) if missing else {}
        told = yield from self._tell([opening(key, row.row_id) for key, row in opened.items() if row.is_new])
        for revives, rows in entries.items():
            yield from self._inserting(rows + _first_entries(writes, opened, revives=revives), revives=revives)
        new = {key for key, row in opened.items() if row.is_new}
        results = {number: _count(write, new) for number, write in missing}
        return _Done(results, {key: opened[key] for key in opening_among(missing)}, told)

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


def _identity_of(numbered: Numbered) -> Values:
    """Return what identifies the message of a write."""
    return (numbered[1].message or ())[: len(IDENTITY_COLUMNS)]


def _target_of(numbered: Numbered) -> Values:
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
