"""Who waits for what in this process: first come, first served."""

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
        self._queues: dict[Name, deque[asyncio.Future[None]]] = {}

    def __len__(self) -> int:
        """Return how many fragments somebody has; 0 while nobody is at work."""
        return len(self._queues)

    def take_now(self, name: Name) -> bool:
        """Take a fragment if nobody has it."""
        if name in self._queues:
            return False
        self._queues[name] = deque()
        return True

    async def take(self, name: Name) -> None:
        """Wait for a fragment, behind those who came before, and take it."""
        if self.take_now(name):
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._queues[name].append(turn)
        try:
            await turn
        except BaseException:
            if turn.done() and not turn.cancelled():  # its turn came at the same time
                self.give_back(name)
            raise

    def give_back(self, name: Name) -> None:
        """Let the next have a fragment."""
        queue = self._queues[name]
        while queue:
            turn = queue.popleft()
            if not turn.done():
                turn.set_result(None)
                return
        del self._queues[name]
