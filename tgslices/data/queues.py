"""Tasks of this process that wait for one another: first come, first served."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TypeAlias

from tgslices.model import SessionKey

Name: TypeAlias = tuple[SessionKey, str]
"""A fragment of one session."""


class Queues:
    """A queue for each fragment that somebody in this process has. It exists only while somebody has it."""

    __slots__ = ("_queues",)

    def __init__(self) -> None:
        self._queues: dict[Name, _Queue] = {}

    def __len__(self) -> int:
        """Return how many fragments somebody has; 0 while nobody is at work."""
        return len(self._queues)

    def take_now(self, name: Name, loop: asyncio.AbstractEventLoop) -> bool:
        """Take a fragment for a task of the running loop, if nobody has it.

        A holder whose event loop was abandoned has it no more.
        """
        there = self._queues.get(name)
        if there is not None and (there.loop is loop or there.loop.is_running()):
            return False
        self._queues[name] = _Queue(loop)
        return True

    async def take(self, name: Name) -> None:
        """Wait for a fragment, behind those who came before, and take it."""
        loop = asyncio.get_running_loop()
        if self.take_now(name, loop):
            return
        turn: asyncio.Future[None] = loop.create_future()
        self._queues[name].append(turn)
        try:
            await turn
        except BaseException:
            if turn.done() and not turn.cancelled():  # its turn came at the same time
                self.give_back(name, loop)
            raise

    def give_back(self, name: Name, loop: asyncio.AbstractEventLoop) -> None:
        """Let the next have a fragment that was taken in a loop."""
        queue = self._queues.get(name)
        if queue is None or queue.loop is not loop:
            return  # another event loop took it from one that was abandoned
        while queue.turns:
            turn = queue.turns.popleft()
            if not turn.done():
                turn.set_result(None)
                return
        del self._queues[name]


class _Queue:
    """Tasks that wait in one event loop for what another task of it has."""

    __slots__ = ("loop", "turns")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self.turns: deque[asyncio.Future[None]] | None = None
        """Made for the first who waits, because mostly nobody does."""

    def append(self, turn: asyncio.Future[None]) -> None:
        """Let somebody wait behind all others."""
        if self.turns is None:
            self.turns = deque()
        self.turns.append(turn)
