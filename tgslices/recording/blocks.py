"""Which sessions record what the running task sends: the context that ``async with session:`` opens.

The blocks of a task are a tuple in a context variable, the innermost last, so that child tasks inherit them and tasks
that run side by side never see each other's.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime, timedelta
from typing import Any, Final, TypeAlias

from aiogram.methods import TelegramMethod

from tgslices.chat_kind import ChatKind, chat_kind
from tgslices.errors import ConfigurationError
from tgslices.model import GENERAL_TOPIC, IfClosed, SessionKey, TrackedMessage
from tgslices.recording.handles import Send, SharedKey, tick
from tgslices.recording.tracker import Tracker

STRAGGLER_WINDOW: Final = timedelta(minutes=1)
"""How long a task that outlived its block still records into the session's private chat."""


DeleteLate: TypeAlias = Callable[[SessionKey, TrackedMessage], Awaitable[None]]


class Block:
    """One entered ``async with session:``. It records what is sent into the session's own place.

    With ``everywhere`` it records whatever is sent. ``if_closed`` tells what it does while the session is closed; once
    that was closed inside the block, nothing is recorded until it is opened again.
    """

    __slots__ = (
        "_delete_late",
        "_entered",
        "_everywhere",
        "_if_closed",
        "_left",
        "_left_at",
        "_topic_id",
        "shared",
        "tracker",
    )

    def __init__(
        self,
        shared: SharedKey,
        tracker: Tracker,
        *,
        delete_late: DeleteLate,
        everywhere: bool = False,
        if_closed: IfClosed = IfClosed.OPEN,
        topic_id: int | None = None,
    ) -> None:
        """``delete_late`` is called with what arrives after the session was wiped and was sent before.

        ``topic_id`` is the topic of the session's place where the key does not name it.
        """
        self.shared = shared
        self._delete_late = delete_late
        self.tracker = tracker
        self._everywhere = everywhere
        self._if_closed = if_closed
        self._topic_id = topic_id
        self._entered = tick()
        self._left: int | None = None
        self._left_at: datetime | None = None

    def leave(self) -> None:
        """Note that the block was left. What its tasks begin to send from now on comes from stragglers."""
        self._left, self._left_at = tick(), self.tracker.clock()

    def may_hold(self, method: TelegramMethod[Any]) -> bool:
        """Tell whether what a method makes may belong here, as far as its arguments say."""
        target = getattr(method, "chat_id", None)
        return self._everywhere or type(target) is not int or target == self.shared.key.chat_id

    def holds(self, message: TrackedMessage) -> bool:
        """Tell whether a message was sent into the session's own place."""
        if self._everywhere:
            return True
        key = self.shared.key
        topic_id = key.thread_id or self._topic_id
        return (
            message.chat_id == key.chat_id
            and message.business_connection_id == key.business_connection_id
            and (topic_id is None or (message.thread_id or GENERAL_TOPIC) == topic_id)
        )

    async def record(self, message: TrackedMessage, send: Send) -> None:
        """Add what was sent; what overtook the end of the session shares its fate."""
        shared, tracker = self.shared, self.tracker
        if self._left is not None and send.began > self._left:
            if self._may_straggle() and not shared.was_closed_since(self._entered):
                await tracker.add(shared.key, message, if_closed=IfClosed.SKIP)
        elif not (shared.was_wiped_since(send.began) or shared.was_closed_since(send.began)):
            if_closed = IfClosed.SKIP if shared.was_closed_since(self._entered) else self._if_closed
            await tracker.add(shared.key, message, if_closed=if_closed, begun_at=send.at)
        if shared.was_wiped_since(send.began):
            await self._delete_late(shared.key, message)

    def _may_straggle(self) -> bool:
        """Tell whether a straggler records: in a group it may speak to somebody else by now."""
        if self._left_at is None or chat_kind(self.shared.key.chat_id) is not ChatKind.PRIVATE:
            return False
        return abs(self.tracker.clock() - self._left_at) <= STRAGGLER_WINDOW


_blocks: Final[ContextVar[tuple[Block | None, ...]]] = ContextVar("tgslices_blocks", default=())
"""The innermost last; None stands for ``unrecorded()``."""


def blocks_of(bot_id: int) -> list[Block]:
    """Return the blocks of one bot that the running task is in, the innermost first."""
    found: list[Block] = []
    for block in reversed(_blocks.get()):
        if block is None:
            break
        if block.tracker.bot_id == bot_id:
            found.append(block)
    return found


def enter(block: Block) -> None:
    """Make a block the innermost one of the running task."""
    _blocks.set((*_blocks.get(), block))


def leave(entered: list[Block]) -> None:
    """End the block that the running task entered last among those of a handle, in whatever order blocks are left.

    Tasks that the block started keep it as one that was left. Where a framework leaves a block in another context than
    it was entered in (generator fixtures do), it is the handle's last one.
    """
    if not entered:
        raise ConfigurationError(
            "A session's block was left more often than it was entered.", "Write 'async with session:' around it."
        )
    mine = [block for block in _blocks.get() if block is not None and block in entered]
    block = mine[-1] if mine else entered[-1]
    block.leave()
    entered.remove(block)
    _blocks.set(tuple(other for other in _blocks.get() if other is not block))


@contextmanager
def inside(block: Block) -> Iterator[None]:
    """Be in a block for the length of one call."""
    token = _blocks.set((*_blocks.get(), block))
    try:
        yield
    finally:
        block.leave()
        _blocks.reset(token)


@contextmanager
def unrecorded() -> Iterator[None]:
    """Keep what is sent inside out of the blocks around it.

    ``session(method)``, ``session.send_*`` and a block that is entered inside record all the same.
    """
    token = _blocks.set((*_blocks.get(), None))
    try:
        yield
    finally:
        _blocks.reset(token)
