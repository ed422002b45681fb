"""Which sessions record what the running task sends: the context that ``async with session:`` opens.

The blocks of a task are a tuple in a context variable, the innermost last, so that child tasks inherit them and tasks
that run side by side never see each other's.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final

from tgslices.model import TrackedMessage
from tgslices.recording.handles import LiveKey, moment
from tgslices.recording.tracker import Tracker


class Block:
    """One entered ``async with session:``."""

    __slots__ = ("_entered", "_live", "left", "tracker")

    def __init__(self, live: LiveKey, tracker: Tracker) -> None:
        """Begin to record into the session of ``live``."""
        self._live = live
        self._entered = moment()
        self.tracker = tracker
        self.left = False

    async def record(self, messages: list[TrackedMessage]) -> None:
        """Add what was sent.

        A task that outlived the block still records into its session, unless the session was closed meanwhile: then
        it neither reopens it nor records, here or in a block around.
        """
        if not self.left:
            await asyncio.gather(*(self.tracker.add(self._live.key, message) for message in messages))
        elif not self._live.was_closed_since(self._entered):
            await asyncio.gather(*(self.tracker.add_late(self._live.key, message) for message in messages))


_blocks: Final[ContextVar[tuple[Block, ...]]] = ContextVar("tgslices_blocks", default=())


def block_of(bot_id: int) -> Block | None:
    """Return the innermost block of one bot that the running task is in."""
    return next((block for block in reversed(_blocks.get()) if block.tracker.bot_id == bot_id), None)


def enter(block: Block) -> None:
    """Make a block the innermost one of the running task."""
    _blocks.set((*_blocks.get(), block))


def leave(entered: list[Block]) -> None:
    """End the block that the running task entered last among those of a handle, in whatever order blocks are left.

    Tasks that the block started keep it as one that was left. Where a framework leaves a block in another context than
    it was entered in (generator fixtures do), it is the handle's last one.
    """
    mine = [block for block in _blocks.get() if block in entered]
    block = mine[-1] if mine else entered[-1]
    block.left = True
    entered.remove(block)
    _blocks.set(tuple(other for other in _blocks.get() if other is not block))


@contextmanager
def inside(block: Block) -> Iterator[None]:
    """Be in a block for the length of one call."""
    token = _blocks.set((*_blocks.get(), block))
    try:
        yield
    finally:
        block.left = True  # a caller that was cancelled has left while its message is still on its way
        _blocks.reset(token)
