"""Sets marks, goes back to them, and drops them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

from aiogram import Bot

from tgslices.data.handle import DataHandle
from tgslices.data.process_holds import Holds
from tgslices.ending.clearing import Clearing
from tgslices.errors import ConfigurationError, UnknownMark, quoted
from tgslices.recording.handles_of_key import SharedKey
from tgslices.recording.tracker import Tracker
from tgslices.results import ClearResult
from tgslices.rewind.mark import MARKS, NAME, Mark, Value, is_rewound, mark_of
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
        entries = await self._tracker.storage.list(shared.key)
        stored = {**await self._stored(shared), **self._holds.unwritten(shared)}
        made = mark_of(name, entries, stored)

        def put(marks: list[Mark]) -> None:
            marks[:] = [*(mark for mark in marks if mark.name != name), made]

        await self._kept(shared).update(put)

    async def rewind(self, shared: SharedKey, bot: Bot, name: str, *, data: bool) -> ClearResult:
        """Do what :meth:`Session.rewind <tgslices.session.Session.rewind>` promises; a shutdown waits for it.

        Whatever comes between two of its steps, the same call again does the rest.
        """
        require_name(name)
        with self._tracker.progress.working():
            mark = self._find(await self._kept(shared).read(), name)
            result = await self._clearing.clear(shared, bot, lambda entry: not mark.covers(entry), neutralise=False)
            if data:
                await self._give_back(shared, mark)

            def drop_later(marks: list[Mark]) -> None:
                at = next((at for at, kept in enumerate(marks) if kept.name == name), len(marks))
                del marks[at + 1 :]

            await self._kept(shared).update(drop_later)
            return result

    @asynccontextmanager
    async def step(self, shared: SharedKey, bot: Bot, name: str) -> AsyncIterator[None]:
        """Do what :meth:`Session.step <tgslices.session.Session.step>` promises."""
        await self.mark(shared, name)
        try:
            yield
        except Exception:
            await self.rewind(shared, bot, name, data=True)
            raise

    async def drop(self, shared: SharedKey) -> None:
        """Drop all marks of a session."""
        await self._tracker.storage.put_data(shared.key, {NAME: None})

    def _kept(self, shared: SharedKey) -> DataHandle[list[Mark]]:
        return DataHandle(self._holds, shared, MARKS)

    def _find(self, marks: list[Mark], name: str) -> Mark:
        mark = next((mark for mark in marks if mark.name == name), None)
        if mark is None:
            raise UnknownMark(name, tuple(kept.name for kept in marks))
        return mark

    async def _stored(self, shared: SharedKey) -> dict[str, StoredData]:
        return await self._tracker.storage.read_data(shared.key, now=self._tracker.clock())

    async def _give_back(self, shared: SharedKey, mark: Mark) -> None:
        """Give the data the values that it had: what has come since is dropped."""
        present = await self._stored(shared)
        now = self._tracker.clock()
        gone = {name: None for name, stored in present.items() if is_rewound(name, stored) and name not in mark.values}
        back = {name: _stored_again(value, now) for name, value in mark.values.items()}
        await self._holds.put(shared, {**gone, **back})


def _stored_again(value: Value, now: datetime) -> StoredData:
    expires_at = None if value.expires_after is None else now + timedelta(seconds=value.expires_after)
    return StoredData(value.text, value.version, now, expires_at)


def require_name(name: object) -> None:
    """Refuse what names no mark.

    Raises:
        ConfigurationError: it is no text, or an empty one.
    """
    if not isinstance(name, str) or not name:
        raise ConfigurationError(f"A mark cannot be called {quoted(name)}.", 'Give a text: mark("size").')
