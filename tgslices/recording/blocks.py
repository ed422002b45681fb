"""Which sessions record what the running task sends: the context that ``async with session:`` opens.

The blocks of a task are a tuple in a context variable, the innermost last. So child tasks inherit them, and tasks that
run side by side never see each other's.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import TracebackType
from typing import Any, Final, NoReturn, TypeAlias

from aiogram.methods import TelegramMethod

from tgslices.errors import ConfigurationError, quoted
from tgslices.model import GENERAL_TOPIC, IfClosed, SessionKey, TrackedMessage
from tgslices.recording.current_update import Handling, belongs_to, handling, update_of
from tgslices.recording.handles_of_key import Send, SharedKey, tick
from tgslices.recording.tracker import Tracker
from tgslices.telegram_facts.chat_kind import ChatKind, chat_kind

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
        "_entered_at",
        "_entered_in",
        "_everywhere",
        "_if_closed",
        "_left_at",
        "_topic_id",
        "_was_open",
        "is_call",
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
        is_call: bool = False,
        is_opened: bool = False,
    ) -> None:
        """``delete_late`` is called with what arrives after the session was wiped and was sent before.

        ``topic_id`` is the topic of the session's place where the key does not name it. ``is_call``: the block stands
        around one call, and around nothing that others send because of it. ``is_opened``: it opened the session.
        """
        self.is_call = is_call
        self.shared = shared
        self._delete_late = delete_late
        self.tracker = tracker
        self._everywhere = everywhere
        self._if_closed = if_closed
        self._topic_id = topic_id
        self._entered, self._entered_at = tick(), tracker.now_begun()
        self._entered_in = handling.get()
        self._was_open = is_opened or if_closed is not IfClosed.SKIP or tracker.storage.knows_open(shared.key)
        self._left_at: datetime | None = None

    def leave(self) -> None:
        """Note that the block was left. What its tasks begin to send from now on comes from stragglers."""
        self._left_at = self.tracker.clock()

    def is_around(self, current: Handling | None) -> bool:
        """Tell whether the block is around what the running task does for the update that it handles.

        An update may be fed inside of somebody else's block, by a library that begins a dialog with another member of
        the group, or by a server that was started there. It is handled outside of it, unless it belongs to its session.
        """
        return current is self._entered_in or current is None or belongs_to(update_of(current), self.shared.key)

    def may_hold(self, method: TelegramMethod[Any]) -> bool:
        """Tell whether what a method makes may belong here, as far as its arguments say."""
        if self._everywhere and self._left_at is None:
            return True
        target = getattr(method, "chat_id", None)
        return type(target) is not int or target == self.shared.key.chat_id

    def holds(self, message: TrackedMessage, *, is_direct: bool = False) -> bool:
        """Tell whether a message belongs here that was sent while the block was not left."""
        return self._everywhere or self.is_place_of(message, is_direct=is_direct)

    def is_place_of(self, message: TrackedMessage, *, is_direct: bool) -> bool:
        """Tell whether a message was sent into the session's own place.

        ``is_direct``: the chat is the direct messages of a channel, where each person has a topic.
        """
        key = self.shared.key
        return (
            message.chat_id == key.chat_id
            and message.business_connection_id == key.business_connection_id
            and self._is_in_topic(message, key.thread_id or self._topic_id or (key.user_id if is_direct else None))
        )

    def _is_in_topic(self, message: TrackedMessage, topic_id: int | None) -> bool:
        if topic_id is None or message.thread_id == topic_id:
            return True
        # What was sent into General names no topic. A private chat has none, and its topic 1 is one like any other.
        is_general = message.thread_id is None and topic_id == GENERAL_TOPIC
        return is_general and chat_kind(message.chat_id) is not ChatKind.PRIVATE

    def may_begin(self) -> bool:
        """Tell whether what the running task does now may belong here: a task that outlived the block is a straggler.

        In a group a straggler records nothing, because it may speak to somebody else by now.
        """
        if self._left_at is None:
            return True
        if chat_kind(self.shared.key.chat_id) is not ChatKind.PRIVATE or self.was_closed:
            return False
        return abs(self.tracker.clock() - self._left_at) <= STRAGGLER_WINDOW

    def begin(self, send: Send) -> Passage:
        """Note that a message is on its way through the block."""
        self.shared.begin(send)
        is_straggler = self._left_at is not None
        is_part = self._was_open and not self.was_closed
        opens = not is_straggler and self._if_closed_now() is not IfClosed.SKIP
        is_known_open = not opens and self.tracker.storage.knows_open(self.shared.key)
        return Passage(self, send, is_straggler=is_straggler, is_part=is_part, is_known_open=is_known_open)

    async def record(self, message: TrackedMessage, way: Passage) -> None:
        """Add what was sent; what overtook the end of the session shares its fate."""
        shared, began = self.shared, way.send.began
        if way.is_straggler and not self.may_begin():
            return
        if not (shared.was_wiped_since(began) or shared.was_closed_since(began)):
            if_closed = IfClosed.SKIP if way.is_straggler else self._if_closed_now()
            # Another worker may have closed the session since the block began.
            begun_at: datetime | None = self._entered_at
            if if_closed is IfClosed.SKIP:  # and anyone may have opened one since the message was sent
                begun_at = None if way.is_known_open else way.send.at
            await self.tracker.add(shared.key, message, if_closed=if_closed, begun_at=begun_at)
        if way.is_part and shared.was_wiped_first_since(began):
            await self._delete_late(shared.key, message)

    def _if_closed_now(self) -> IfClosed:
        return IfClosed.SKIP if self.was_closed else self._if_closed

    @property
    def was_closed(self) -> bool:
        """Whether the session was closed since the block was entered."""
        return self.shared.was_closed_since(self._entered)


@dataclass(frozen=True, slots=True)
class Passage:
    """A message on its way through a block, as things stood when it began.

    ``is_part``: the session was not closed, as far as this process knows, so that a wipe which overtakes the message
    takes it, too. ``is_known_open``: where only an open session gets it, that one was open for certain.
    """

    block: Block
    send: Send
    is_straggler: bool
    is_part: bool
    is_known_open: bool

    def takes(self, message: TrackedMessage, *, is_direct: bool) -> bool:
        """Tell whether a message is the block's to record or to leave out, rather than that of one around it.

        What a straggler sends is so in the session's own place alone: whoever it speaks to elsewhere is somebody else.
        """
        if self.is_straggler:
            return self.block.is_place_of(message, is_direct=is_direct)
        return self.block.holds(message, is_direct=is_direct)

    def end(self) -> None:
        """Note that the message is recorded, or was not sent."""
        self.block.shared.end(self.send)


class _Unrecorded:
    """The mark that ``unrecorded()`` puts around what is inside."""

    __slots__ = ()

    def leave(self) -> None:
        """There is nothing to note."""


_blocks: Final[ContextVar[tuple[Block | _Unrecorded, ...]]] = ContextVar("tgslices_blocks", default=())
"""The innermost last."""


def blocks_of(bot_id: int) -> list[Block]:
    """Return the blocks of one bot that the running task is in, the innermost first."""
    found: list[Block] = []
    current = handling.get()
    for block in reversed(_blocks.get()):
        if not isinstance(block, Block):
            break
        if block.tracker.bot_id == bot_id and block.is_around(current):
            found.append(block)
    return found


@contextmanager
def beyond_calls() -> Iterator[None]:
    """Leave the blocks of single calls for what happens inside these: other middlewares send messages of their own."""
    token = _blocks.set(tuple(block for block in _blocks.get() if not (isinstance(block, Block) and block.is_call)))
    try:
        yield
    finally:
        _blocks.reset(token)


def enter(block: Block | _Unrecorded) -> None:
    """Make a block the innermost one of the running task."""
    _blocks.set((*_blocks.get(), block))


def leave(entered: list[Block] | list[Block | _Unrecorded]) -> None:
    """End the block that the running task entered last among those of a handle, in whatever order blocks are left.

    Tasks that the block started keep it as one that was left. Where a framework leaves a block in another context than
    it was entered in (generator fixtures do), it is the handle's last one.
    """
    if not entered:
        raise ConfigurationError(
            "A session's block was left more often than it was entered.", "Write 'async with session:' around it."
        )
    mine = [number for number, block in enumerate(entered) if block in _blocks.get()]
    block = entered.pop(mine[-1] if mine else -1)
    block.leave()
    _blocks.set(tuple(other for other in _blocks.get() if other is not block))


class Inside:
    """The context manager that is inside a block, or outside of all, until it is left."""

    def __init__(self, make: Callable[[], Block | _Unrecorded], name: str) -> None:
        """``make`` returns the block; ``name`` is what its author calls."""
        self._make = make
        self._name = name
        self._entered: list[Block | _Unrecorded] = []

    def __enter__(self) -> None:
        block = self._make()
        self._entered.append(block)
        enter(block)

    def __exit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        leave(self._entered)

    def __call__(self, function: object) -> NoReturn:
        """Refuse to decorate: around a coroutine function it would be left before anything is sent.

        Raises:
            ConfigurationError: always.
        """
        raise ConfigurationError(
            f"{self._name}() is no decorator.", f"Write 'with {self._name}():' inside {quoted(function)}."
        )


def unrecorded() -> AbstractContextManager[None]:
    """Keep what is sent inside out of the blocks around it.

    ``session(method)``, ``session.send_*`` and a block that is entered inside record all the same.
    """
    return Inside(_Unrecorded, "unrecorded")
