"""Sets marks, goes back to them, and drops them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress

from aiogram import Bot

from tgslices.data.handle import DataHandle
from tgslices.data.process_holds import Holds
from tgslices.ending.clearing import Clearing
from tgslices.errors import ConfigurationError, DataConflict, UnknownMark, quoted
from tgslices.recording.handles_of_key import SharedKey
from tgslices.recording.tracker import Tracker
from tgslices.results import ClearResult
from tgslices.rewind.mark import MARKS, NAME, Mark, is_rewound, mark_of, values_at
from tgslices.storage.data_protocol import StoredData


class Marking:
    """The marks of one bot's sessions."""

    def __init__(self, tracker: Tracker, clearing: Clearing, holds: Holds) -> None:
        self._tracker = tracker
        self._clearing = clearing
        self._holds = holds

    async def mark(self, shared: SharedKey, name: str) -> None:
        """Do what :meth:`Session.mark <tgslices.session.Session.mark>` promises."""
        require_name(name)
        await shared.outlast_sends()
        await self._tracker.catch_up()
        deadline = asyncio.get_running_loop().time() + self._holds.patience.total_seconds()
        while True:
            try:
                async with self._kept(shared) as marks:
                    made = await self._made(shared, name)
                    marks[:] = [*(mark for mark in marks if mark.name != name), made]
            except DataConflict:  # somebody has ended or cleared the session since
                if asyncio.get_running_loop().time() > deadline:
                    raise
            else:
                return

    async def _made(self, shared: SharedKey, name: str) -> Mark:
        """Return a mark of the present; whoever drops marks or data meanwhile comes before it or after it."""
        entries = await self._tracker.keys.finally_at(shared, self._tracker.storage.list)
        stored = {**await self._stored(shared), **self._holds.unwritten(shared)}
        return mark_of(name, entries, stored)

    async def rewind(self, shared: SharedKey, bot: Bot, name: str, *, data: bool) -> ClearResult:
        """Do what :meth:`Session.rewind <tgslices.session.Session.rewind>` promises; a shutdown waits for it.

        Whatever comes between two of its steps, the same call again does the rest.
        """
        require_name(name)
        with self._tracker.progress.working():
            mark = self._find(await self._kept(shared).read(), name)
            result = await self._clearing.clear(shared, bot, lambda entry: not mark.covers(entry), neutralise=False)
            await self._go_back(shared, mark, data=data)
            return result

    @asynccontextmanager
    async def step(self, shared: SharedKey, bot: Bot, name: str) -> AsyncIterator[None]:
        """Do what :meth:`Session.step <tgslices.session.Session.step>` promises."""
        await self.mark(shared, name)
        try:
            yield
        except Exception:
            with suppress(UnknownMark):  # the session has ended inside: what raised is what is to be told
                await self.rewind(shared, bot, name, data=True)
            raise

    async def drop(self, shared: SharedKey) -> None:
        """Drop all marks of a session."""
        put_data = self._tracker.storage.put_data
        await self._tracker.keys.wherever(shared, lambda key: put_data(key, {NAME: None}))

    def _kept(self, shared: SharedKey) -> DataHandle[list[Mark]]:
        return DataHandle(self._holds, shared, MARKS)

    def _find(self, marks: list[Mark], name: str) -> Mark:
        mark = next((mark for mark in marks if mark.name == name), None)
        if mark is None:
            raise UnknownMark(name, tuple(kept.name for kept in marks))
        return mark

    async def _stored(self, shared: SharedKey) -> dict[str, StoredData]:
        read_data, now = self._tracker.storage.read_data, self._tracker.clock()
        return await self._tracker.keys.finally_at(shared, lambda key: read_data(key, now=now))

    async def _go_back(self, shared: SharedKey, mark: Mark, *, data: bool) -> None:
        """Drop later marks and give the data the values that it had, in one step: who goes back at once comes next.

        Where the mark is gone, or was set again, somebody else has ended the session or gone back further since.
        """
        held = self._holds.of_this_task_in(shared)
        own = {name for name, its in held.items() if its.ends_with_session}

        def present_in(stored: Mapping[str, StoredData]) -> set[str]:
            return own | {name for name, its in stored.items() if name not in held and is_rewound(name, its)}

        def decide(found: Mapping[str, StoredData]) -> Mapping[str, StoredData | None]:
            marks, now = MARKS.value_of(found.get(NAME)), self._tracker.clock()
            at = next((at for at, kept in enumerate(marks) if kept.is_at(mark)), None)
            if at is None:
                return {}
            left = marks[: at + 1]
            dropped = {} if left == marks else {NAME: MARKS.stored(MARKS.coding.encode(left), now)}
            return {**dropped, **(values_at(marks[at], present_in(found), now) if data else {})}

        names = {*mark.values, *present_in(await self._stored(shared))} if data else set[str]()
        await self._holds.change(shared, {NAME, *names}, decide)

    async def forget(self, shared: SharedKey, fragment: str) -> None:
        """Take what marks remember of a fragment out of them."""

        def take_out(marks: list[Mark]) -> None:
            for mark in marks:
                mark.values.pop(fragment, None)

        if any(fragment in mark.values for mark in await self._kept(shared).read()):
            await self._kept(shared).update(take_out)


def require_name(name: object) -> None:
    """Refuse what names no mark.

    Raises:
        ConfigurationError: it is no text, or an empty one.
    """
    if not isinstance(name, str) or not name:
        raise ConfigurationError(f"A mark cannot be called {quoted(name)}.", 'Give a text: mark("size").')
