"""What is in progress for one bot: updates being handled, messages being sent, and records being made."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from datetime import timedelta


class Progress:
    """Counts what is in progress, and lets others wait for the end of it."""

    __slots__ = ("all_done", "in_progress", "is_over", "may_wait", "recorded", "recording", "watched")

    def __init__(self) -> None:
        self.in_progress = 0
        """How many updates are being handled, messages are being sent for a session, and sessions are being cleared."""
        self.recording = 0
        """How many of the updates are not recorded yet."""
        self.is_over = False
        """Whether the last dispatcher of the bot has stopped."""
        self.may_wait = True
        """Whether anything may wait that an update must look at, or somebody may wait until all is done.

        Whoever lets something wait sets it, and :meth:`waits` resets it, so that an update mostly asks nothing else.
        """
        self.watched: Collection[Callable[[], object]] = ()
        """What tells by its truth whether one kind of thing waits: predicates, openings, writes, notices."""
        self.all_done: asyncio.Event | None = None
        """Set when nothing is in progress any more; None while nobody waits for that."""
        self.recorded: asyncio.Event | None = None
        """Set when every update is recorded; None while nobody waits for that."""

    def begin_anew(self) -> None:
        """Forget what is in progress, because its event loop is gone: nobody will tell how it ended.

        What is collected later may still count down, so that a number below zero is none.
        """
        self.in_progress = self.recording = 0
        self.all_done = self.recorded = None
        self.may_wait = True

    def let_wait(self) -> None:
        """Note that something waits that an update must look at."""
        self.may_wait = True

    def waits(self) -> bool:
        """Tell whether anything waits that an update must look at."""
        if not self.may_wait:
            return False
        waits = any(waiting() for waiting in self.watched)
        self.may_wait = waits or self.all_done is not None
        return waits

    @contextmanager
    def working(self) -> Iterator[None]:
        """Be in progress for the length of a block."""
        self.in_progress += 1
        try:
            yield
        finally:
            self.in_progress -= 1
            self.end_work()

    def end_work(self) -> None:
        """Tell those who wait for it that nothing is in progress any more, if that is so."""
        if self.all_done is not None and self.in_progress <= 0:
            self.all_done.set()

    def tell_recorded(self) -> None:
        """Tell those who wait for it that every update is recorded, if that is so."""
        if self.recorded is not None and self.recording <= 0:
            self.recorded.set()

    async def outlast(self, grace: timedelta) -> bool:
        """Wait until nothing is in progress, at most for ``grace``; return whether that is so."""
        if self.in_progress <= 0:
            return True
        self.all_done = asyncio.Event()
        self.may_wait = True
        try:
            async with asyncio.timeout(grace.total_seconds()):
                await self.all_done.wait()
        except TimeoutError:
            return self.in_progress <= 0
        finally:
            self.all_done = None
        return True

    async def outlast_records(self) -> None:
        """Wait until every update whose task has begun is recorded."""
        while self.recording > 0:
            if self.recorded is None or self.recorded.is_set():
                self.recorded = asyncio.Event()
            await self.recorded.wait()
        self.recorded = None
