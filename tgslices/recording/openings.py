"""What was opened and is not written yet."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import TypeAlias

from tgslices.clock import Clock
from tgslices.model import SessionKey, TrackedMessage
from tgslices.recording.backlog import Backlog, Write
from tgslices.recording.progress import Progress
from tgslices.storage.ending_protocol import Due

DueOf: TypeAlias = Callable[[SessionKey, datetime], Due | None]
"""Tells when a session is to be looked at that is opened at a time; None for one that never ends by itself."""


def never_due(_key: SessionKey, _opened_at: datetime) -> Due | None:
    """Let no session end by itself."""
    return None


def repeatable(write: Callable[[datetime | None], Awaitable[object]], clock: Clock) -> Write:
    """Return a write that tells the storage when it was tried first, if it was tried before."""
    first: datetime | None = None

    async def attempt() -> object:
        nonlocal first
        begun_at, first = first, first or clock()
        return await write(begun_at)

    return attempt


class Openings:
    """Openings that wait to be written: for each key in order, for different keys side by side.

    A key is opened at once for whoever asks in this process; the durable part follows at the next await point.
    """

    def __init__(self, backlog: Backlog, progress: Progress, after: Callable[[SessionKey], Awaitable[None]]) -> None:
        """Write through ``backlog``, and call ``after`` when a key's openings are written."""
        self._backlog = backlog
        self._progress = progress
        self._after = after
        self.waiting: dict[SessionKey, dict[TrackedMessage | None, Write]] = {}
        """By key, and by the message that is to be its next entry; None where there is none."""
        self._writing: dict[SessionKey, asyncio.Future[None]] = {}

    def put(self, key: SessionKey, current: TrackedMessage | None, write: Write) -> None:
        """Let an opening wait, in place of one that does the same."""
        self._progress.may_wait = True
        self.waiting.setdefault(key, {})[current] = write

    def put_last(self, key: SessionKey, write: Write) -> None:
        """Let an opening wait behind all others of the key."""
        self.waiting.get(key, {}).pop(None, None)
        self.put(key, None, write)

    def pop_chat(self, chat_id: int) -> list[tuple[SessionKey, TrackedMessage | None]]:
        """Take out and return what waits for the keys of a chat, in order."""
        keys = [key for key in self.waiting if key.chat_id == chat_id]
        return [(key, current) for key in keys for current in self.waiting.pop(key)]

    async def write(self) -> None:
        """Write everything that waits; what the storage refuses now goes to the backlog."""
        while self.waiting:
            first, *others = self.waiting
            if others:
                await asyncio.gather(*(self._write_key(key) for key in (first, *others)))
            else:
                await self._write_key(first)

    async def _write_key(self, key: SessionKey) -> None:
        loop = asyncio.get_running_loop()
        busy = self._writing.get(key)
        if busy is not None and busy.get_loop() is loop:
            await asyncio.wait({busy})
            return
        done = self._writing[key] = loop.create_future()
        try:
            while waiting := self.waiting.get(key):
                current, write = next(iter(waiting.items()))
                await self._backlog.write(write, f"the opening of {key}")
                if waiting.get(current) is write:
                    del waiting[current]
            if not waiting and self.waiting.get(key) is waiting:
                self.waiting.pop(key, None)
            await self._after(key)
        finally:
            self._writing.pop(key, None)
            done.set_result(None)
